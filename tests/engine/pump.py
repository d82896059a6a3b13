"""Try every pattern that some modules hold, each on long texts of its own pieces; the last one printed is slow.

A pattern is tried as its module uses it: from the beginning (``match``, ``fullmatch``) or anywhere. Usage:
``python pump.py "diagnose[.]logs"``.
"""

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import diagnose

SIZE = 100_000
MANY = 20
"""Repetitions from which on a piece counts as repeated without end."""
PROBES = ' a0.-:_="([/\n'
WAYS = {"match": "match", "fullmatch": "fullmatch"} | dict.fromkeys(
    ("search", "sub", "subn", "split", "findall", "finditer"), "findall"
)
CUT = {
    "diagnose.kit": 0,  # what authors of rules write
    "diagnose.text.markup": 0,
    "diagnose.sources.git": 0,  # what users type
    "diagnose.scan.learn": 4000,
    "diagnose.engine.story.outcome.STATED": 120,
    "diagnose.engine.story.commands.COMMAND": 600,
    "diagnose.logs.config_python.STATEMENT": 400,
    "diagnose.logs.config_shell.LINE": 200,
    "diagnose.logs.config_yaml": 400,
    "diagnose.logs.generic_text": 1500,
    "diagnose.reader.plain_row": 1500,
    "diagnose.reader.remarks": 400,
    "diagnose.reader.plain_signs": 1500,
}
"""Characters to which the callers cut a text, by how the names of patterns begin."""


REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)


def chars(node: Any, source: str) -> list[str]:
    """Return some characters that one node of a pattern matches; none if it is longer than a character."""
    if node[0] not in (op.IN, op.ANY, op.LITERAL, op.NOT_LITERAL):
        return []
    state = parser.State()
    state.str = ""
    pattern = re._compiler.compile(parser.SubPattern(state, [node]))  # type: ignore[attr-defined]
    literal = chr(node[1]) if node[0] is op.LITERAL else ""
    return [char for char in dict.fromkeys([*literal, *PROBES, *source]) if pattern.match(char)][:4]


def within(node: Any) -> list[Any]:
    """Return the patterns that a node holds, one for each of its alternatives."""
    code, value = node
    if code is op.BRANCH:
        return list(value[1])
    if code in (op.SUBPATTERN, *REPEATS):
        return [value[-1]]
    return [value] if code is op.ATOMIC_GROUP else []


def sample(tree: Any, most: int, source: str) -> str:
    """Return a text of the kind that a pattern matches, with up to *most* of what is optional."""
    text = ""
    for node in tree:
        times = min(max(node[1][0], most), MANY) if node[0] in REPEATS else 1
        text += "".join(chars(node, source)[:1] + [sample(one, most, source) for one in within(node)[:1]]) * times
    return text


def pumped(tree: Any, before: tuple[str, ...], source: str) -> Iterator[tuple[str, str]]:
    """Yield what can be repeated without end, each behind texts that lead to it."""
    for node in tree:
        for one in within(node):
            yield from pumped(one, before, source)
            if node[0] in REPEATS and node[1][1] >= MANY:
                pieces = chars(one[0], source) if len(one) == 1 else []
                for piece in pieces or [sample(one, 0, source), sample(one, 1, source)]:
                    yield from ((text, piece) for text in before)
        before = before[0] + sample([node], 0, source), before[-1] + sample([node], 1, source)


def texts(pattern: re.Pattern[Any], size: int) -> Iterator[Any]:
    """Yield long texts that a pattern all but matches, in many places."""
    binary = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin1") if binary else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE)
    pairs = {*pumped(tree, ("",), source)}
    for before, piece in sorted({*pairs, *(("", before + piece) for before, piece in pairs)}):
        text = before + piece * (size // max(len(piece), 1)) + "\0\n"
        yield text.encode("latin1", "replace") if binary else text


def patterns(part: re.Pattern[str]) -> Iterator[tuple[str, re.Pattern[Any], set[str]]]:
    """Yield all patterns that modules of some name hold by name, and how they are used."""
    used = uses()
    for module in pkgutil.walk_packages(diagnose.__path__, "diagnose."):
        if not part.match(module.name) or module.name.endswith("__main__"):
            continue
        held = importlib.import_module(module.name)
        for name, value in list(vars(held).items()):
            if type(value).__name__ in ("_Lazy", "Pattern") and (module.name, name) in used:
                yield f"{module.name}.{name}", re.compile(value.pattern, value.flags), used[module.name, name]
        for mark in getattr(held, "MARKS", ()):
            yield f"{module.name}.MARKS", re.compile(mark, re.MULTILINE), {"findall"}


def uses() -> dict[tuple[str, str], set[str]]:
    """Return by which methods each module uses what names."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in Path(diagnose.__path__[0]).rglob("*.py"):
        module = ".".join(("diagnose", *path.relative_to(diagnose.__path__[0]).with_suffix("").parts))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in WAYS:
                found.setdefault((module, node.value.id), set()).add(WAYS[node.attr])
    return found


if __name__ == "__main__":
    for name, pattern, ways in patterns(re.compile(sys.argv[1])):
        bound = next((most for start, most in CUT.items() if name.startswith(start)), SIZE)
        print(name, ascii(pattern.pattern), flush=True)
        for text in texts(pattern, bound):
            for way in ways:
                getattr(pattern, way)(text)
