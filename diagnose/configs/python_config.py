"""Configs written as Python source (mmdet and its family), read statically: nothing is executed."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from diagnose.model import Place, Setting

LARGEST = 1 << 20
"""Characters of a config that are looked at."""
MOST_NODES = 50_000
"""Values one name may stand for: repetition and reuse of names can blow a few lines up to billions."""
MOST_SETTINGS = 20_000
LONGEST_TEXT = 10_000
DEEPEST = 100

STATEMENT = re.compile(r"^[A-Za-z_]\w*\s*=(?!=)", re.MULTILINE)
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
CASTS: dict[str, Callable[[Any], Any]] = {"int": int, "float": float, "str": str, "bool": bool}

Scalar: TypeAlias = str | int | float | bool | None


class _UnknownError(Exception):
    """A value that cannot be told without running the config."""


@dataclass(frozen=True, slots=True)
class _Node:
    value: Scalar | list[_Node] | dict[str, _Node]
    line: int
    size: int = 1
    depth: int = 1
    known: bool = True


def read_python_config(text: str, path: str, *, first_line: int = 1) -> dict[str, Setting]:
    """Return the settings of a Python config, by dotted key, in the order of the file.

    Understood are assignments of constants, lists, tuples, dictionaries, ``dict(...)``, arithmetic on constants, and
    names assigned before. A value that needs more than that is left out. Lists of plain values are one setting; a
    list that holds dictionaries is numbered (``train_pipeline.2.type``). A part that is no Python is skipped.

    Args:
        text: the source, possibly cut or damaged.
        path: the file as the user named it.
        first_line: line of *path* at which *text* begins (a config may stand inside a log).
    """
    text = text[:LARGEST]
    names: dict[str, _Node] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source, above in _parts(text):
            _run(source, above + first_line - 1, names)
    shown = text.split("\n")
    settings: dict[str, Setting] = {}
    for name, node in names.items():
        for key, value, line in _flat(name, node):
            if len(settings) >= MOST_SETTINGS:
                return settings
            row = line - first_line
            quoted = shown[row].strip()[:400] if 0 <= row < len(shown) else ""
            settings[key] = Setting(key, value, Place(path, line, 1, quoted))
    return settings


def _parts(text: str) -> Iterator[tuple[list[ast.stmt], int]]:
    """Yield the statements of the text; of a text that does not parse as a whole, of each part that does."""
    whole = _parse(text)
    if whole is not None:
        yield whole, 0
        return
    starts = [found.start() for found in STATEMENT.finditer(text)]
    above, counted = 0, 0
    for start, end in pairwise([*starts, len(text)]):
        above += text.count("\n", counted, start)
        counted = start
        part = _parse(text[start:end])
        if part is None:  # a foreign line may follow the last bracket
            part = _parse(re.split(r"\n(?=[^\s)\]}#])", text[start:end], maxsplit=1)[0])
        if part is not None:
            yield part, above


def _parse(text: str) -> list[ast.stmt] | None:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _run(statements: list[ast.stmt], above: int, names: dict[str, _Node]) -> None:
    for statement in statements:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        for target in targets:
            if not isinstance(target, ast.Name):
                continue
            names.pop(target.id, None)
            try:
                names[target.id] = _evaluate(value, above, names)
            except (_UnknownError, RecursionError):
                continue


def _evaluate(node: ast.expr, above: int, names: dict[str, _Node]) -> _Node:
    line = node.lineno + above
    match node:
        case ast.Constant(value=str() | int() | float() | bool() | None as value):
            return _Node(value, line)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return _sized([_member(item, above, names) for item in items], line)
        case ast.Dict(keys=keys, values=values):
            pairs = [
                ("" if key is None else _key(_evaluate(key, above, names)), value)
                for key, value in zip(keys, values, strict=True)
            ]
            return _mapping(pairs, line, above, names)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            return _mapping([(word.arg or "", word.value) for word in keywords], line, above, names)
        case ast.Call(func=ast.Name(id="range" | "list" | "tuple" as name), args=arguments, keywords=[]):
            return _sequence(name, [_evaluate(argument, above, names) for argument in arguments], line)
        case ast.Call(func=ast.Name(id="int" | "float" | "str" | "bool" as name), args=[argument], keywords=[]):
            return _apply(CASTS[name], [_evaluate(argument, above, names)], line)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _apply(operator.neg, [_evaluate(operand, above, names)], line)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _apply(operator.pos, [_evaluate(operand, above, names)], line)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _apply(operator.not_, [_evaluate(operand, above, names)], line)
        case ast.BinOp(left=left, op=sign, right=right):
            return _binary(type(sign), _evaluate(left, above, names), _evaluate(right, above, names), line)
        case ast.Subscript(value=container, slice=index):
            return _item(_evaluate(container, above, names), _evaluate(index, above, names))
        case ast.Attribute(value=container, attr=name):
            return _item(_evaluate(container, above, names), _Node(name, line))
    raise _UnknownError


def _mapping(pairs: list[tuple[str, ast.expr]], line: int, above: int, names: dict[str, _Node]) -> _Node:
    items: dict[str, _Node] = {}
    for key, expression in pairs:
        try:
            if not key:  # `**name`
                spread = _evaluate(expression, above, names).value
                items.update(spread if isinstance(spread, dict) else {})
                continue
            items[key] = _evaluate(expression, above, names)
        except _UnknownError:
            # `type=AdamW` names an imported class: its name is what the text form of the config would hold.
            if key == "type" and isinstance(expression, ast.Name | ast.Attribute):
                name = expression.id if isinstance(expression, ast.Name) else expression.attr
                items[key] = _Node(name, expression.lineno + above)
    return _sized(items, line)


def _member(expression: ast.expr, above: int, names: dict[str, _Node]) -> _Node:
    try:
        return _evaluate(expression, above, names)
    except _UnknownError:  # it keeps its number in the list
        return _Node(None, expression.lineno + above, known=False)


def _sized(value: list[_Node] | dict[str, _Node], line: int) -> _Node:
    members = [*value.values()] if isinstance(value, dict) else value
    size = 1 + sum(member.size for member in members)
    depth = 1 + max((member.depth for member in members), default=0)
    if size > MOST_NODES or depth > DEEPEST:
        raise _UnknownError
    return _Node(value, line, size, depth)


def _key(node: _Node) -> str:
    if isinstance(node.value, list | dict) or node.value in ("", None) or not node.known:
        raise _UnknownError
    return str(node.value)


def _sequence(name: str, arguments: list[_Node], line: int) -> _Node:
    values = [argument.value for argument in arguments]
    if name != "range":
        if len(values) == 1 and isinstance(values[0], list):
            return arguments[0]
        raise _UnknownError
    bounds = [value for value in values if isinstance(value, int) and abs(value) < 1 << 40]
    if len(bounds) != len(values) or not 1 <= len(bounds) <= 3 or bounds[2:] == [0]:
        raise _UnknownError
    numbers = range(*bounds)
    if len(numbers) > MOST_NODES:
        raise _UnknownError
    return _sized([_Node(number, line) for number in numbers], line)


def _apply(function: Callable[..., Any], arguments: list[_Node], line: int) -> _Node:
    values = [argument.value for argument in arguments]
    if any(isinstance(value, list | dict) for value in values) or not all(argument.known for argument in arguments):
        raise _UnknownError
    try:
        result = function(*values)
    except (ArithmeticError, TypeError, ValueError):
        raise _UnknownError from None
    if isinstance(result, complex):
        raise _UnknownError
    return _Node(result, line)


def _binary(sign: type[ast.operator], left: _Node, right: _Node, line: int) -> _Node:
    one, two = left.value, right.value
    if isinstance(one, list) and isinstance(two, list) and sign is ast.Add:
        return _sized([*one, *two], line)
    if isinstance(one, list) and isinstance(two, int) and sign is ast.Mult:
        if len(one) * two > MOST_NODES:
            raise _UnknownError
        return _sized(one * two, line)
    if isinstance(one, str) or isinstance(two, str):
        wanted = sign is ast.Add and isinstance(one, str) and isinstance(two, str)
        if not wanted or len(str(one)) + len(str(two)) > LONGEST_TEXT:
            raise _UnknownError
    elif sign is ast.Pow or sign is ast.Mult:
        # An int of a million digits is as costly as a long list.
        numbers = [value for value in (one, two) if isinstance(value, int | float)]
        if len(numbers) != 2 or any(abs(number) > 1e18 for number in numbers):
            raise _UnknownError
        if sign is ast.Pow and abs(numbers[1]) > 64:
            raise _UnknownError
    if sign not in ARITHMETIC:
        raise _UnknownError
    return _apply(ARITHMETIC[sign], [left, right], line)


def _item(container: _Node, index: _Node) -> _Node:
    value, wanted = container.value, index.value
    if isinstance(value, dict) and isinstance(wanted, str) and wanted in value:
        return value[wanted]
    if isinstance(value, list) and isinstance(wanted, int) and -len(value) <= wanted < len(value):
        return value[wanted]
    raise _UnknownError


def _flat(key: str, node: _Node) -> Iterator[tuple[str, Any, int]]:
    if not node.known:
        return
    if isinstance(node.value, dict):
        for name, member in node.value.items():
            yield from _flat(f"{key}.{name}", member)
    elif isinstance(node.value, list) and not _is_plain(node):
        for index, member in enumerate(node.value):
            yield from _flat(f"{key}.{index}", member)
    else:
        yield key, _plain(node), node.line


def _is_plain(node: _Node) -> bool:
    if isinstance(node.value, list):
        return all(_is_plain(member) for member in node.value)
    return node.known and not isinstance(node.value, dict)


def _plain(node: _Node) -> Any:
    return [_plain(member) for member in node.value] if isinstance(node.value, list) else node.value
