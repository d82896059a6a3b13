"""What each failure of a run comes to, on this machine."""

from __future__ import annotations

import functools
import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confirm_runs import Place, judge, processes, supervisors, until

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs import folder
from diagnose.confirm.runs import round as rounds
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.executors.local import Local
from diagnose.confirm.runs.job import Job, Limits
from diagnose.confirm.runs.live import Judgement
from diagnose.errors import DiagnoseError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
BASE = [Trial((), seed) for seed in range(3)]


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
    place.limits = Limits(hang=2, grace=0.3)
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


def test_a_lost_run_is_tried_again(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=4000, pause=0.05, helpers=2)
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
    place = Place(tmp_path, epochs=4000, pause=0.05)

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


@pytest.mark.parametrize("force", [signal.SIGTERM, signal.SIGKILL])
def test_a_verdict_counts_however_the_run_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: signal.Signals
) -> None:
    place = Place(tmp_path, epochs=1000, pause=0.02, nan=3)

    def no_space_for_the_request(job: Job) -> bool:
        for pid in supervisors(tmp_path):
            os.kill(pid, force)
        return False

    monkeypatch.setattr(rounds, "ask_to_stop", no_space_for_the_request)
    with place.ledger() as ledger:
        (outcome,) = run(BASE[:1], place.bench(ledger))
    assert (outcome.status, outcome.symptom) == ("stopped", True)
    assert len(place.noted("start")) == 1
    assert not processes(str(tmp_path))
