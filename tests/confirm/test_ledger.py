"""The ledger keeps what it was told, alone, and says clearly when it cannot."""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from confirm_runs import Place

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.budget import Budget, Spent
from diagnose.confirm.runs.ledger import Ledger, peek
from diagnose.errors import DiagnoseError

TRIAL = Trial(("a", "b"), 3, 1)


def finished(ledger: Ledger, place: Place, trial: Trial = TRIAL, **more: object) -> str:
    job = place.job(trial)
    key = job.key()
    ledger.plan(key, trial, job)
    ledger.begin(key, job)
    values = {"symptom": True, "metric": math.nan, "seconds": 7.0, "log": "x.log", "detail": "d", **more}
    outcome = Outcome(trial, "finished", **values)  # type: ignore[arg-type]
    ledger.finish(key, outcome, judged_as="nan", reached=True, exit=0, host="node1")
    return key


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        key = finished(ledger, place)
    with place.ledger() as ledger:
        row = ledger.find(key)
        assert row is not None
        assert (row.state, row.exit, row.reached, row.judged_as, row.executor) == ("finished", 0, True, "nan", "local")
        assert row.outcome.trial == TRIAL
        assert row.outcome.symptom is True
        assert row.outcome.metric is not None and math.isnan(row.outcome.metric)
        assert (row.outcome.seconds, row.outcome.log, row.outcome.detail) == (7.0, "x.log", "d")
        assert [known.key for known in ledger.rows()] == [key]
        assert ledger.find("nothing") is None
        assert [known.key for known in peek(ledger.path, "study")] == [key]
    assert peek(ledger.path, "another") == peek(tmp_path / "none", "study") == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("metric", [None, math.inf, -math.inf, 0.1, 1e-300])
def test_metrics_survive(tmp_path: Path, metric: float | None) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        row = ledger.find(finished(ledger, place, metric=metric, symptom=None))
    assert row is not None
    assert (row.outcome.metric, row.outcome.symptom) == (metric, None)


def test_states_and_marks_of_attempts(tmp_path: Path) -> None:
    place = Place(tmp_path)
    job = place.job(TRIAL)
    with place.ledger() as ledger:
        ledger.plan("k", TRIAL, job)
        assert ledger.find("k").state == "planned"  # type: ignore[union-attr]
        first = ledger.begin("k", job)
        assert ledger.find("k").state == "running"  # type: ignore[union-attr]
        ledger.drop("k", "lost", 1.0)
        second = ledger.begin("k", job)
        assert first == f"{ledger.id}:k:1"
        assert second == ledger.find("k").marker == f"{ledger.id}:k:2"  # type: ignore[union-attr]


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger():
        with pytest.raises(DiagnoseError, match=r"the ledger is in use by process \d+ on \S+ .*--folder\)"):
            place.ledger()
        code = f"from diagnose.confirm.runs.ledger import Ledger; Ledger({str(tmp_path / 'ledger.sqlite')!r}, 's')"
        other = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2]
        )
        assert "the ledger is in use by process" in other.stderr
    place.ledger().close()


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE mine (a)")
    base.commit()
    base.close()
    before = path.read_bytes()
    with pytest.raises(DiagnoseError, match="not a ledger of diagnose"):
        Ledger(path, "s")
    assert path.read_bytes() == before
    path.write_text("some text that is no data base" * 100)
    with pytest.raises(DiagnoseError, match="the ledger is damaged: file is not a database"):
        Ledger(path, "s")


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.ledger().close()
    base = sqlite3.connect(tmp_path / "ledger.sqlite")
    base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(DiagnoseError, match="of a newer diagnose"):
        place.ledger()


