"""Conditions of many rules, written out as one Python function: most of what nodes take is the calls between them.

A line of it does what the node does, in the same order; what is written nowhere else, or may combine masks, is left to
the node. Values that several nodes ask for are variables, and are kept in the scope for those that evaluate nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from diagnose.language.evaluate import NAMESPACES, WRONG, attribute_of, is_true
from diagnose.language.functions import TABLE
from diagnose.language.functions.registry import Function
from diagnose.language.operate import combined, compared, computed, number_of
from diagnose.language.parse import LanguageError, Node
from diagnose.language.scope import Scope
from diagnose.language.values import Mask, MissingError

Odd = tuple[int, bool | str | None]
"""The number of a rule, and what came of one of its conditions: it holds, it lacks something, or it is at fault."""
Look = Callable[[Scope], Sequence[Odd]]
"""What all conditions come to in a segment; of those that are false nothing is told."""

GIVEN = frozenset({"segment_index", "segment_count"})
"""Numbers that every segment is given by name."""
OF_NUMBERS = frozenset({"abs", "ceil", "exp", "floor", "log", "log10", "max", "min", "sqrt"})
"""Functions that give a number if all they are given are numbers."""
KINDS = {"float": "number", "Point": "number", "bool": "plain", "str": "plain", "Series": "series", "Mask": "mask"}
"""What a function gives, by its annotation; *plain* is what is surely no series and no mask."""
MASKS = frozenset({"is_finite", "is_inf", "is_nan"})
"""Functions that give a mask of a series, and of a number whether it is so."""
SAFE = frozenset("+-*")
"""Signs that give a number whatever the numbers are."""
SINGLE = frozenset({"number", "plain"})
STATED = frozenset({"config", "fact", "new", "old"})
"""Namespaces of what is stated, none of it a series."""


def written(conditions: Sequence[Sequence[Node]], slots: Mapping[int, int]) -> Look | None:
    """Return all conditions as one function, or None if they are too deep for Python.

    Args:
        conditions: those of each rule, made by ``Narrow`` for one outline.
        slots: where the values of nodes are kept that several others ask for, by the identity of the node.
    """
    page = _Page(slots)
    for number, several in enumerate(conditions):
        for node in several:
            page.condition(number, node)
    try:
        exec("\n".join(page.text()), page.known)  # noqa: S102 - of trees of our grammar, no text of a rule is in it
    except (SyntaxError, RecursionError, MemoryError):
        return None
    look: Look = page.known["look"]
    return look


class _Page:
    """The text of the function as far as it is written."""

    def __init__(self, slots: Mapping[int, int]) -> None:
        self.known: dict[str, Any] = {
            "Mask": Mask, "MissingError": MissingError, "WRONG": (LanguageError, *WRONG), "attribute_of": attribute_of,
            "combined": combined, "compared": compared, "computed": computed, "is_true": is_true, "lack": _lack,
            "number_of": number_of,
        }  # fmt: skip
        self._slots = slots
        self._kinds: dict[int, str] = {}
        self._shared: dict[str, None] = {}
        self._lines: list[str] = []
        self._depth = 1
        self._sure: dict[int, int] = {}
        self._count = 0

    def text(self) -> list[str]:
        """Return the lines of the function."""
        begin = "    odd, kept, series = [], scope.kept, scope.segment.series"
        shared = f"    {' = '.join([*self._shared, '_'])} = None"
        return ["def look(scope):", begin, shared, *self._lines, "    return odd"]

    def condition(self, number: int, node: Node) -> None:
        """Write one condition of a rule."""
        if node.kind == "lacking":
            self._line(f"odd.append(({number}, {node.args[0]!r}))")
            return
        self._line("try:")
        self._depth += 1
        value = self._value(node)
        self._line(f"if {value if self._kind(node) in SINGLE else f'is_true({value})'}:")
        self._line(f"    odd.append(({number}, True))")
        self._leave(self._depth - 1)
        self._line("except MissingError as error:")
        self._line(f"    odd.append(({number}, error.what))")
        self._line("except WRONG:")
        self._line(f"    odd.append(({number}, None))")

    def _value(self, node: Node) -> str:
        """Write what has to be done first, and return an expression for the value of a node."""
        slot = self._slots.get(id(node))
        if slot is None:
            return self._made(node)
        if slot not in self._sure:
            self._shared[f"v{slot}"] = None
            self._line(f"if v{slot} is None:")
            self._depth += 1
            made = self._made(node)
            self._line(f"kept[{slot}] = v{slot} = {made}")
            self._leave(self._depth - 1)
            self._sure[slot] = self._depth
        return f"v{slot}"

    def _made(self, node: Node) -> str:
        match node.kind:
            case "known":
                return self._constant(node.args[0])
            case "series":
                return f"series[{node.args[0]!r}]"
            case "lacking":
                return f"lack({node.args[0]!r})"
            case "name" if node.args[0] in GIVEN:
                return f"scope.values[{node.args[0]!r}]"
            case "and_" | "or_" if all(self._kind(arg) in SINGLE for arg in node.args):
                return self._logical(node)
            case "and_" | "or_" if self._kind(node) == "mask":
                first, *rest = self._values(node.args)
                for other in rest:
                    first = f"combined({first}, {other}, any_={node.kind == 'or_'})"
                return first
            case "not_" if self._kind(node.args[0]) in SINGLE:
                return f"(not {self._value(node.args[0])})"
            case "compare" if len(node.args) == 3:
                return self._compared(node)
            case "binary":
                first, *rest = self._values([node.args[0], *node.args[2::2]])
                known = self._kind(node.args[0]) == "number"
                for sign, operand, arg in zip(node.args[1::2], rest, node.args[2::2], strict=True):
                    known = known and self._kind(arg) == "number"
                    if not known:
                        first = f"computed({sign!r}, {first}, {operand})"
                    elif sign in SAFE:
                        first = f"(float({first}) {sign} float({operand}))"
                    else:
                        first = f"number_of({sign!r}, {first}, {operand})"
                return first
            case "attribute" if not _is_space(node.args[0]):
                return f"attribute_of({self._value(node.args[0])}, {node.args[1]!r}, scope)"
            case "call" if (function := _function(node)) is not None:
                return self._lazy(node) if function.lazy else self._call(function, node)
        return f"{self._name('node', node.run)}(scope)"

    def _compared(self, node: Node) -> str:
        left, sign, right = node.args
        kinds = self._kind(left), self._kind(right)
        first, second = self._values([left, right])
        if kinds == ("number", "number"):
            return f"({first} {sign} {second})"
        if kinds == ("series", "number"):
            base = self._new()
            self._line(f"{base} = {first}")
            return f"Mask({base}, {base}.value {sign} float({second}))"
        return f"compared({sign!r}, {first}, {second})"

    def _logical(self, node: Node) -> str:
        result, depth = self._new(), self._depth
        for number, arg in enumerate(node.args):
            if number:
                self._line(f"if {'not ' if node.kind == 'or_' else ''}{result}:")
                self._depth += 1
            value = self._value(arg)
            self._line(f"{result} = {value}")
        self._leave(depth)
        return result

    def _call(self, function: Function, node: Node) -> str:
        given = ", ".join([*(["scope"] if function.scoped else []), *self._values(node.args[1:])])
        return f"{self._name(function.name, function.call)}({given})"

    def _lazy(self, node: Node) -> str:
        """Write what ``default``, ``where_true`` and ``has`` do."""
        name, first, *others = node.args
        result = self._new()
        if name == "where_true":
            condition = self._value(first)
            self._line(f"if not {condition if self._kind(first) in SINGLE else f'is_true({condition})'}:")
            self._line("    lack('what a condition asks for')")
            return self._value(others[0])
        self._line("try:")
        self._depth += 1
        value = self._value(first)
        self._line(f"{result} = {value}")
        self._leave(self._depth - 1)
        self._line("except MissingError:")
        self._depth += 1
        value = self._value(others[0]) if others else "False"
        self._line(f"{result} = {value}")
        self._leave(self._depth - 1)
        if not others:
            self._line("else:")
            self._line(f"    {result} = True")
        return result

    def _values(self, nodes: Sequence[Node]) -> list[str]:
        """Return expressions for several nodes, which are evaluated one after the other."""
        made: list[str] = []
        for node in nodes:
            at = len(self._lines)
            value = self._value(node)
            if len(self._lines) > at:  # what stands before it is evaluated before that
                for number, one in enumerate(made):
                    if "(" in one:
                        made[number] = self._new()
                        self._lines.insert(at, f"{'    ' * self._depth}{made[number]} = {one}")
                        at += 1
            made.append(value)
        return made

    def _kind(self, node: Node) -> str:
        """Return what is known of the kind of a value: number, plain, series, mask; empty if nothing is."""
        known = self._kinds.get(id(node))
        if known is None:
            known = self._kinds[id(node)] = self._told(node)
        return known

    def _told(self, node: Node) -> str:
        kinds = {self._kind(arg) for arg in node.operands()}
        match node.kind:
            case "known":
                return "number" if type(node.args[0]) in (float, int) else "plain"
            case "series":
                return "series"
            case "lacking":
                return "number"  # or whatever else: there will be none
            case "name":
                return "number" if node.args[0] in GIVEN or node.args[0] == "epochs" else ""
            case "and_" | "or_" | "not_":
                return "plain" if kinds <= SINGLE else "mask" if kinds == {"mask"} else ""
            case "compare":
                return "plain" if kinds <= SINGLE else "mask" if kinds == {"series", "number"} else ""
            case "binary":
                return "number" if kinds <= SINGLE else ""
            case "attribute":
                whole = node.args[0]
                if not _is_space(whole):
                    return "number" if kinds == {"number"} else "plain"  # of a point, or of anything else
                return "plain" if whole.args[0] in STATED else ""
            case "contains" | "lacks":
                return "plain"
            case "call" if (function := _function(node)) is not None:
                return self._given(function, kinds, [self._kind(arg) for arg in node.operands()])
        return ""

    def _given(self, function: Function, kinds: set[str], ordered: Sequence[str]) -> str:
        match function.name:
            case "default":
                return ordered[0] if len(kinds) == 1 else "plain" if kinds <= SINGLE else ""
            case "where_true":
                return ordered[1]
            case "max" | "min" if ordered in (["series"], ["mask"]):
                return "number"
            case name if name in OF_NUMBERS and kinds == {"number"}:
                return "number"
            case name if name in MASKS:
                return "mask" if kinds == {"series"} else "plain" if kinds <= SINGLE else ""
        return KINDS.get(function.call.__annotations__["return"], "")

    def _constant(self, value: Any) -> str:
        plain = type(value) in (bool, str) or (type(value) in (int, float) and math.isfinite(value))
        return repr(value) if plain else self._name("known", value)

    def _name(self, word: str, value: Any) -> str:
        """Return the name under which the function finds something."""
        name = f"{word}_{id(value)}"
        self.known[name] = value
        return name

    def _new(self) -> str:
        self._count += 1
        return f"r{self._count}"

    def _leave(self, depth: int) -> None:
        """End blocks: what was worked out in them may not be there after them."""
        self._depth = depth
        self._sure = {slot: where for slot, where in self._sure.items() if where <= depth}

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)


def _lack(what: str) -> Any:
    raise MissingError(what)


def _is_space(node: Node) -> bool:
    return node.kind == "name" and node.args[0] in NAMESPACES


def _function(node: Node) -> Function | None:
    """Return the function that a node calls, if it is called as it should be."""
    function = TABLE.get(node.args[0])
    return function if function is not None and function.least <= len(node.args) - 1 <= function.most else None
