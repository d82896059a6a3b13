"""Which patterns find in the shapes of lines, each once and with all digits equal, what they find in the lines."""

from __future__ import annotations

import re
from functools import lru_cache
from re import _compiler, _parser  # type: ignore[attr-defined]
from re import _constants as op
from typing import Any

from diagnose.foreseen import foreseen

DIGITS = "0123456789"
SINGLE = frozenset({op.ANY, op.IN, op.LITERAL, op.NOT_LITERAL})
"""Nodes that match one character."""
WITHIN_A_LINE = frozenset({op.AT_BEGINNING, op.AT_END, op.AT_BOUNDARY, op.AT_NON_BOUNDARY})
REPEATS = frozenset({op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT})


@lru_cache(maxsize=256)
def is_uniform(pattern: str) -> bool:
    """Whether a pattern (``re.MULTILINE``) looks at one line at a time, and at no digit as another than the others.

    It then occurs in a text if and only if it does in the shapes of its lines.
    """
    found: bool = foreseen("uniform", pattern, lambda: worked_out(pattern))
    return found


def worked_out(pattern: str) -> bool:
    """Return what ``is_uniform`` does."""
    parsed = _parser.parse(pattern, re.MULTILINE)
    return parsed.state.flags == (re.MULTILINE | re.UNICODE) and _are_uniform(parsed)


def _are_uniform(nodes: Any) -> bool:
    return all(_one(nodes.state, node, argument) for node, argument in nodes)


def _one(state: Any, node: Any, argument: Any) -> bool:
    if node in SINGLE:
        alone = _compiler.compile(_parser.SubPattern(state, [(node, argument)]))
        return alone.fullmatch("\n") is None and len({alone.fullmatch(digit) is None for digit in DIGITS}) == 1
    if node is op.AT:
        return argument in WITHIN_A_LINE
    if node is op.SUBPATTERN:
        _, more, less, inner = argument
        return not more and not less and _are_uniform(inner)
    if node is op.BRANCH:
        return all(map(_are_uniform, argument[1]))
    if node in REPEATS:
        return _are_uniform(argument[2])
    if node in (op.ASSERT, op.ASSERT_NOT):
        return _are_uniform(argument[1])
    return node is op.ATOMIC_GROUP and _are_uniform(argument)
