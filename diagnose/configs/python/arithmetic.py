"""Operators on values that are known, within bounds."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from diagnose.configs.python.values import MOST_ITEMS, Items, TooMuchError, UnknownError, is_scalar

LONGEST_TEXT = 10_000
LARGEST_FACTOR = 1e18
LARGEST_POWER = 64

OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda one, two: one is two,
    ast.IsNot: lambda one, two: one is not two,
}


def binary(sign: type[ast.operator], one: Any, two: Any) -> Any:
    """Apply an operator with two operands.

    Raises:
        UnknownError: if the result cannot be told.
        TooMuchError: if it would be larger than any config needs.
    """
    if isinstance(one, Items) or isinstance(two, Items):
        return _joined(sign, one, two)
    if not (is_scalar(one) and is_scalar(two)) or sign not in OPERATORS:
        raise UnknownError
    if isinstance(one, str) or isinstance(two, str):
        if sign is ast.Mult:
            word, times = (one, two) if isinstance(one, str) else (two, one)
            if isinstance(times, int) and len(word) * times > LONGEST_TEXT:
                raise TooMuchError("a text is repeated too often")
        elif sign is not ast.Add or not isinstance(one, str) or not isinstance(two, str):
            raise UnknownError
        elif len(one) + len(two) > LONGEST_TEXT:
            raise TooMuchError("a text is too long")
    elif sign in (ast.Pow, ast.Mult):
        numbers = [value for value in (one, two) if isinstance(value, int) and abs(value) > LARGEST_FACTOR]
        if numbers or (sign is ast.Pow and isinstance(two, int) and two > LARGEST_POWER and isinstance(one, int)):
            raise TooMuchError("a number is too large")
    return applied(OPERATORS[sign], one, two)


def unary(sign: type[ast.unaryop], one: Any) -> Any:
    """Apply an operator with one operand.

    Raises:
        UnknownError: if the result cannot be told.
    """
    if not is_scalar(one):
        raise UnknownError
    return applied(UNARY[sign], one)


def applied(function: Callable[..., Any], *values: Any, **named: Any) -> Any:
    """Return what a function makes of scalars.

    Raises:
        UnknownError: if it fails, or makes something else than a scalar.
    """
    try:
        result = function(*values, **named)
    except (ArithmeticError, TypeError, ValueError, LookupError):
        raise UnknownError from None
    if not is_scalar(result):
        raise UnknownError
    return result


def _joined(sign: type[ast.operator], one: Any, two: Any) -> Items:
    if isinstance(one, Items) and isinstance(two, Items) and sign is ast.Add and one.kind == two.kind:
        if len(one.slots) + len(two.slots) > MOST_ITEMS:
            raise TooMuchError("a list is too long")
        return Items(one.kind, [*one.slots, *two.slots], one.open or two.open)
    items, times = (one, two) if isinstance(one, Items) else (two, one)
    if sign is ast.Mult and isinstance(items, Items) and isinstance(times, int) and items.kind != "set":
        if len(items.slots) * times > MOST_ITEMS:
            raise TooMuchError("a list is repeated too often")
        return Items(items.kind, items.slots * times, items.open)
    raise UnknownError
