"""Operators on values: whole columns at once where a side is a series."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from diagnose.language.align import align
from diagnose.language.values import Mapping as PlacedMapping
from diagnose.language.values import Mask, MissingError, Number, Span, Text, ValueTypeError
from diagnose.model import Change, Event, Finding, Point, Series, Setting

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
SCALARS = frozenset({float, int, bool, Point, Number})
"""Kinds of numbers that need no look at what they are."""
KIND_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "a truth value"),
    (Series, "a series"),
    (Mask, "a mask"),
    (Event, "an event"),
    (Setting, "a setting"),
    (Change, "a change"),
    (Finding, "a finding"),
    (str, "a text"),
    (PlacedMapping, "a mapping"),
    (list, "a list"),
    (Span, "an amount"),
)


def kind_of(value: Any) -> str:
    """Return what a value is, for messages."""
    return next((name for kind, name in KIND_NAMES if isinstance(value, kind)), "a number")


def combined(left: Mask, right: Mask, *, any_: bool) -> Mask:
    """Return where either mask is true, or both are."""
    if len(left.where) != len(right.where):
        raise ValueTypeError("masks of different series cannot be combined")
    return Mask(left.series, (left.where | right.where) if any_ else (left.where & right.where))


def compared(sign: str, left: Any, right: Any) -> Any:
    """Return what a comparison gives: a mask if a side is a series, else true or false."""
    if type(left) in SCALARS and type(right) in SCALARS:
        return COMPARE[sign](left, right)
    if isinstance(left, Series) or isinstance(right, Series):
        base, first, second = _columns(left, right)
        return Mask(base, COMPARE[sign](first, second))
    if isinstance(left, str) != isinstance(right, str) and sign not in ("==", "!="):
        _stated(left, right)
        raise ValueTypeError(f"cannot compare {kind_of(left)} with {kind_of(right)}")
    try:
        return bool(COMPARE[sign](left, right))
    except TypeError:
        _stated(left, right)
        raise


def computed(sign: str, left: Any, right: Any) -> Any:
    """Return what an operation gives: a series if a side is one, else a number, NaN where there is none."""
    if type(left) in SCALARS and type(right) in SCALARS:
        return number_of(sign, left, right)
    if isinstance(left, Series) or isinstance(right, Series):
        base, first, second = _columns(left, right)
        with np.errstate(all="ignore"):
            value = np.asarray(ARITHMETIC[sign](first, second), dtype=np.float64)
        return Series(
            base.name, base.printed, base.path, value, base.step, base.epoch, base.line,
            index=base.index, weight=base.weight,
        )  # fmt: skip
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        _stated(left, right)
        raise ValueTypeError(f"cannot compute {kind_of(left)} {sign} {kind_of(right)}")
    return number_of(sign, left, right)


def number_of(sign: str, left: Any, right: Any) -> float:
    """Return what an operation on two numbers gives, NaN where there is none."""
    try:
        return float(ARITHMETIC[sign](float(left), float(right)))
    except (ZeroDivisionError, OverflowError, TypeError):  # TypeError: a root of a negative number is complex
        return float("nan")


def contained(item: Any, box: Any) -> bool:
    """Return whether something is in a text, list or mapping; texts in texts whatever the case."""
    if not isinstance(box, str | list | dict):
        raise ValueTypeError(f"`in` needs a text, a list or a mapping, not {kind_of(box)}")
    return item.lower() in box.lower() if isinstance(item, str) and isinstance(box, str) else item in box


def _stated(left: Any, right: Any) -> None:
    """Raise MissingError if a side is a text or list that the log or config states where a rule expects a number."""
    for side in (left, right):
        if isinstance(side, Text | PlacedMapping):
            raise MissingError(f"a number in place of {str(side)[:40]!r}")


def _columns(left: Any, right: Any) -> tuple[Series, Any, Any]:
    if isinstance(left, Series) and isinstance(right, Series):
        left, right = align(left, right)
        return left, left.value, right.value
    base = left if isinstance(left, Series) else right
    for side in (left, right):
        if not isinstance(side, Series | int | float):
            raise ValueTypeError(f"cannot combine a series with {kind_of(side)}")
    first = left.value if isinstance(left, Series) else float(left)
    second = right.value if isinstance(right, Series) else float(right)
    return base, first, second
