"""Shares that a log prints in percent, and numbers that are none: what a comparison must not take as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from diagnose.engine.expect.conditions import ExpectScope
from diagnose.engine.expect.evidence import text_of
from diagnose.language import LanguageError, MissingError, Node, evaluate
from diagnose.language.functions import TABLE
from diagnose.model import Point, Segment, Series
from diagnose.records import replace

SHARE = 1.5
"""A number above it is meant in percent: as in ``natural``."""


def on_natural_scale(segment: Segment) -> Segment:
    """Return a segment in which metrics that are shares are shares, also where the log prints percent."""
    series = {name: _natural(one) for name, one in segment.series.items()}
    return replace(segment, series=series)


def _natural(series: Series) -> Series:
    if not np.isfinite(series.value).any():
        return series
    natural: Series = TABLE["natural"].call(series)
    return natural


def check_comparisons(node: Node, scope: ExpectScope) -> None:
    """Check that the comparisons in a condition can be told.

    Raises:
        MissingError: where a share is compared with a number in percent, or the condition would hold only since NaN
            fails every comparison.
    """
    for compare, negated in _comparisons(node, negated=False):
        sides = [(side, _value(side, scope)) for side in compare.args[::2]]
        for side, value in sides:
            if _is_nan(value) and (negated or not isinstance(value, Point)):
                raise MissingError(f"a number: {text_of(side)} is NaN")
        in_percent = [side for side, value in sides if isinstance(value, Point | Series) and value.scale == 100]
        for literal in (side for side, _ in sides if _is_percent(side)):
            for side in in_percent:
                text = text_of(literal)
                raise MissingError(
                    f"a share to compare: {text_of(side)} is one that the log prints in percent; write {text}%"
                )


def _comparisons(node: Node, *, negated: bool) -> Iterator[tuple[Node, bool]]:
    if node.kind == "compare":
        yield node, negated
    for arg in node.args:
        if isinstance(arg, Node):
            yield from _comparisons(arg, negated=negated != (node.kind == "not_"))


def _value(node: Node, scope: ExpectScope) -> Any:
    try:
        return evaluate(node, scope)
    except (MissingError, LanguageError):
        return None


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _is_percent(node: Node) -> bool:
    return node.kind == "number" and abs(float(node.args[0])) > SHARE
