"""A node to its value: numbers, points, masks, series. Operators work on whole columns at once."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from diagnose.language.align import align
from diagnose.language.functions import TABLE
from diagnose.language.parse import LanguageError, Node
from diagnose.language.values import Mapping as PlacedMapping
from diagnose.language.values import Mask, MissingError, Span, Text, ValueTypeError, placed
from diagnose.model import UNKNOWN, Change, Event, Finding, Point, Segment, Series, Setting
from diagnose.names import hyperparameter

UNITS = {
    "%": 0.01,
    "ms": 0.001,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "KiB": 2.0**10,
    "MiB": 2.0**20,
    "GiB": 2.0**30,
}
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
FAULTS = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, MemoryError)
"""What Python raises where a value is of the wrong kind: the rule is at fault, and the others go on."""
NAMESPACES = ("fact", "config", "baseline", "previous", "old", "new")
"""Names that mean nothing alone. ``new`` is ``config``, and ``old`` the config of the run to compare with."""

INDEXED = frozenset(NAMESPACES) - {"fact"}
SETTING = ("key", "value", "literal")
FINDING = ("name", "code", "severity", "message", "subject", "segment", "line")
CHANGE = ("key", "name", "old", "new", "factor", "change_percent", "kind", "role", "risk")


@dataclass(slots=True)
class Scope:
    """What the names of an expression mean: one segment, named parts and parameters of the rule.

    Attributes:
        segment: series, events, facts and settings.
        lets: named parts, evaluated when first used.
        values: variables with a value (``each`` variables, parameters, and parts already evaluated).
        baseline: the run to compare with, if any.
        segments: all segments of the run, for what is seen from outside one of them.
        findings: what the rules have found in the run; None while they are still at it.
        open: named parts that are being evaluated.
    """

    segment: Segment
    lets: Mapping[str, Node] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    baseline: Segment | None = None
    segments: Sequence[Segment] = ()
    findings: Sequence[Finding] | None = None
    open: set[str] = field(default_factory=set)

    def lookup(self, name: str) -> Any:
        """Return the value of a bare name. Raises MissingError for a series that the log does not hold."""
        if name in self.values:
            return self.values[name]
        if name in self.lets:
            if name in self.open:
                raise ValueTypeError(f"`{name}` is defined by itself")
            self.open.add(name)
            try:
                value = self.values[name] = evaluate(self.lets[name], self)
            finally:
                self.open.discard(name)
            return value
        if name == "epochs":
            return float(self.segment.epochs)
        if name == "segment":
            return self.segment.name
        if name == "framework":
            return self.segment.config.framework
        if name == "config_whole":
            return bool(self.segment.config) and not self.segment.config.partial
        if name == "alone":
            return not self.segment.series
        if name in self.segment.series:
            return self.segment.series[name]
        raise MissingError(f"series {name}")


def truth(node: Node, scope: Scope) -> bool:
    """Return whether a condition holds; a mask holds if it is true anywhere."""
    value = evaluate(node, scope)
    if isinstance(value, Mask):
        return bool(value.where.any())
    return bool(value)


def evaluate(node: Node, scope: Scope) -> Any:
    """Return the value of a node.

    Raises:
        MissingError: if the log lacks something the value depends on.
        LanguageError: if the rule is at fault (an unknown function, a wrong kind of value).
    """
    try:
        return _KINDS[node.kind](node, scope)
    except (ValueTypeError, *FAULTS) as error:
        raise LanguageError(str(error), node.text, node.column, node.line) from None


def _number(node: Node, _: Scope) -> float:
    return float(node.args[0])


def _quantity(node: Node, _: Scope) -> float | Span:
    amount, unit = float(node.args[0]), node.args[1]
    return amount * UNITS[unit] if unit in UNITS else Span(amount, unit.rstrip("s"))


def _string(node: Node, _: Scope) -> str:
    return str(node.args[0])[1:-1]


def _name(node: Node, scope: Scope) -> Any:
    if node.args[0] in NAMESPACES:
        raise ValueTypeError(f"`{node.args[0]}` needs a name after it: {node.args[0]}.x")
    return scope.lookup(node.args[0])


def _attribute(node: Node, scope: Scope) -> Any:
    target, name = node.args
    if isinstance(target, Node) and target.kind == "name" and target.args[0] in NAMESPACES:
        return _namespaced(target.args[0], name, scope)
    value = evaluate(target, scope)
    if isinstance(value, Event):
        if name == "line":
            return float(value.place.line)
        if name == "text":
            return value.place.text
        if value.fields.get(name) is None or (name in ("epoch", "step") and value.fields[name] != value.fields[name]):
            raise MissingError(f"{value.kind}.{name}")
        return placed(value.fields[name], value.place)
    if isinstance(value, Point) and name in ("epoch", "step", "line"):
        place = float(getattr(value, name))
        if math.isnan(place):
            raise MissingError(f"{name}s of {value.series}")
        return place
    if isinstance(value, Finding) and name in FINDING:
        return float(value.place.line) if name == "line" else getattr(value, name)
    if isinstance(value, Series) and name in ("name", "printed"):
        return getattr(value, name)
    if isinstance(value, Setting | Change):
        return _of_setting(value, name, scope)
    raise ValueTypeError(f"no attribute `.{name}` on {kind_of(value)}")


def _of_setting(value: Setting | Change, name: str, scope: Scope) -> Any:
    if name == "line":
        return float(value.place.line)
    if isinstance(value, Setting) and name in ("name", "role"):
        row = hyperparameter(value.key, scope.segment.config.framework)
        return getattr(row, name) if row is not None else ""
    if name not in (SETTING if isinstance(value, Setting) else CHANGE):
        raise ValueTypeError(f"no attribute `.{name}` on {kind_of(value)}")
    found = getattr(value, name)
    if found is None or found is UNKNOWN:
        raise MissingError(f"{name} of {value.key}")
    return placed(found, value.place)


def _namespaced(space: str, name: str, scope: Scope) -> Any:
    if space == "fact":
        fact = scope.segment.facts.get(name)
        if fact is None:
            raise MissingError(f"fact {name}")
        return placed(fact.value, fact.place)
    if space in ("config", "new"):
        return _setting(scope.segment, name)
    if space == "previous":
        if not scope.segments or not scope.segment.index:
            raise MissingError("a segment before")
        return Scope(scope.segments[scope.segment.index - 1]).lookup(name)
    if scope.baseline is None:
        raise MissingError("a baseline run")
    if space == "old":
        return _setting(scope.baseline, name)
    if name in scope.baseline.series:
        return scope.baseline.series[name]
    if fact := scope.baseline.facts.get(name):
        return placed(fact.value, fact.place)
    if scope.baseline.config.get(name):
        return _setting(scope.baseline, name)
    raise MissingError(f"{name} in the baseline run")


def _setting(segment: Segment, name: str) -> Any:
    setting = segment.config.get(name)
    if setting is None or setting.value is None:
        raise MissingError(f"config {name}")
    if setting.value is UNKNOWN:
        raise MissingError(f"config {name}, which only a run would tell")
    return placed(setting.value, setting.place)


def _item(node: Node, scope: Scope) -> Any:
    space = node.args[0]
    key = evaluate(node.args[1], scope)
    if isinstance(space, Node) and space.kind == "name" and space.args[0] in INDEXED:
        return _namespaced(space.args[0], str(key), scope)
    value = evaluate(space, scope)
    try:
        if isinstance(value, dict):
            return value[str(key)]
        if isinstance(value, list):
            return value[int(key)]
        if isinstance(value, Series):
            return value.point(int(key))
    except (KeyError, IndexError):
        raise MissingError(f"item {key}") from None
    raise ValueTypeError(f"{kind_of(value)} has no items")


def _call(node: Node, scope: Scope) -> Any:
    name = node.args[0]
    function = TABLE.get(name)
    if function is None:
        raise ValueTypeError(f"unknown function `{name}`")
    if not function.least <= len(node.args) - 1 <= function.most:
        raise ValueTypeError(f"`{name}` is called as {function.signature}")
    if function.lazy:
        return function.call(*[partial(evaluate, arg, scope) for arg in node.args[1:]])
    args = [evaluate(arg, scope) for arg in node.args[1:]]
    try:
        return function.call(scope, *args) if function.scoped else function.call(*args)
    except FAULTS as error:
        given = ", ".join(kind_of(arg) for arg in args)
        raise ValueTypeError(f"`{name}` cannot take {given}: {error}") from None


def _or(node: Node, scope: Scope) -> Any:
    return _logical(node, scope, any_=True)


def _and(node: Node, scope: Scope) -> Any:
    return _logical(node, scope, any_=False)


def _logical(node: Node, scope: Scope, *, any_: bool) -> Any:
    result: Any = None
    for arg in node.args:
        value = evaluate(arg, scope)
        if isinstance(value, Mask):
            result = _combined(result, value, any_=any_) if isinstance(result, Mask) else value
        elif bool(value) is any_:
            return value
        elif not isinstance(result, Mask):
            result = value
    return result


def _combined(left: Mask, right: Mask, *, any_: bool) -> Mask:
    if len(left.where) != len(right.where):
        raise ValueTypeError("masks of different series cannot be combined")
    return Mask(left.series, (left.where | right.where) if any_ else (left.where & right.where))


def _not(node: Node, scope: Scope) -> Any:
    value = evaluate(node.args[0], scope)
    return Mask(value.series, ~value.where) if isinstance(value, Mask) else not value


def _compare(node: Node, scope: Scope) -> Any:
    left = evaluate(node.args[0], scope)
    result: Any = True
    for sign, right_node in zip(node.args[1::2], node.args[2::2], strict=True):
        right = evaluate(right_node, scope)
        held = _compared(sign, left, right)
        if isinstance(held, Mask):
            result = _combined(result, held, any_=False) if isinstance(result, Mask) else held
        elif not held:
            return False
        left = right
    return result


def _compared(sign: str, left: Any, right: Any) -> Any:
    compare = COMPARE[sign]
    if isinstance(left, Series) or isinstance(right, Series):
        base, first, second = _columns(left, right)
        with np.errstate(invalid="ignore"):
            return Mask(base, np.asarray(compare(first, second), dtype=bool))
    if isinstance(left, str) != isinstance(right, str) and sign not in ("==", "!="):
        _stated(left, right)
        raise ValueTypeError(f"cannot compare {kind_of(left)} with {kind_of(right)}")
    try:
        return bool(compare(left, right))
    except TypeError:
        _stated(left, right)
        raise


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


def _contains(node: Node, scope: Scope) -> bool:
    item, box = evaluate(node.args[0], scope), evaluate(node.args[1], scope)
    if not isinstance(box, str | list | dict):
        raise ValueTypeError(f"`in` needs a text, a list or a mapping, not {kind_of(box)}")
    return item.lower() in box.lower() if isinstance(item, str) and isinstance(box, str) else item in box


def _lacks(node: Node, scope: Scope) -> bool:
    return not _contains(node, scope)


def _binary(node: Node, scope: Scope) -> Any:
    left = evaluate(node.args[0], scope)
    for sign, right in zip(node.args[1::2], node.args[2::2], strict=True):
        left = _computed(sign, left, evaluate(right, scope))
    return left


def _computed(sign: str, left: Any, right: Any) -> Any:
    if isinstance(left, Series) or isinstance(right, Series):
        base, first, second = _columns(left, right)
        with np.errstate(all="ignore"):
            value = np.asarray(ARITHMETIC[sign](first, second), dtype=np.float64)
        return Series(base.name, base.printed, base.path, value, base.step, base.epoch, base.line)
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        _stated(left, right)
        raise ValueTypeError(f"cannot compute {kind_of(left)} {sign} {kind_of(right)}")
    try:
        return float(ARITHMETIC[sign](float(left), float(right)))
    except (ZeroDivisionError, OverflowError, TypeError):  # TypeError: a root of a negative number is complex
        return float("nan")


def _sign(node: Node, scope: Scope) -> Any:
    return _computed("*", -1.0 if node.args[0] == "-" else 1.0, evaluate(node.args[1], scope))


def _power(node: Node, scope: Scope) -> Any:
    base = evaluate(node.args[0], scope)
    return _computed("**", base, evaluate(node.args[1], scope)) if len(node.args) > 1 else base


def _list(node: Node, scope: Scope) -> list[Any]:
    return [evaluate(arg, scope) for arg in node.args]


def kind_of(value: Any) -> str:
    """Return what a value is, for messages."""
    return next((name for kind, name in KIND_NAMES if isinstance(value, kind)), "a number")


_KINDS: dict[str, Callable[[Node, Scope], Any]] = {
    "number": _number,
    "quantity": _quantity,
    "string": _string,
    "true": lambda _node, _scope: True,
    "false": lambda _node, _scope: False,
    "name": _name,
    "attribute": _attribute,
    "item": _item,
    "call": _call,
    "or_": _or,
    "and_": _and,
    "not_": _not,
    "compare": _compare,
    "contains": _contains,
    "lacks": _lacks,
    "binary": _binary,
    "sign": _sign,
    "power": _power,
    "list": _list,
}
