"""The outline of a Python config: names, and the dictionaries and lists that are written for them."""

from __future__ import annotations

import ast
import warnings

from diagnose.configs.edit.outline import BRACES, ITEMS, LINES, Block, Entry
from diagnose.patterns import lazy

LINE_END = lazy(r"\r\n|\r|\n")


def outline(text: str) -> Block | None:
    """Return the names that are assigned at the top of a file.

    Raises:
        ValueError: if it is no Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from None
    return _Walk(text).module(tree)


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in LINE_END.finditer(text))]

    def module(self, tree: ast.Module) -> Block:
        block = Block(LINES, 0, len(self.text))
        for statement in tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    block.entries.append(self.entry(name, statement, value))
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    block.entries.append(self.entry(name, statement, value))
        return block

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno or 0, node.end_col_offset or 0)

    def at(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        written = self.text[start:end]
        return start + (column if written.isascii() else len(written.encode()[:column].decode(errors="ignore")))

    def entry(self, name: str, whole: ast.stmt | ast.keyword | ast.expr, value: ast.expr) -> Entry:
        start, end = self.span(value)
        return Entry(name, self.span(whole)[0], start, end, self.block(value))

    def block(self, node: ast.expr) -> Block | None:
        start, end = self.span(node)
        match node:
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
                start = self.text.index("(", start)
                block = Block(BRACES, start + 1, end - 1, call=True)
                block.entries = [self.entry(word.arg or "**", word, word.value) for word in keywords]
            case ast.Dict(keys=keys, values=values):
                block = Block(BRACES, start + 1, end - 1)
                block.entries = [
                    self.entry(str(key.value) if isinstance(key, ast.Constant) else "**", key or value, value)
                    for key, value in zip(keys, values, strict=True)
                ]
            case ast.List(elts=items) | ast.Tuple(elts=items) if self.text[start] in "[(":
                block = Block(ITEMS, start + 1, end - 1)
                block.entries = [self.entry(str(number), item, item) for number, item in enumerate(items)]
            case _:
                return None
        if block.entries:
            first = block.entries[0].start
            block.column = first - (max(self.text.rfind("\n", 0, first), self.text.rfind("\r", 0, first)) + 1)
        return block
