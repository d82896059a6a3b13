"""Conditions that are written out as a Python function come to what their nodes do, one by one."""

import math

import pytest

from diagnose.language import LanguageError, MissingError, Node, Scope, parse, truth
from diagnose.language.narrow import Names, Narrow
from diagnose.language.written import written
from diagnose.model import Event, Fact, Place, Segment
from tests.language.test_language import scope
from tests.language.test_narrow import OUTLINE

TEXTS = (
    "max(m) > 0.2",
    "max(m) > 0.2 and last(m).epoch >= 2",
    "max(m) > 9 or min(m) < 9 and not seen('killed')",
    "m > 0.2",
    "m > 0.2 and m < 0.25",
    "m > 0.2 or m < 0.05 or is_nan(m)",
    "not (m > 0.2)",
    "0.2 < m",
    "0 < max(m) < 9",
    "is_finite(max(m))",
    "max(top, segment_index) + 2 * top / segment_index ** 2 - 1 > top",
    "top / 0 > 1",
    "default(fact.patience, 0) > 2",
    "default(at_epoch(m, 9), default(at_epoch(m, 8), top)) > 0.2",
    "at_epoch(m, 9) > default(at_epoch(m, 8), top)",
    "at_epoch(m, 1) + default(at_epoch(m, 9), top) * default(at_epoch(m, 2), 0) > 0.3",
    "where_true(top > 9, top) > 0",
    "where_true(m > 0.2, top) > 0 and where_true(top > 0.1, m) > 0.2",
    "has(at_epoch(m, 9)) or has(at_epoch(m, 1))",
    "default(m > 9, true)",
    "default(at_epoch(m, 9) and top > 1, m > 0.2)",
    "fact.patience in [3, 'three'] and 'map' in m.name",
    "fact.patience not in [3] or previous.epochs > 1",
    "fact.patience > 'a'",
    "first_event('traceback').place > 1",
    "first_event('traceback') > 1",
    "top > 0 and fact.patience + 'a' > 1",
    "epochs >= 2 and segment_index == 1 and abs(-top) > 0",
    "count(m > 0.2) >= 1 and share(m > 0.2) > 0.1 and m[0] < 1",
)


def outcome(node: Node, seen: Scope) -> bool | str | None:
    try:
        return truth(node, seen)
    except MissingError as error:
        return error.what
    except LanguageError:
        return None


def segment(values: list[float]) -> Segment:
    given = scope(val_map=values, train_loss=[1, 2]).segment
    given.events.append(Event("traceback", Place("a.log", 3)))
    given.facts["patience"] = Fact("patience", 3.0, Place("a.log", 1))
    return given


@pytest.mark.parametrize("values", [[0.1, 0.3], [0.3], [math.nan, 0.1, 0.22], [math.nan], [math.inf, -1.0]])
def test_all_that_is_written_comes_to_the_same(values: list[float]) -> None:
    make, names = Narrow(OUTLINE), Names(("segment_index",), {}, {"top": "max(m)"}, "m", "val/map")
    nodes = [make.node(parse(text), names) for text in TEXTS]
    look = written([[node] for node in nodes], make.share())
    assert look is not None
    found = dict(look(Scope(segment(values), {}, {"segment_index": 1.0})))
    for number, (text, node) in enumerate(zip(TEXTS, nodes, strict=True)):
        expected = outcome(node, Scope(segment(values), {}, {"segment_index": 1.0}))
        assert found.get(number, False) == expected, text


def test_what_is_too_deep_for_python_is_not_written() -> None:
    parts = {f"p{depth}": f"default(p{depth - 1}, at_epoch(m, {depth}))" for depth in range(1, 30)}
    make = Narrow(OUTLINE)
    node = make.node(parse("p29 > 1"), Names((), {}, {"p0": "at_epoch(m, 9)", **parts}, "m", "val/map"))
    assert written([[node]], make.share()) is None
