"""Lark's parse tables, run for one line at a time: what Lark finds, without Lark.

Lark compiles a grammar to tables (``diagnose.parsers.tables`` writes them down); to parse a line with them takes a
loop. This one knows where named tokens stand and which rule accepted the line, and builds no trees; a line that the
grammar does not accept costs no exception. ``DIAGNOSE_ENGINE=lark`` asks Lark itself, and tests compare the two.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Found: TypeAlias = tuple[str, tuple[tuple[str, int, int], ...]]
"""The rule that accepts a line, and terminal, start and end of each named token."""
Words: TypeAlias = list[tuple[str, re.Pattern[str]]]
Rule: TypeAlias = tuple[str, str, bool, list[int]]
"""What it is a rule of, the name of its tree, whether an only child stands for that, and the fates of its symbols."""

END = "$END"
DROP, KEEP, INLINE = range(3)
"""What becomes of a symbol of a rule in the tree: as in ``diagnose.parsers``."""


Value: TypeAlias = Any
"""A token, by its number; or a tree: name of the rule, how many children it has, and the child if there is but one."""


class LineParser:
    """One grammar's parser of lines; patterns are compiled when a line first needs them."""

    def __init__(self, tables: dict[str, Any]) -> None:
        """Take the tables of a grammar."""
        self._start, self._end = tables["start"], tables["end"]
        self._rows: list[dict[str, int]] = [tables["rows"][row] for _, row in tables["states"]]
        self._scanner_of: list[int] = [scanner for scanner, _ in tables["states"]]
        self._patterns: list[tuple[str, dict[str, list[list[str]]]]] = tables["scanners"]
        self._scanners: list[Any] = [None] * len(self._patterns)
        self._ignored = frozenset(tables["ignore"])
        self._names: dict[str, str] = tables["names"]
        self._rules: list[Rule] = tables["rules"]

    def __call__(self, text: str) -> Found | None:
        """Return what the grammar reads in a line; None if it does not accept it."""
        rows, ignored, scanners, scanner_of = self._rows, self._ignored, self._scanners, self._scanner_of
        states, values = [self._start], list[Value]()
        tokens: list[tuple[str, int, int] | None] = []
        at, end, last = 0, len(text), self._end
        while True:
            which = scanner_of[states[-1]]
            name: Any = END
            start = at
            while at < end:
                pattern, words = scanners[which] or self._scanner(which)
                found = pattern.match(text, at)
                if found is None:
                    return None
                start, at, name = at, found.end(), found.lastgroup
                if name not in ignored:
                    if name in words:
                        name = next((word for word, known in words[name] if known.fullmatch(found[0])), name)
                    break
                name = END
            while (action := rows[states[-1]].get(name, last)) < 0:
                rule = self._rules[~action]
                if size := len(rule[3]):
                    value = _reduced(rule, values[-size:], tokens)
                    del states[-size:], values[-size:]
                else:
                    value = (rule[1], 0, None)
                states.append(rows[states[-1]][rule[0]])
                values.append(value)
                if states[-1] == last and name == END:
                    kind = "start" if isinstance(value, int) else value[0]
                    return kind, tuple([token for token in tokens if token is not None])
            if action == last:
                return None
            states.append(action)
            values.append(len(tokens))
            tokens.append((self._names[name], start, at))

    def _scanner(self, which: int) -> tuple[re.Pattern[str], dict[str, Words]]:
        pattern, words = self._patterns[which]
        scanner = (
            re.compile(pattern),
            {name: [(word, re.compile(one)) for word, one in some] for name, some in words.items()},
        )
        self._scanners[which] = scanner
        return scanner


def _reduced(rule: Rule, values: list[Value], tokens: list[tuple[str, int, int] | None]) -> Value:
    """Return the tree of a rule, or the only child where that stands for it; forget the tokens that it leaves out."""
    _, own, single, fates = rule
    children, only = 0, None
    for fate, value in zip(fates, values, strict=True):
        if fate == KEEP:
            children, only = children + 1, value
        elif fate == DROP:
            tokens[value] = None
        else:  # its children are those of the tree
            children, only = children + value[1], value[2]
    return only if single and children == 1 else (own, children, only)
