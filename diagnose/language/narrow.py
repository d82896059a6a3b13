"""Expressions made for segments of one outline: what names alone decide is decided once for all of them.

In a thousand logs of one program the same series, events, facts and settings come again with other values. There
``seen("killed")`` is false, ``main_score("val")`` is ``val/map`` and ``default(fact.patience, 0)`` is 0, and most of a
rule falls away. Equal parts of all rules that are left are one node, which is evaluated once in a segment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from diagnose.language.evaluate import NAMESPACES, compiled
from diagnose.language.functions import TABLE
from diagnose.language.hollow import HollowError, HollowSeries, hollow_scope
from diagnose.language.outline import Outline
from diagnose.language.parse import LanguageError, Node, parse
from diagnose.language.scope import Scope
from diagnose.language.values import MissingError, Span
from diagnose.records import dataclass, field

PLAIN = frozenset({bool, int, float, str, Span})
"""Kinds of values that hold nothing of the segment they were made on."""
TRUTHS = frozenset({"compare", "contains", "lacks", "not_", "and_", "or_"})
"""Kinds of nodes that give a truth value or a mask."""
KEPT = frozenset({"call", "attribute", "item", "binary", "and_", "or_", "compare", "name"})
"""Kinds of nodes whose values are kept where several others ask for them."""

NOTHING = object()
"""No value, not even None."""


class OddError(Exception):
    """An expression that is left as it is: what is wrong with it is told where it is evaluated."""


@dataclass(slots=True)
class Names:
    """What names mean to one rule.

    Attributes:
        given: names that each segment gives a value.
        values: its parameters.
        parts: its named parts.
        variable, series: the variable of ``each`` and the name of the series that it stands for, if it has one.
        made: parts that were met before.
        making: parts that are being made.
    """

    given: Iterable[str]
    values: Mapping[str, Any]
    parts: Mapping[str, Node | str]
    variable: str = ""
    series: str = ""
    made: dict[str, Node] = field(default_factory=dict)
    making: set[str] = field(default_factory=set)


class Narrow:
    """Makes expressions for segments of one outline."""

    def __init__(self, outline: Outline) -> None:
        """Begin with no expression."""
        self._scope = hollow_scope(outline)
        self._nodes: dict[tuple[Any, ...], Node] = {}
        self._results: dict[int, Node] = {}
        self._uses: dict[int, int] = {}

    def node(self, node: Node, names: Names) -> Node:
        """Return a node that gives what *node* does in each segment of the outline, or lacks the same.

        Raises:
            OddError: if that cannot be told without a segment.
        """
        match node.kind:
            case "name":
                return self._name(node.args[0], names)
            case "and_" | "or_":
                return self._logical(node, names)
            case "call" if node.args[0] in TABLE and TABLE[node.args[0]].lazy:
                return self._lazy(node.args[0], node.args[1:], names)
        args = [self._operand(arg, names) if isinstance(arg, Node) else arg for arg in node.args]
        if node.kind == "call" and args[0] == "count" and _is_comparison(args[1]):
            args[1] = args[1].args[1]  # there are as many points as there are in the mask, which need not be taken
        return _lack(node.kind, args) or self._made(self._new(node.kind, *args))

    def share(self) -> dict[int, int]:
        """See to it that what several nodes ask for is evaluated once in a segment; call it when all are made.

        Returns:
            Under which number ``Scope.kept`` has the value of such a node, by the node's identity.
        """
        slots = {}
        for slot, node in enumerate(self._nodes.values()):  # operands come before what they are operands of
            if node.kind in KEPT and self._uses.get(id(node), 0) > 1:
                node.runs(_once(slot, compiled(node)))
                slots[id(node)] = slot
        return slots

    def _operand(self, node: Node, names: Names) -> Node:
        space = node.kind == "name" and node.args[0] in NAMESPACES
        return self._new("name", *node.args) if space else self.node(node, names)

    def _name(self, name: str, names: Names) -> Node:
        if name in NAMESPACES:
            raise OddError
        if name == names.variable:
            return self._new("series", names.series)
        if name in names.given and name not in self._scope.values:
            return self._new("name", name)
        if name in names.values:
            return self._known(names.values[name])
        return self._part(name, names) if name in names.parts else self._made(self._new("name", name))

    def _part(self, name: str, names: Names) -> Node:
        if name in names.made:
            return names.made[name]
        if name in names.making:  # it is defined by itself
            raise OddError
        names.making.add(name)
        part = names.parts[name]
        made = names.made[name] = self.node(parse(part) if isinstance(part, str) else part, names)
        return made

    def _logical(self, node: Node, names: Names) -> Node:
        left: list[Node] = []
        for number, arg in enumerate(node.args, 1):
            operand = self.node(arg, names)
            if operand.kind == "known" and bool(operand.args[0]) is not (node.kind == "or_"):
                # It changes nothing, but may be what the whole gives.
                if number == len(node.args) and not (left and left[-1].kind in TRUTHS):
                    left.append(operand)
                continue
            left.append(operand)
            if operand.kind in ("known", "lacking"):
                break
        return left[0] if len(left) == 1 else self._new(node.kind, *left)

    def _lazy(self, name: str, args: Sequence[Node], names: Names) -> Node:
        first = self.node(args[0], names)
        lacks, sure = first.kind == "lacking", _is_sure(first)
        match name:
            case "default" if lacks or sure:
                return self.node(args[1], names) if lacks else first
            case "where_true" if lacks:
                return first
            case "where_true" if first.kind == "known":
                return self.node(args[1], names) if first.args[0] else self._lacking("what a condition asks for")
            case "has" if lacks or sure:
                return self._known(sure)
        return self._new("call", name, first, *[self.node(arg, names) for arg in args[1:]])

    def _made(self, node: Node) -> Node:
        """Return what a node gives or lacks if values do not matter to that, else the node."""
        made = self._results.get(id(node))
        if made is None:
            made = self._results[id(node)] = self._tried(node) if all(map(_is_static, node.operands())) else node
        return made

    def _tried(self, node: Node) -> Node:
        try:
            value = node.run(self._scope)
        except HollowError:
            return node
        except MissingError as error:
            return self._lacking(error.what)
        except LanguageError:
            raise OddError from None
        if isinstance(value, HollowSeries):
            return self._new("series", value.name)
        items = value if isinstance(value, list) else [value]
        if items and all(isinstance(item, HollowSeries) for item in items):
            return self._new("list", *[self._new("series", item.name) for item in items])
        return self._known(value) if all(type(item) in PLAIN for item in items) else node

    def _known(self, value: Any) -> Node:
        return self._one("known", (value,), (type(value), repr(value)))

    def _lacking(self, what: str) -> Node:
        return self._new("lacking", what)

    def _new(self, kind: str, *args: Any) -> Node:
        return self._one(kind, args, tuple([id(arg) if isinstance(arg, Node) else arg for arg in args]))

    def _one(self, kind: str, args: tuple[Any, ...], key: tuple[Any, ...]) -> Node:
        """Return the one node of this kind with these operands."""
        known = self._nodes.get((kind, *key))
        if known is None:
            known = self._nodes[kind, *key] = Node(kind, args, 1, 1, "")
            for arg in known.operands():
                self._uses[id(arg)] = self._uses.get(id(arg), 0) + 1
        return known


def _is_sure(node: Node) -> bool:
    """Whether a node lacks nothing, whatever the values are."""
    return node.kind in ("known", "series") or (node.kind == "name" and node.args[0] not in NAMESPACES)


def _is_static(node: Node) -> bool:
    """Whether a node gives the same in all segments of an outline, up to the values of series."""
    if node.kind == "list":
        return all(map(_is_static, node.args))
    return node.kind in ("known", "series") or (node.kind == "name" and node.args[0] in NAMESPACES)


def _is_comparison(node: Node) -> bool:
    """Whether a node asks for the points where a comparison is true."""
    return node.kind == "call" and node.args[0] == "where" and node.args[1].kind == "compare"


def _lack(kind: str, args: Sequence[Any]) -> Node | None:
    """Return the operand that is missing whatever the values are, if nothing before it can be."""
    operands = [arg for arg in args if isinstance(arg, Node)]
    if kind in ("compare", "binary"):  # the others are looked at once these two were found to be of a kind
        operands = operands[:2]
    for operand in reversed(operands) if kind == "item" else operands:
        if operand.kind == "lacking":
            return operand
        if not _is_sure(operand):
            return None
    return None


def _once(slot: int, run: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
    """Return what gives the value that a node had in the segment before, or lacks what it lacked."""

    def kept(scope: Scope) -> Any:
        value = scope.kept.get(slot, NOTHING)
        if value is NOTHING:
            try:
                value = scope.kept[slot] = run(scope)
            except MissingError as error:
                scope.kept[slot] = MissingError(error.what)
                raise
        elif type(value) is MissingError:
            raise MissingError(value.what)
        return value

    return kept
