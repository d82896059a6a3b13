"""Templates of messages: Jinja's syntax, compiled to functions here, so that most runs word findings without Jinja.

What this does not know (calls, loops, most filters) is left to Jinja itself, and so is whatever goes wrong: only what
both would print alike is printed here. Trees come from the build of a wheel, or from Jinja's own parser.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Lookup = Callable[[str], Any]
"""From a name of a template to its value."""
Part = Callable[[Lookup], Any]
OPTIONS = {"trim_blocks": True, "lstrip_blocks": True}
"""How templates are parsed."""
RESERVED = frozenset({"loop", "self", "caller", "varargs", "kwargs"})
LEEWAY = 5
"""Characters by which Jinja lets a text be longer than it is to be cut to."""
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
}
ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda item, box: item in box,
    "notin": lambda item, box: item not in box,
}


class OddError(Exception):
    """What is left to Jinja."""


def plain(text: str) -> list[Any] | None:
    """Return the tree of a template as nested lists, for JSON; None if it is left to Jinja."""
    from jinja2 import Environment, TemplateSyntaxError

    try:
        tree = Environment(**OPTIONS).parse(text)  # type: ignore[arg-type] # noqa: S701 - nothing is rendered
        return [_plain(node) for node in tree.body]
    except (TemplateSyntaxError, OddError):
        return None


def _plain(node: Any) -> list[Any]:
    kind = type(node).__name__
    match kind:
        case "Output":
            return [kind, [_plain(part) for part in node.nodes]]
        case "TemplateData":
            return [kind, node.data]
        case "Const" if isinstance(node.value, str | int | float | bool | None):
            return [kind, node.value]
        case "Name" if node.ctx == "load" and node.name not in RESERVED:
            return [kind, node.name]
        case "Getattr" if not node.attr.startswith("_"):
            return [kind, _plain(node.node), node.attr]
        case "If":
            branches = [(node.test, node.body), *((one.test, one.body) for one in node.elif_)]
            return [kind, [[_plain(test), [_plain(part) for part in body]] for test, body in branches],
                    [_plain(part) for part in node.else_]]  # fmt: skip
        case "CondExpr" if node.expr2 is not None:
            return [kind, _plain(node.test), _plain(node.expr1), _plain(node.expr2)]
        case "Compare":
            return [kind, _plain(node.expr), [[one.op, _plain(one.expr)] for one in node.ops]]
        case "And" | "Or" | "Add" | "Sub" | "Mul" | "Div" | "FloorDiv":
            return [kind, _plain(node.left), _plain(node.right)]
        case "Not":
            return [kind, _plain(node.node)]
        case "Concat" | "List" | "Tuple":
            return [kind, [_plain(part) for part in (node.nodes if kind == "Concat" else node.items)]]
        case "Test" if node.name in ("none", "mapping") and not node.args:
            return [kind, _plain(node.node), node.name]
        case "Filter" if node.node is not None and not (node.kwargs or node.dyn_args or node.dyn_kwargs):
            return [kind, _plain(node.node), node.name, [_plain(arg) for arg in node.args]]
    raise OddError(kind)


class Words:
    """Compiles trees for one set of filters and tests.

    Attributes:
        filters: by name, beside those that are known here.
        unknown: the kind of value that stands for what the log does not tell; it counts as none.
        shown: how a value is printed.
    """

    def __init__(self, filters: Mapping[str, Callable[..., Any]], unknown: type, shown: Callable[[Any], Any]) -> None:
        """Take the filters of the templates."""
        own: dict[str, Callable[..., Any]] = {"truncate": _truncated, "round": _rounded, "int": _whole, "length": len}
        self.filters = {**own, **filters}
        self.unknown, self.shown = unknown, shown

    def compiled(self, tree: list[Any]) -> Callable[[Lookup], str] | None:
        """Return what a template makes of names; None if it is left to Jinja. It may raise whatever Python does."""
        try:
            parts = self._body(tree)
        except OddError:
            return None
        return lambda look: "".join([part(look) for part in parts])

    def _body(self, nodes: list[Any]) -> list[Callable[[Lookup], str]]:
        parts: list[Callable[[Lookup], str]] = []
        for kind, *args in nodes:
            if kind == "If":
                parts.append(self._choice(*args))
            elif kind == "Output":
                parts += [self._printed(node) for node in args[0]]
            else:
                raise OddError(kind)
        return parts

    def _printed(self, node: list[Any]) -> Callable[[Lookup], str]:
        if node[0] == "TemplateData":
            text = node[1]
            return lambda _: text
        value, shown = self._value(node), self.shown
        return lambda look: str(shown(value(look)))

    def _choice(self, branches: list[Any], otherwise: list[Any]) -> Callable[[Lookup], str]:
        made = [(self._value(test), self._body(body)) for test, body in branches]
        rest = self._body(otherwise)

        def run(look: Lookup) -> str:
            body = next((body for test, body in made if test(look)), rest)
            return "".join([part(look) for part in body])

        return run

    def _value(self, node: list[Any]) -> Part:
        kind, *args = node
        make = getattr(self, f"_{kind.lower()}", None)
        if kind in BINARY:
            return partial(_both, BINARY[kind], self._value(args[0]), self._value(args[1]))
        if make is None:
            raise OddError(kind)
        part: Part = make(*args)
        return part

    def _const(self, value: Any) -> Part:
        return lambda _: value

    def _name(self, name: str) -> Part:
        return lambda look: look(name)

    def _getattr(self, node: list[Any], name: str) -> Part:
        whole = self._value(node)
        return lambda look: _attribute(whole(look), name)

    def _condexpr(self, test: list[Any], one: list[Any], other: list[Any]) -> Part:
        held, first, second = self._value(test), self._value(one), self._value(other)
        return lambda look: first(look) if held(look) else second(look)

    def _compare(self, node: list[Any], rest: list[Any]) -> Part:
        first, others = self._value(node), [(ORDER[sign], self._value(other)) for sign, other in rest]

        def run(look: Lookup) -> Any:
            left, held = first(look), True
            for order, other in others:
                right = other(look)
                held = order(left, right)
                if not held:
                    return held
                left = right
            return held

        return run

    def _and(self, one: list[Any], other: list[Any]) -> Part:
        first, second = self._value(one), self._value(other)
        return lambda look: first(look) and second(look)

    def _or(self, one: list[Any], other: list[Any]) -> Part:
        first, second = self._value(one), self._value(other)
        return lambda look: first(look) or second(look)

    def _not(self, node: list[Any]) -> Part:
        value = self._value(node)
        return lambda look: not value(look)

    def _mul(self, one: list[Any], other: list[Any]) -> Part:
        return partial(_both, _times, self._value(one), self._value(other))

    def _concat(self, nodes: list[Any]) -> Part:
        parts = [self._value(node) for node in nodes]
        return lambda look: "".join([str(part(look)) for part in parts])

    def _list(self, nodes: list[Any]) -> Part:
        parts = [self._value(node) for node in nodes]
        return lambda look: [part(look) for part in parts]

    def _tuple(self, nodes: list[Any]) -> Part:
        parts = [self._value(node) for node in nodes]
        return lambda look: tuple([part(look) for part in parts])

    def _test(self, node: list[Any], name: str) -> Part:
        value, unknown = self._value(node), self.unknown
        if name == "mapping":
            return lambda look: isinstance(value(look), Mapping)
        return lambda look: (found := value(look)) is None or isinstance(found, unknown)

    def _filter(self, node: list[Any], name: str, args: list[Any]) -> Part:
        call, value, parts = self.filters.get(name), self._value(node), [self._value(arg) for arg in args]
        if call is None:
            raise OddError(name)
        return lambda look: call(value(look), *[part(look) for part in parts])


def _both(call: Callable[[Any, Any], Any], first: Part, second: Part, look: Lookup) -> Any:
    return call(first(look), second(look))


def _times(left: Any, right: Any) -> float:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        raise OddError("*")
    return float(left) * float(right)


def _attribute(value: Any, name: str) -> Any:
    try:
        found = getattr(value, name)
    except AttributeError:
        try:
            return value[name]
        except (TypeError, LookupError):
            raise OddError(name) from None
    if callable(found):
        raise OddError(name)
    return found


def _truncated(text: Any, length: int = 255, killwords: bool = False, end: str = "...") -> Any:
    if len(text) <= length + LEEWAY:
        return text
    kept = text[: length - len(end)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + end


def _rounded(value: Any, precision: int = 0) -> Any:
    return round(value, precision)


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise OddError("int") from None
