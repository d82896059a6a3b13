"""Text of an expression to a tree of nodes, with errors that show line, column and a caret."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from diagnose.errors import DiagnoseError
from diagnose.parsers import parser
from diagnose.records import dataclass, field

if TYPE_CHECKING:
    from lark import Token, Tree

DEEPEST = 100
"""Nesting allowed in one expression, counted in grammar rules."""
CHAINS = frozenset({"or_", "and_", "compare", "binary", "power"})
"""Rules that stand for their only operand when no operator follows."""


class LanguageError(DiagnoseError):
    """An expression that is not valid; the message shows it with a caret under the fault."""

    def __init__(self, message: str, text: str, column: int, line: int = 1) -> None:
        """Point at *column* (1-based) of *line* of the expression *text*."""
        shown = text.split("\n")[line - 1] if text else ""
        super().__init__(f"{message}, line {line}, column {column}\n    {shown}\n    {' ' * (column - 1)}^")
        self.reason, self.text, self.line, self.column = message, text, line, column


@dataclass(slots=True)
class Node:
    """One operation: its kind (an alias of ``condition.lark``), its operands, and where it stands in which text."""

    kind: str
    args: tuple[Any, ...]
    line: int
    column: int
    text: str
    _run: Callable[[Any], Any] | None = field(default=None, init=False, repr=False, compare=False)
    _plain: Sequence[Any] = field(default=(), init=False, repr=False, compare=False)

    @classmethod
    def prepared(cls, tree: Sequence[Any], text: str) -> Node:
        """Return the node that ``plain`` gave; its operands are made when they are asked for, which few ever are."""
        node = cls.__new__(cls)
        node.kind, node._plain, node.line, node.column = tree  # noqa: SLF001 - its own
        node.text, node._run = text, None  # noqa: SLF001
        return node

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            """Make the operands."""
            if name != "args":
                raise AttributeError(name)
            self.args = tuple([Node.prepared(arg, self.text) if type(arg) is list else arg for arg in self._plain])
            return self.args

    @property
    def run(self) -> Callable[[Any], Any]:
        """What the node does with a scope, compiled when it is first asked for."""
        if self._run is None:
            from diagnose.language.evaluate import compiled

            self._run = compiled(self)
        return self._run

    def runs(self, run: Callable[[Any], Any]) -> None:
        """Let the node do something else with a scope, before it is compiled into others."""
        self._run = run

    def operands(self) -> Iterator[Node]:
        """Yield the nodes it is made of."""
        return (arg for arg in self.args if isinstance(arg, Node))

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it."""
        yield self
        for operand in self.operands():
            yield from operand.walk()


_PREPARED: dict[str, str] = {}


def plain(node: Node) -> list[Any]:
    """Return a node as nested lists, for JSON."""
    return [node.kind, [plain(arg) if isinstance(arg, Node) else arg for arg in node.args], node.line, node.column]


def prepare(trees: Mapping[str, str]) -> None:
    """Make expressions known that were parsed before: by their text, as ``plain`` gave them, both in JSON."""
    _PREPARED.update(trees)


@cache
def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        LanguageError: if it is not an expression of the language.
    """
    if _PREPARED and (known := _PREPARED.get(json.dumps(text))):
        return Node.prepared(json.loads(known), text)
    from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

    try:
        tree = parser("condition", positions=True).parse(text)
    except UnexpectedCharacters as error:
        raise LanguageError(f"unexpected character {error.char!r}", text, error.column, error.line) from None
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise LanguageError(
                "the expression ends too early", text, len(text.rsplit("\n", maxsplit=1)[-1]) + 1
            ) from None
        raise LanguageError(f"unexpected {str(error.token)!r}", text, error.column, error.line) from None
    except UnexpectedEOF:
        raise LanguageError("the expression ends too early", text, len(text) + 1) from None
    return _node(tree, text, 0)


def _node(tree: Tree[Token] | Token, text: str, depth: int) -> Node:
    from lark import Token, Tree

    if depth > DEEPEST:
        raise LanguageError(f"nested more than {DEEPEST} deep", text, 1)
    if isinstance(tree, Token):
        return Node("token", (str(tree),), tree.line or 1, tree.column or 1, text)
    kind = str(tree.data)
    args: list[Any] = []
    for child in tree.children:
        if isinstance(child, Tree):
            args.append(_node(child, text, depth + 1))
        elif isinstance(child, Token):
            args.append(str(child))
    if kind in CHAINS and len(args) == 1:
        return args[0] if isinstance(args[0], Node) else Node(kind, tuple(args), 1, 1, text)
    return Node(kind, tuple(args), tree.meta.line, tree.meta.column, text)


def names_in(node: Node) -> set[str]:
    """Return the bare names an expression uses (variables and series), without called functions."""
    return {str(part.args[0]) for part in node.walk() if part.kind == "name"}
