"""Trials to outcomes on this machine: what is run, and what is not run again."""

from __future__ import annotations

import functools
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from confirm_runs import Place, judge, processes

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs import batch
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.job import CONSOLE, Job
from diagnose.confirm.runs.live import Judgement
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
    place = Place(tmp_path, epochs=4000, pause=0.05)
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


def test_everything_can_be_imported_elsewhere() -> None:
    code = """
import os, pkgutil, signal, socket, subprocess, sys, tempfile, uuid, shutil, multiprocessing
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in "pwrite setsid killpg fork O_CLOEXEC WNOHANG sched_getaffinity".split():
    delattr(os, name)
del signal.SIGKILL, signal.SIGHUP
import diagnose.confirm, diagnose.confirm.runs.executors as executors
for package in (diagnose.confirm, executors):
    for info in pkgutil.iter_modules(package.__path__):
        __import__(f"{package.__name__}.{info.name}")
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
