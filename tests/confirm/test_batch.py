"""Trials to outcomes on this machine: what is run, what is not run again, and what each failure comes to."""

from __future__ import annotations

import functools
import math
import os
import re
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confirm_runs import Place, judge, processes, supervisors, until

from diagnose.confirm import batch, folder
from diagnose.confirm.batch import run
from diagnose.confirm.budget import Budget
from diagnose.confirm.executors.local import Local
from diagnose.confirm.job import CONSOLE, Job, Limits
from diagnose.confirm.live import Judgement
from diagnose.confirm.model import Outcome, Trial
from diagnose.errors import DiagnoseError
from diagnose.model import Run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
BASE = [Trial((), seed) for seed in range(3)]


def test_outcomes_come_in_the_order_of_their_trials(tmp_path: Path) -> None:
    place = Place(tmp_path, bad={"nan": 2})
    trials = [Trial(("bad",), 1), *BASE, Trial((), 1), Trial(("bad",), 0)]
    with place.ledger() as ledger:
        outcomes = run(trials, place.bench(ledger))
    assert [outcome.trial for outcome in outcomes] == trials
    assert [outcome.symptom for outcome in outcomes] == [True, False, False, False, False, True]
    assert outcomes[1].metric == pytest.approx(0.4)
    assert outcomes[2].metric == outcomes[4].metric == pytest.approx(0.401)
    assert outcomes[0].metric is not None and math.isnan(outcomes[0].metric)
    assert all(outcome.log.endswith("out/history.csv") for outcome in outcomes)
    assert len(place.noted("start")) == 5, "a trial asked for twice is run once"


