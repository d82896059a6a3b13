"""Rules that were made ready for segments of one outline find, and lack, what they do as they are written."""

from collections.abc import Sequence

import numpy as np
import pytest

from diagnose.engine.apply import Ready, apply
from diagnose.engine.quick import MOST_POINTS, OFTEN, Quick
from diagnose.engine.ready import WRITTEN, Made
from diagnose.engine.shortlist import Shortlist
from diagnose.engine.view import View
from diagnose.language import MissingError
from diagnose.language.outline import outline_of
from diagnose.logs import formats, read
from diagnose.model import Run, Segment, Series
from diagnose.rules import Rule, builtin
from diagnose.sources import from_bytes


def told(rule: Rule, view: View, ready: Sequence[Ready] | None, *, holds: bool = False) -> object:
    try:
        hits = apply(rule, view, {}, ready, holds=holds)
        return [(hit.severity, hit.subject, hit.place, hit.evidence) for hit in hits]
    except MissingError as error:
        return error.what


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("often", [1, WRITTEN])
def test_rules_made_ready_tell_the_same(name: str, often: int) -> None:
    rules = Shortlist(rule for rule in builtin() if not rule.is_cause)
    for sample in formats()[name].SAMPLES:
        run = read(from_bytes("sample", sample if isinstance(sample, bytes) else sample.encode()), name)
        if run is None:
            continue
        for segment in run.segments[:2]:
            view = View(run, segment)
            made = Made(rules.of(view)[0], {}, view, outline_of(segment, run.format, compared=False), {})
            for _ in range(often):
                todo, lacks, settled = made.of(View(run, segment))
            ready = {rule.name: (conditions, holds) for rule, conditions, holds in todo}
            for rule in rules.of(view)[0]:
                found = told(rule, View(run, segment), None)
                if rule.name in ready:
                    conditions, holds = ready[rule.name]
                    assert told(rule, View(run, segment), conditions, holds=holds) == found, rule.name
                    assert found or not holds
                else:
                    assert (found if rule.name in lacks else []) == lacks.get(rule.name, found), rule.name
                    assert (rule.name in settled) == (rule.name not in lacks)


def run_of(points: int) -> Run:
    column = np.arange(points, dtype=np.float64)
    series = Series("train/loss", "loss", "a.log", column, column, column, column.astype(np.int64))
    return Run("a.log", "text", [Segment("", 0, "a.log", 1, points, {"train/loss": series})], ["a.log"])


@pytest.mark.parametrize(("points", "pays"), [(9, True), (MOST_POINTS + 1, False), (0, False)])
def test_rules_are_made_ready_for_what_comes_often_and_is_short(points: int, pays: bool) -> None:
    quick, run = Quick(Shortlist(builtin()[:9]), {}), run_of(points)
    for number in range(1, OFTEN + 2):
        todo, _, _ = quick.of(View(run, run.segments[0]))
        assert any(ready is not None for _, ready, _ in todo) == (pays and number >= OFTEN)