def test_a_damaged_ledger_is_told(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        for seed in range(50):
            finished(ledger, place, Trial((), seed), detail="x" * 500)
    path = tmp_path / "ledger.sqlite"
    data = bytearray(path.read_bytes())
    for at in range(3 * 4096, len(data), 4096):
        data[at : at + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(DiagnoseError, match="the ledger is damaged"):
        place.ledger()


def test_a_cut_ledger_is_told(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        finished(ledger, place)
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DiagnoseError, match="the ledger is damaged"):
        place.ledger()


def test_a_full_disk_is_told_and_what_was_written_stays(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.ledger() as ledger:
        key = finished(ledger, place)
        (pages,) = ledger._base.execute("PRAGMA page_count").fetchone()
        ledger._base.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(
            DiagnoseError, match=r"cannot be written: database or disk is full \(free some space and run"
        ):
            for seed in range(200):
                finished(ledger, place, Trial((), seed), detail="x" * 500)
        assert ledger.find(key) is not None
        assert not ledger._base.in_transaction
    with place.ledger() as ledger:
        assert ledger.find(key) is not None


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiagnoseError, match=r"the ledger cannot be made: Not a directory|File exists"):
        Ledger(tmp_path / "file" / "ledger.sqlite", "s")


def test_what_is_spent_counts_over_sessions(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.gpus = 2
    with place.ledger() as ledger:
        finished(ledger, place)  # 7 s on 2 GPUs
        job = place.job(Trial((), 9))
        ledger.plan(job.key(), Trial((), 9), job)
        ledger.begin(job.key(), job)
        ledger.drop(job.key(), "lost", 5.0)
        ledger.begin(job.key(), job)
        ledger.drop(job.key(), "interrupted", 3.0)
        ledger.begin(job.key(), job)  # and then we are killed
        ledger._base.execute("UPDATE attempt SET began = began - 100 WHERE number = 3")
    with place.ledger() as ledger:
        ledger._base.execute("UPDATE session SET began = 1000, seen = 1030 WHERE number = 1")
        ledger._base.execute("UPDATE attempt SET began = 1029 WHERE number = 3")
        spent = ledger.spent()
        assert spent.runs == 2
        assert spent.gpu_seconds == 2 * (7 + 5 + 3 + 1)
        assert spent.wall == pytest.approx(30, abs=2)
        with pytest.raises(DiagnoseError):
            place.ledger("other")
    with place.ledger("other") as ledger:
        assert ledger.spent().runs == 0


def test_budgets() -> None:
    spent = Spent(runs=10, gpu_seconds=3600, wall=60)
    assert not spent.forbids(Budget())
    assert spent.forbids(Budget(runs=10)) == "the budget of 10 runs is spent"
    assert not spent.exceeds(Budget(runs=10)), "runs that began may end"
    assert spent.exceeds(Budget(gpu_hours=1)) == "the budget of 1 GPU hours is spent"
    assert spent.forbids(Budget(wall=60)) == "the budget of 60 s is spent"
    assert not spent.forbids(Budget(runs=11, gpu_hours=1.1, wall=61))


def test_keys_depend_on_what_is_run_and_not_on_where(tmp_path: Path) -> None:
    here, there = Place(tmp_path / "a", epochs=3), Place(tmp_path / "b", epochs=3)
    job = here.job(Trial((), 1))
    others = [here.job(Trial((), 2)), here.job(Trial((), 1, 1)), Place(tmp_path / "c", epochs=4).job(Trial((), 1))]
    assert len({job.key(), *(other.key() for other in others)}) == 4
    assert [word.count("{") for word in job.command] == [0, 0, 1, 0, 1, 0]
    moved = there.job(Trial((), 1))
    changed = {str(there.folder): str(here.folder)}
    assert json.dumps(moved.command).replace(*next(iter(changed.items()))) == json.dumps(job.command)
    assert moved.config_hash() == job.config_hash()


def test_a_commit_is_noted(tmp_path: Path) -> None:
    from diagnose.confirm.runs.environment import commit_of, environment

    assert commit_of(str(tmp_path)) == ""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "a").write_text("1")
    for words in (["init", "-q"], ["add", "a"], ["commit", "-qm", "a"]):
        subprocess.run([*git, *words], check=True)
    clean = commit_of(str(tmp_path))
    assert len(clean) == 40
    (tmp_path / "a").write_text("2")
    assert commit_of(str(tmp_path)) == clean + "+"
    assert {"host", "system", "python"} <= environment().keys()


def test_runs_that_never_began_have_no_circumstances(tmp_path: Path) -> None:
    place = Place(tmp_path)
    jobs = {trial: place.job(trial) for trial in (Trial((), 1), Trial((), 2))}
    with place.ledger() as ledger:
        for trial, job in jobs.items():
            ledger.plan(job.key(), trial, job)
        keys = [job.key() for job in jobs.values()]
        assert ledger.circumstances(keys) == (set(), set())
        first = Trial((), 1)
        ledger.begin(keys[0], jobs[first])
        ledger.finish(keys[0], Outcome(first, "finished", True, 0.5), judged_as="x", reached=True, exit=0, host="h")
        assert ledger.circumstances(keys) == ({""}, {"h"})


def test_a_ledger_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    place = Place(tmp_path)
    trial = Trial((), 1)
    job = place.job(trial)
    with place.ledger() as ledger:
        ledger.plan(job.key(), trial, job)
        ledger.begin(job.key(), job)
        ledger.finish(job.key(), Outcome(trial, "finished", True, 0.5), judged_as="x", reached=True, exit=0, host="h")
    with sqlite3.connect(tmp_path / "ledger.sqlite") as base:
        base.execute("ALTER TABLE run DROP COLUMN trace")
        base.execute("PRAGMA user_version = 1")
    base.close()

    assert [row.outcome.trace for row in peek(tmp_path / "ledger.sqlite")] == [""]
    with place.ledger() as ledger:
        (row,) = ledger.rows()
        assert (row.outcome.symptom, row.outcome.metric, row.outcome.trace) == (True, 0.5, "")
        assert ledger.circumstances([job.key(), "unknown"])[1] == {"h"}
