"""A budget is kept, over all sessions of a study."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from confirm_runs import Place, processes

from diagnose.confirm.model import Trial
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.budget import Budget
from diagnose.confirm.runs.executors.local import Local

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
BASE = [Trial((), seed) for seed in range(3)]


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
    place = Place(tmp_path, epochs=40_000, pause=0.02)
    with place.ledger() as ledger:
        outcomes = run(BASE, place.bench(ledger, budget=Budget(wall=1.0)))
        assert {outcome.status for outcome in outcomes} == {"skipped"}
        assert {outcome.detail for outcome in outcomes} == {"the budget of 1 s is spent"}
        assert {row.state for row in ledger.rows()} == {"planned"}
    assert not processes(str(tmp_path))


def test_the_budget_of_gpu_hours_stops_runs(tmp_path: Path) -> None:
    place = Place(tmp_path, epochs=40_000, pause=0.02)
    place.gpus = 1
    with place.ledger() as ledger:
        budget = Budget(gpu_hours=1 / 3600)
        outcomes = run(BASE, place.bench(ledger, Local(gpus=["0", "1"]), budget=budget))
        assert {outcome.status for outcome in outcomes} == {"skipped"}
        assert 1 <= ledger.spent().gpu_seconds < 200
