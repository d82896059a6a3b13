"""A small share of the simulation in ``benchmarks/``, so that the figures of the documentation cannot rot unseen."""

from __future__ import annotations

from benchmarks.simulate_confirm import KINDS, World, many
from diagnose.confirm.studies.study import StudyOptions

SYMPTOM = StudyOptions(metric=False, resamples=20, skip=("path",))


def test_the_right_culprit_is_confirmed():
    tally, _ = many(World(), 20, SYMPTOM, kinds=KINDS)
    assert tally.found >= 19
    assert tally.confirmed >= 18
    assert tally.wrong == 0
    assert tally.runs / tally.studies <= 33


def test_nothing_is_confirmed_where_nothing_differs():
    tally, verdicts = many(World(kind="none", always=0.3), 40, SYMPTOM)
    assert verdicts["confirmed"] == 0
    assert tally.runs / tally.studies <= 14
