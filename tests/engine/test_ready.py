"""Rules that were made ready for segments of one outline find, and lack, what they do as they are written."""

import numpy as np
import pytest

from diagnose.engine.apply import Ready, apply
from diagnose.engine.quick import MOST_POINTS, OFTEN, Quick
from diagnose.engine.ready import finds_nothing, made_ready
from diagnose.engine.shortlist import Shortlist
from diagnose.engine.view import View
from diagnose.language import MissingError
from diagnose.language.outline import outline_of
from diagnose.logs import formats, read
from diagnose.model import Run, Segment, Series
from diagnose.rules import Rule, builtin
from diagnose.sources import from_bytes


def told(rule: Rule, view: View, ready: list[Ready] | None) -> object:
    try:
        return [(hit.severity, hit.subject, hit.place, hit.evidence) for hit in apply(rule, view, {}, ready)]
    except MissingError as error:
        return error.what


@pytest.mark.parametrize("name", formats())
def test_a_rule_made_ready_tells_the_same(name: str) -> None:
    rules = Shortlist(rule for rule in builtin() if not rule.is_cause)
    for sample in formats()[name].SAMPLES:
        run = read(from_bytes("sample", sample if isinstance(sample, bytes) else sample.encode()), name)
        if run is None:
            continue
        for segment in run.segments[:2]:
            view = View(run, segment)
            outline = outline_of(segment, run.format, compared=False)
            for rule, ready in made_ready(rules.of(view)[0], view, outline, {}):
                found = told(rule, View(run, segment), None)
                assert told(rule, View(run, segment), ready) == found, rule.name
                assert found == [] or not finds_nothing(ready), rule.name


def run_of(points: int) -> Run:
    column = np.arange(points, dtype=np.float64)
    series = Series("train/loss", "loss", "a.log", column, column, column, column.astype(np.int64))
    return Run("a.log", "text", [Segment("", 0, "a.log", 1, points, {"train/loss": series})], ["a.log"])


@pytest.mark.parametrize(("points", "pays"), [(9, True), (MOST_POINTS + 1, False), (0, False)])
def test_rules_are_made_ready_for_what_comes_often_and_is_short(points: int, pays: bool) -> None:
    quick, run = Quick(Shortlist(builtin()[:9]), {}), run_of(points)
    for number in range(1, OFTEN + 2):
        todo, _, _ = quick.of(View(run, run.segments[0]))
        assert any(ready is not None for _, ready in todo) == (pays and number >= OFTEN)