def test_finished_runs_are_not_repeated(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        first = run(BASE, place.bench(ledger))
    with place.ledger("another study") as ledger:
        assert run([*BASE, Trial((), 0, 1)], place.bench(ledger))[:3] == first
    assert len(place.noted("start")) == 4


def test_another_config_is_another_run(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        run(BASE[:1], place.bench(ledger))
        place.config["epochs"] = 7
        assert run(BASE[:1], place.bench(ledger))[0].metric == pytest.approx(2 / 7)


def test_parts_with_the_same_config_share_a_run(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (tmp_path / "same.json").write_text("{}")

    def job(trial: Trial) -> Job:
        return replace(place.job(Trial((), trial.seed)), cwd=str(tmp_path))

    with place.ledger() as ledger:
        bench = place.bench(ledger)
        bench.job = job
        one, other = run([Trial((), 0), Trial(("nothing",), 0)], bench)
    assert other == replace(one, trial=Trial(("nothing",), 0))
    assert len(place.noted("start")) == 1


def test_a_run_is_stopped_once_its_verdict_is_known(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=4000, pause=0.02, bad={"nan": 3})
    told: list[tuple[Trial, Outcome | None]] = []
    with place.ledger() as ledger:
        run(BASE[:0], place.bench(ledger))
        cut = functools.partial(judge, cut=10)
        bench = place.bench(ledger, judge=cut, judged_as="nan cut 10", watch=lambda *what: told.append(what))
        bad, good = run([Trial(("bad",), 0), Trial((), 0)], bench)
    assert (bad.status, bad.symptom) == ("stopped", True)
    assert (good.status, good.symptom, good.metric) == ("stopped", False, pytest.approx(0.2))
    assert not place.noted("end")
    assert not processes(str(tmp_path))
    assert [outcome for _, outcome in told[:2]] == [None, None]
    assert {outcome for _, outcome in told[2:]} == {bad, good}


def test_another_cut_judges_again_and_runs_again_only_if_it_must(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=60, pause=0.05)
    trials = BASE[:1]
    with place.ledger() as ledger:
        (first,) = run(trials, place.bench(ledger, judge=functools.partial(judge, cut=10), judged_as="cut 10"))
        assert first.status == "stopped"
        (shorter,) = run(trials, place.bench(ledger, judge=functools.partial(judge, cut=5), judged_as="cut 5"))
        assert (shorter.symptom, shorter.metric) == (False, pytest.approx(0.4))
        assert len(place.noted("start")) == 1
        place.config.update(pause=0.05)
        (longer,) = run(trials, place.bench(ledger, judge=functools.partial(judge, cut=55), judged_as="cut 55"))
        assert len(place.noted("start")) == 2
        assert longer.metric == pytest.approx(2 / 55)
        (whole,) = run(trials, place.bench(ledger, judge=functools.partial(judge, cut=55), judged_as="cut 55 "))
        assert whole.metric == longer.metric
    assert len(place.noted("start")) == 2


def test_a_run_whose_log_was_deleted_is_run_again_only_if_it_is_needed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        before = run(BASE[:1], place.bench(ledger))
        shutil.rmtree(tmp_path / "runs")
        assert run(BASE[:1], place.bench(ledger)) == before
        assert len(place.noted("start")) == 1
        run(BASE[:1], place.bench(ledger, judged_as="something else"))
    assert len(place.noted("start")) == 2


def test_a_failing_run_says_nothing_of_the_symptom(tmp_path: Path) -> None:
    place = Place(tmp_path, crash=3)
    with place.ledger() as ledger:
        (outcome,) = run(BASE[:1], place.bench(ledger))
        assert (outcome.status, outcome.symptom, outcome.metric) == ("failed", None, None)
        assert outcome.detail == "exit status 1"
        assert run(BASE[:1], place.bench(ledger)) == [outcome], "a failure is known, too"
        assert len(place.noted("start")) == 1
        run(BASE[:1], place.bench(ledger, again=frozenset({"failed"})))
        assert len(place.noted("start")) == 2


def test_a_run_that_crashes_after_the_symptom_counts(tmp_path: Path) -> None:
    place = Place(tmp_path, crash=3, nan=3)
    with place.ledger() as ledger:
        (outcome,) = run(BASE[:1], place.bench(ledger))
    assert (outcome.status, outcome.symptom, outcome.detail) == ("finished", True, "exit status 1")


def test_a_hanging_run_is_given_up_with_all_it_started(tmp_path: Path) -> None:
    place = Place(tmp_path, hang=2, deaf=True, helpers=2)
    place.limits = Limits(hang=0.6, grace=0.3)
    with place.ledger() as ledger:
        (outcome,) = run(BASE[:1], place.bench(ledger))
        assert (outcome.status, outcome.symptom, outcome.detail) == ("timeout", None, "it wrote nothing for too long")
        assert not processes(str(tmp_path))
        place.config["hang"] = 3  # another run, and one that is known to hang is not tried again
        assert run(BASE[:1], place.bench(ledger))[0].status == "timeout"
        assert run(BASE[:1], place.bench(ledger))[0].status == "timeout"
    assert len(place.noted("start")) == 2


def test_a_log_that_no_reader_knows_is_no_verdict(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        bench = place.bench(ledger, judge=lambda run, *, ended: Judgement())
        (outcome,) = run(BASE[:1], bench)
    assert (outcome.status, outcome.symptom, outcome.metric) == ("finished", None, None)


def test_what_is_printed_is_judged_too(tmp_path: Path) -> None:
    code = "for e in range(1, 6): print(f'Epoch {e}/5 - loss: {1 / e:.4f} - val_loss: {2 / e:.4f}')"
    seen: list[Run] = []

    def look(run: Run, *, ended: bool) -> Judgement:
        seen.append(run)
        return Judgement(False if ended else None, 1.0)

    def job(trial: Trial) -> Job:
        argv = (sys.executable, "-c", code)
        return Job(argv, str(tmp_path / "runs" / str(trial.seed)), cwd=str(tmp_path), seed=trial.seed, read=(CONSOLE,))

    place = Place(tmp_path)
    with place.ledger() as ledger:
        bench = place.bench(ledger, judge=look)
        bench.job = job
        (outcome,) = run(BASE[:1], bench)
    assert outcome.log.endswith("console.log")
    assert any("val/loss" in part.series for run in seen for part in run.segments)


def test_a_lost_run_is_tried_again(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=100, pause=0.05, helpers=2)
    killed: list[int] = []

    def kill(trial: Trial, outcome: Outcome | None) -> None:
        if outcome is None and len(killed) < 1:
            until(lambda: place.noted("start"))
            (pid,) = supervisors(tmp_path)
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    with place.ledger() as ledger:
        cut = functools.partial(judge, cut=10)
        (outcome,) = run(BASE[:1], place.bench(ledger, judge=cut, watch=kill))
        assert ledger.spent().runs == 2
    assert (outcome.status, outcome.metric) == ("stopped", pytest.approx(0.2))
    assert len(place.noted("start")) == 2
    assert not processes(str(tmp_path)), "what a killed supervisor left behind is ended"


def test_a_run_lost_again_and_again_is_lost(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=100, pause=0.05)

    def kill(trial: Trial, outcome: Outcome | None) -> None:
        if outcome is None:
            (pid,) = until(lambda: supervisors(tmp_path))
            os.kill(pid, signal.SIGKILL)

    with place.ledger() as ledger:
        (outcome,) = run(BASE[:1], place.bench(ledger, watch=kill))
        assert (outcome.status, outcome.detail) == ("lost", "its supervisor was killed")
        place.config.update(epochs=3)
        assert run(BASE[:1], place.bench(ledger))[0].status == "finished"


def test_a_command_that_cannot_be_started_ends_the_study(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        bench = place.bench(ledger)
        bench.job = lambda trial: replace(place.job(trial), argv=("no-such-command", "x"))
        with pytest.raises(DiagnoseError, match=r"the command cannot be started: No such file.*no-such-command"):
            run(BASE, bench)
        assert {row.state for row in ledger.rows()} == {"planned"}
        assert ledger.spent().runs == 0


def test_a_command_that_fails_for_want_of_space_ends_the_study(tmp_path: Path) -> None:
    words = "OSError: [Errno 28] No space left on device: 'last.pt'"
    place = Place(tmp_path, full={"crash": 2, "last words": words}, epochs=3)
    with place.ledger() as ledger:
        (kept,) = run(BASE[:1], place.bench(ledger))
        with pytest.raises(DiagnoseError, match=re.escape(words)) as caught:
            run([BASE[0], Trial(("full",), 0)], place.bench(ledger))
        assert "run the same command again" in caught.value.mend
    place.config["full"] = {"crash": 2, "last words": words, "epochs": 1}  # space was freed
    with place.ledger() as ledger:
        again = run([BASE[0], Trial(("full",), 0)], place.bench(ledger))
    assert again[0] == kept
    assert again[1].status == "finished"
    assert place.noted("start").count("base 0") == 1


def test_a_disk_that_fills_while_it_prints_ends_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, epochs=10, pause=0.05)
    starts = Local.submit

    def submit(self: Local, job: Job, spec: str, marker: str) -> str:
        Path(job.console).symlink_to("/dev/full")
        return starts(self, job, spec, marker)

    with place.ledger() as ledger:
        bench = place.bench(ledger)
        code = "import time; print('on', flush=True); time.sleep(600)"
        bench.job = lambda trial: replace(place.job(trial), argv=(sys.executable, "-c", code))
        with monkeypatch.context() as patch:
            patch.setattr(Local, "submit", submit)
            with pytest.raises(DiagnoseError, match="nothing more can be written: No space left on device"):
                run(BASE, bench)
        assert not processes(str(tmp_path))
        assert {row.state for row in ledger.rows()} == {"planned"}
        assert all(outcome.status == "finished" for outcome in run(BASE, place.bench(ledger)))


def test_a_disk_that_is_full_before_a_run_ends_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "job-1.json")

    with place.ledger() as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(folder.json, "dump", full)
            with pytest.raises(DiagnoseError, match="the disk is full: No space left on device"):
                run(BASE, place.bench(ledger))
        assert {row.state for row in ledger.rows()} == {"planned"}
        assert len(run(BASE, place.bench(ledger))) == 3


def test_a_full_ledger_ends_the_study_and_loses_no_run(tmp_path: Path) -> None:
    place = Place(tmp_path, helpers=1)
    with place.ledger() as ledger:
        finish = ledger.finish

        def full(key: str, outcome: Outcome, **more: Any) -> None:
            ledger._base.execute("PRAGMA max_page_count = 1")
            finish(key, replace(outcome, detail="x" * 100_000), **more)

        ledger.finish = full  # type: ignore[method-assign]
        with pytest.raises(DiagnoseError, match="the ledger cannot be written: database or disk is full"):
            run(BASE[:1], place.bench(ledger))
    assert place.noted("end") == ["base 0"]
    with place.ledger() as ledger:
        assert run(BASE[:1], place.bench(ledger))[0].status == "finished"
    assert len(place.noted("start")) == 1, "it was found by its folder"


def test_runs_are_found_without_the_ledger(tmp_path: Path) -> None:
    place = Place(tmp_path, failing={"crash": 2})
    trials = [*BASE, Trial(("failing",), 0)]
    with place.ledger() as ledger:
        before = run(trials, place.bench(ledger))
    for file in tmp_path.glob("ledger*"):
        file.unlink()
    with place.ledger() as ledger:
        assert run(trials, place.bench(ledger)) == before
    assert len(place.noted("start")) == 4


def test_the_budget_of_runs_is_kept_over_sessions(tmp_path: Path) -> None:
    place = Place(tmp_path)
    trials = [Trial((), seed) for seed in range(5)]
    for _ in range(2):
        with place.ledger() as ledger:
            outcomes = run(trials, place.bench(ledger, budget=Budget(runs=3)))
        assert [outcome.status for outcome in outcomes] == ["finished"] * 3 + ["skipped"] * 2
        assert outcomes[4].detail == "the budget of 3 runs is spent"
    assert len(place.noted("start")) == 3
    with place.ledger() as ledger:
        outcomes = run(trials, place.bench(ledger, budget=Budget(runs=5)))
    assert [outcome.status for outcome in outcomes] == ["finished"] * 5
    assert len(place.noted("start")) == 5


def test_the_budget_of_time_stops_runs(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=1000, pause=0.02)
    with place.ledger() as ledger:
        began = time.monotonic()
        outcomes = run(BASE, place.bench(ledger, budget=Budget(wall=1.0)))
        assert 0.9 < time.monotonic() - began < 4
        assert {outcome.status for outcome in outcomes} == {"skipped"}
        assert {outcome.detail for outcome in outcomes} == {"the budget of 1 s is spent"}
        assert {row.state for row in ledger.rows()} == {"planned"}
    assert not processes(str(tmp_path))


def test_the_budget_of_gpu_hours_stops_runs(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=1000, pause=0.02)
    place.gpus = 1
    with place.ledger() as ledger:
        budget = Budget(gpu_hours=1 / 3600)
        outcomes = run(BASE, place.bench(ledger, Local(gpus=["0", "1"]), budget=budget))
        assert {outcome.status for outcome in outcomes} == {"skipped"}
        assert 1 <= ledger.spent().gpu_seconds < 4


def test_ctrl_c_ends_all_runs(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=1000, pause=0.02, deaf=True, helpers=1)

    def press(trial: Trial, outcome: Outcome | None) -> None:
        if trial.seed == 1:
            until(lambda: len(place.noted("start")) == 2)
            raise KeyboardInterrupt

    with place.ledger() as ledger:
        with pytest.raises(KeyboardInterrupt):
            run(BASE, place.bench(ledger, watch=press))
        assert not processes(str(tmp_path))
        assert {row.state for row in ledger.rows()} == {"planned"}


def test_files_that_are_not_ours_are_never_cleared(tmp_path: Path) -> None:
    place = Place(tmp_path)
    out = Path(place.job(BASE[0]).out)
    out.mkdir(parents=True)
    (out / "precious").write_text("x")
    with place.ledger() as ledger, pytest.raises(DiagnoseError, match="holds files that no run of ours wrote"):
        run(BASE, place.bench(ledger))
    assert (out / "precious").exists()


def test_a_link_in_place_of_the_out_folder_is_not_followed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    with place.ledger() as ledger:
        run(BASE[:1], place.bench(ledger))
        out = Path(place.job(BASE[0]).out)
        shutil.rmtree(out)
        out.symlink_to(precious)
        run(BASE[:1], place.bench(ledger, again=frozenset({"finished"})))
    assert (precious / "file").exists()
    assert not out.is_symlink()


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        bench = place.bench(ledger)
        bench.job = lambda trial: replace(place.job(trial), folder=str(tmp_path / "same"))
        with pytest.raises(ValueError, match="share a folder"):
            run(BASE, bench)


def test_it_says_so_where_there_are_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(DiagnoseError, match="Linux and macOS"):
        Place(tmp_path).ledger()
    assert batch.run([], None) == []  # type: ignore[arg-type]
