"""A node to what it does: each is compiled once into a function from a scope to a value.

Whatever a rule does wrong is told where it stands, by the innermost node that it happens in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from diagnose.language.functions import TABLE
from diagnose.language.functions.registry import Function, how_many
from diagnose.language.memo import key_of, recalled
from diagnose.language.operate import COMPARE, SCALARS, combined, compared, computed, contained, kind_of
from diagnose.language.parse import LanguageError, Node
from diagnose.language.scope import Scope
from diagnose.language.values import Mask, MissingError, Span, ValueTypeError, placed
from diagnose.model import UNKNOWN, Change, Event, Finding, Point, Segment, Series, Setting
from diagnose.names import hyperparameter

__all__ = ["Scope", "evaluate", "kind_of", "truth"]

Run = Callable[[Scope], Any]
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
FAULTS = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, MemoryError)
"""What Python raises where a value is of the wrong kind: the rule is at fault, and the others go on."""
WRONG = (ValueTypeError, *FAULTS)
NAMESPACES = ("fact", "config", "baseline", "previous", "old", "new")
"""Names that mean nothing alone. ``new`` is ``config``, and ``old`` the config of the run to compare with."""

INDEXED = frozenset(NAMESPACES) - {"fact"}
CHEAP = frozenset({"base", "count", "is_text", "kind", "lower", "split"})
"""Functions that take no longer than to remember what they gave."""
SETTING = ("key", "value", "literal")
FINDING = ("name", "code", "severity", "message", "subject", "segment", "line")
CHANGE = ("key", "name", "old", "new", "factor", "change_percent", "kind", "role", "risk")


def truth(node: Node, scope: Scope) -> bool:
    """Return whether a condition holds; a mask holds if it is true anywhere."""
    return is_true(node.run(scope))


def is_true(value: Any) -> bool:
    """Return whether the value of a condition means that it holds."""
    return bool(how_many(value.where)) if isinstance(value, Mask) else bool(value)


def evaluate(node: Node, scope: Scope) -> Any:
    """Return the value of a node.

    Raises:
        MissingError: if the log lacks something the value depends on.
        LanguageError: if the rule is at fault (an unknown function, a wrong kind of value).
    """
    return node.run(scope)


def compiled(node: Node) -> Run:
    """Return what a node does with a scope."""
    return _KINDS[node.kind](node)


def _fault(node: Node, error: Exception) -> LanguageError:
    return LanguageError(str(error), node.text, node.column, node.line)


def _guarded(node: Node, call: Run) -> Run:
    def run(scope: Scope) -> Any:
        try:
            return call(scope)
        except WRONG as error:
            raise _fault(node, error) from None

    return run


def _always(value: Any) -> Run:
    return lambda _: value


def _lacking(node: Node) -> Run:
    what = node.args[0]

    def run(_: Scope) -> Any:
        raise MissingError(what)

    return run


def _series(node: Node) -> Run:
    name = node.args[0]
    return lambda scope: scope.segment.series[name]


def _never(node: Node, message: str) -> Run:
    def run(_: Scope) -> Any:
        raise LanguageError(message, node.text, node.column, node.line)

    return run


def _number(node: Node) -> Run:
    return _always(float(node.args[0]))


def _quantity(node: Node) -> Run:
    amount, unit = float(node.args[0]), node.args[1]
    return _always(amount * UNITS[unit] if unit in UNITS else Span(amount, unit.rstrip("s")))


def _string(node: Node) -> Run:
    return _always(str(node.args[0])[1:-1])


def _name(node: Node) -> Run:
    name = node.args[0]
    if name in NAMESPACES:
        return _never(node, f"`{name}` needs a name after it: {name}.x")

    def run(scope: Scope) -> Any:
        values = scope.values
        if name in values:
            return values[name]
        try:
            return scope.part(name) if name in scope.lets else scope.lookup(name)
        except WRONG as error:
            raise _fault(node, error) from None

    return run


def _attribute(node: Node) -> Run:
    target, name = node.args
    if isinstance(target, Node) and target.kind == "name" and target.args[0] in NAMESPACES:
        return _guarded(node, partial(_namespaced, target.args[0], name))
    whole = _run(target)
    return _guarded(node, lambda scope: attribute_of(whole(scope), name, scope))


def attribute_of(value: Any, name: str, scope: Scope) -> Any:
    """Return what stands behind the dot. Raises MissingError and ValueTypeError."""
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


def _item(node: Node) -> Run:
    space, key_of_item = node.args[0], _run(node.args[1])
    indexed = isinstance(space, Node) and space.kind == "name" and space.args[0] in INDEXED
    whole = None if indexed else _run(space)

    def run(scope: Scope) -> Any:
        key = key_of_item(scope)
        try:
            return _namespaced(space.args[0], str(key), scope) if whole is None else _picked(whole(scope), key)
        except WRONG as error:
            raise _fault(node, error) from None

    return run


def _picked(value: Any, key: Any) -> Any:
    try:
        if isinstance(value, dict):
            return value[str(key)]
        if isinstance(value, list):
            return value[int(key)]
        if isinstance(value, Series):
            return value.nth(int(key))
    except (KeyError, IndexError):
        raise MissingError(f"item {key}") from None
    raise ValueTypeError(f"{kind_of(value)} has no items")


def _call(node: Node) -> Run:
    name, number = node.args[0], len(node.args) - 1
    function = TABLE.get(name)
    if function is None:
        return _never(node, f"unknown function `{name}`")
    if not function.least <= number <= function.most:
        return _never(node, f"`{name}` is called as {function.signature}")
    return (_lazily if function.lazy else _eagerly)(node, function, [_run(arg) for arg in node.args[1:]])


def _lazily(node: Node, function: Function, arguments: list[Run]) -> Run:
    call = function.call

    def run(scope: Scope) -> Any:
        try:
            return call(*[partial(argument, scope) for argument in arguments])
        except WRONG as error:
            raise _fault(node, error) from None

    def two(scope: Scope) -> Any:
        try:
            return call(partial(first, scope), partial(second, scope))
        except WRONG as error:
            raise _fault(node, error) from None

    if len(arguments) == 2:
        first, second = arguments
        return two
    return run


def _eagerly(node: Node, function: Function, arguments: list[Run]) -> Run:
    call, scoped, name = function.call, function.scoped, function.name
    remembers = name not in CHEAP

    def fault(error: Exception, args: Sequence[Any]) -> LanguageError:
        if isinstance(error, ValueTypeError):
            return _fault(node, error)
        given = ", ".join(kind_of(arg) for arg in args)
        return LanguageError(f"`{name}` cannot take {given}: {error}", node.text, node.column, node.line)

    def of(scope: Scope, args: Sequence[Any]) -> Any:
        memo = scope.memo
        key = key_of(name, args) if memo is not None and remembers else None
        if memo is not None and key is not None and (known := memo.get(key)) is not None:
            return recalled(known)
        try:
            value = call(scope, *args) if scoped else call(*args)
        except MissingError as error:
            if memo is not None and key is not None:
                memo.keep(key, args, None, error.what)
            raise
        except WRONG as error:
            raise fault(error, args) from None
        if memo is not None and key is not None:
            memo.keep(key, args, value)
        return value

    def one(scope: Scope) -> Any:
        arg = first(scope)
        if scope.memo is not None:
            return of(scope, (arg,))
        try:
            return call(scope, arg) if scoped else call(arg)
        except WRONG as error:
            raise fault(error, (arg,)) from None

    def two(scope: Scope) -> Any:
        left, right = first(scope), second(scope)
        if scope.memo is not None:
            return of(scope, (left, right))
        try:
            return call(scope, left, right) if scoped else call(left, right)
        except WRONG as error:
            raise fault(error, (left, right)) from None

    if len(arguments) == 1:
        (first,) = arguments
        return one
    if len(arguments) == 2:
        first, second = arguments
        return two
    return lambda scope: of(scope, [argument(scope) for argument in arguments])


def _logical(node: Node, *, any_: bool) -> Run:
    operands: tuple[Node, ...] = node.args

    def run(scope: Scope) -> Any:
        result: Any = None
        for operand in operands:
            value = operand.run(scope)  # compiled here: few conditions come to their last operand
            if value is any_:
                return value
            if isinstance(value, Mask):
                try:
                    result = combined(result, value, any_=any_) if isinstance(result, Mask) else value
                except WRONG as error:
                    raise _fault(node, error) from None
            elif bool(value) is any_:
                return value
            elif not isinstance(result, Mask):
                result = value
        return result

    return run


def _not(node: Node) -> Run:
    operand = _run(node.args[0])

    def run(scope: Scope) -> Any:
        value = operand(scope)
        return Mask(value.series, ~value.where) if isinstance(value, Mask) else not value

    return run


def _compare(node: Node) -> Run:
    first = _run(node.args[0])
    rest = [(sign, _run(arg)) for sign, arg in zip(node.args[1::2], node.args[2::2], strict=True)]

    def against(scope: Scope) -> Any:
        left = first(scope)
        if type(left) in SCALARS:
            return holds(left, bound)
        try:
            return compared(only, left, bound)
        except WRONG as error:
            raise _fault(node, error) from None

    def once(scope: Scope) -> Any:
        left, right = first(scope), second(scope)
        if type(left) in SCALARS and type(right) in SCALARS:
            return holds(left, right)
        try:
            return compared(only, left, right)
        except WRONG as error:
            raise _fault(node, error) from None

    if len(rest) == 1:
        ((only, second),) = rest
        holds = COMPARE[only]
        if node.args[2].kind not in ("number", "known") or type(bound := node.args[2].run(None)) not in SCALARS:
            return once
        return against

    def run(scope: Scope) -> Any:
        left = first(scope)
        result: Any = True
        for sign, operand in rest:
            right = operand(scope)
            try:
                held = compared(sign, left, right)
                if isinstance(held, Mask):
                    result = combined(result, held, any_=False) if isinstance(result, Mask) else held
                elif not held:
                    return False
            except WRONG as error:
                raise _fault(node, error) from None
            left = right
        return result

    return run


def _contains(node: Node, *, lacks: bool = False) -> Run:
    of_item, of_box = _run(node.args[0]), _run(node.args[1])

    def run(scope: Scope) -> bool:
        item, box = of_item(scope), of_box(scope)
        try:
            return contained(item, box) is not lacks
        except WRONG as error:
            raise _fault(node, error) from None

    return run


def _binary(node: Node) -> Run:
    first = _run(node.args[0])
    rest = [(sign, _run(arg)) for sign, arg in zip(node.args[1::2], node.args[2::2], strict=True)]

    def run(scope: Scope) -> Any:
        left = first(scope)
        for sign, operand in rest:
            right = operand(scope)
            try:
                left = computed(sign, left, right)
            except WRONG as error:
                raise _fault(node, error) from None
        return left

    return run


def _sign(node: Node) -> Run:
    factor, operand = -1.0 if node.args[0] == "-" else 1.0, _run(node.args[1])

    def run(scope: Scope) -> Any:
        value = operand(scope)
        try:
            return computed("*", factor, value)
        except WRONG as error:
            raise _fault(node, error) from None

    return run


def _power(node: Node) -> Run:
    of_base = _run(node.args[0])
    if len(node.args) == 1:
        return of_base
    of_exponent = _run(node.args[1])

    def run(scope: Scope) -> Any:
        base, exponent = of_base(scope), of_exponent(scope)
        try:
            return computed("**", base, exponent)
        except WRONG as error:
            raise _fault(node, error) from None

    return run


def _list(node: Node) -> Run:
    items = [_run(arg) for arg in node.args]
    return lambda scope: [item(scope) for item in items]


def _run(node: Node) -> Run:
    run: Run = node.run
    return run


_KINDS: dict[str, Callable[[Node], Run]] = {
    "number": _number,
    "quantity": _quantity,
    "string": _string,
    "true": lambda _: _always(True),
    "false": lambda _: _always(False),
    "known": lambda node: _always(node.args[0]),
    "lacking": _lacking,
    "series": _series,
    "name": _name,
    "attribute": _attribute,
    "item": _item,
    "call": _call,
    "or_": partial(_logical, any_=True),
    "and_": partial(_logical, any_=False),
    "not_": _not,
    "compare": _compare,
    "contains": _contains,
    "lacks": partial(_contains, lacks=True),
    "binary": _binary,
    "sign": _sign,
    "power": _power,
    "list": _list,
}
