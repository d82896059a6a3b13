"""Which values decided a condition: each with its place, and the text of the expression it came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diagnose.engine.expect.conditions import CALLS, MARK, ExpectScope, figure
from diagnose.language import LanguageError, Mask, MissingError, Node, evaluate, place_of
from diagnose.model import Event, Evidence, Finding, Place, Point, Series

THROUGH = frozenset({"or_", "and_", "not_", "compare", "contains", "lacks", "binary", "sign", "power", "list"})
"""Kinds of nodes whose operands are what was looked at."""
LITERAL = frozenset({"number", "quantity", "string", "true", "false"})
MOST = 12


def evidence_of(node: Node, scope: ExpectScope) -> tuple[Evidence, ...]:
    """Return the values that an expression looked at in a scope, at most ``MOST``; what is missing is left out."""
    found: dict[tuple[str, int, str], Evidence] = {}
    for one in _looked_at(node, scope):
        found.setdefault((one.place.path, one.place.line, one.text), one)
    return tuple(found.values())[:MOST]


def _looked_at(node: Node, scope: ExpectScope) -> Iterator[Evidence]:
    if node.kind in THROUGH:
        for arg in node.args:
            if isinstance(arg, Node):
                yield from _looked_at(arg, scope)
        return
    if node.kind in LITERAL:
        return
    scope.trace.clear()
    try:
        value = evaluate(node, scope)
    except (MissingError, LanguageError):
        yield from scope.trace
        yield from _below(node, scope)
        return
    traced = list(scope.trace)
    told = list(_told(value, node, scope))
    if not told:  # a computed number: said with the place of what it was computed from
        below = traced or list(_below(node, scope))
        place = below[0].place if below else Place(scope.segment.path)
        if not isinstance(value, list | dict):
            yield Evidence(place, f"{text_of(node)} = {figure(value)}")
        told = [] if isinstance(value, bool) else [one for one in below if one.text]
    seen = set()
    for one in (*told, *traced):
        if (one.place, one.text) not in seen:
            seen.add((one.place, one.text))
            yield one


def _below(node: Node, scope: ExpectScope) -> Iterator[Evidence]:
    args = CALLS[node.args[0]][1] if _is_own(node) else node.args
    if _is_own(node) and CALLS[node.args[0]][0].name == "in_run":
        return  # its arguments mean something in the other run only, which has left its trace
    for arg in args:
        if isinstance(arg, Node):
            yield from _looked_at(arg, scope)


def _told(value: Any, node: Node, scope: ExpectScope) -> Iterator[Evidence]:
    """Yield what a value with a place says; nothing for a computed one."""
    if isinstance(value, list):
        if value and all(isinstance(one, Event | Series) for one in value):
            for one in value:
                yield from _told(one, node, scope)
        elif not value and _is_own(node):
            yield Evidence(Place(scope.segment.path), f"{text_of(node)}: none")
        return
    place = place_of(value)
    if place is None or isinstance(value, Finding):
        return
    if isinstance(value, Event):
        fields = ", ".join(f"{key} {figure(one)}" for key, one in value.fields.items() if isinstance(one, int | float))
        yield Evidence(place, f"{value.kind}: {fields}" if fields else value.kind)
        return
    if isinstance(value, Mask):
        value = value.points()
    if isinstance(value, Series):
        value = value.point(-1)
    epoch = f" (epoch {figure(value.epoch)})" if isinstance(value, Point) and value.epoch == value.epoch else ""
    yield Evidence(place, f"{text_of(node)} = {figure(value)}{epoch}")


def _is_own(node: Node) -> bool:
    return node.kind == "name" and str(node.args[0]).startswith(MARK)


def text_of(node: Any) -> str:
    """Return an expression as it would be written."""
    if not isinstance(node, Node):
        return str(node)
    args = node.args
    if _is_own(node):
        own, nodes = CALLS[args[0]]
        return f"{own.name}({', '.join(map(text_of, nodes))})"
    match node.kind:
        case "quantity":
            return f"{args[0]}{'' if args[1] == '%' else ' '}{args[1]}"
        case "true" | "false":
            return node.kind
        case "attribute":
            return f"{text_of(args[0])}.{args[1]}"
        case "item":
            return f"{text_of(args[0])}[{text_of(args[1])}]"
        case "call":
            return f"{args[0]}({', '.join(map(text_of, args[1:]))})"
        case "list":
            return f"[{', '.join(map(text_of, args))}]"
        case "not_":
            return f"not {text_of(args[0])}"
        case "or_" | "and_":
            return f" {node.kind[:-1]} ".join(map(text_of, args))
        case "contains":
            return f"{text_of(args[0])} in {text_of(args[1])}"
        case "lacks":
            return f"{text_of(args[0])} not in {text_of(args[1])}"
        case "sign":
            return f"{args[0]}{text_of(args[1])}"
        case "power":
            return " ** ".join(map(text_of, args))
        case "compare" | "binary":
            return " ".join(map(text_of, args))
    return str(args[0])
