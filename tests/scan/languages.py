"""Whether every line that a grammar accepts is found by a pattern, proved by automaton.

A grammar is taken for the lines that its rules allow as texts of their terminals, one behind the other, with what it
ignores between them: it accepts those, or fewer, for its lexer takes the longest text only, and what a terminal asks of
its neighbours counts for nothing here. More than a few repetitions are taken for any number of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from re import _parser
from typing import Any

from lark import Lark

FEW = 8
"""Repetitions that are counted in a terminal."""
LETTERS = "".join(map(chr, (*range(10), *range(11, 128)))) + "\x85\xa0é٣\u2003\u3000ſK│┃━⭐世"
"""Stand for all characters but the end of the line: all that patterns tell apart."""
BEGIN, END, BORDER = "AT_BEGINNING", "AT_END", "AT_BOUNDARY"

Edge = tuple[str, int]
"""A condition or the letters that it reads, and the state that it leads to."""


class Automaton:
    """States, numbered from 0, with what leads from each to others: without reading, on a condition, by a letter."""

    def __init__(self) -> None:
        self.free: list[list[int]] = []
        self.places: list[list[Edge]] = []
        self.reading: list[list[Edge]] = []
        self.start, self.end = self.state(), self.state()

    def state(self) -> int:
        """Return a new state."""
        for edges in (self.free, self.places, self.reading):
            edges.append([])  # type: ignore[attr-defined]
        return len(self.free) - 1

    def pattern(self, parsed: Iterable[Any], start: int, flags: int, *, exact: bool) -> int:
        """Add a regular expression behind a state; return where it ends.

        Args:
            parsed: what Python's parser makes of it.
            start: the state.
            flags: of the expression.
            exact: whether conditions and repetitions count as they stand, as far as they can.
        """
        for operation, argument in parsed:
            name = str(operation)
            end = self.state()
            if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
                self.reading[start].append((letters(((operation, argument),), flags), end))
            elif name == "BRANCH":
                for branch in argument[1]:
                    self.free[self.pattern(branch, start, flags, exact=exact)].append(end)
            elif name == "SUBPATTERN":
                self.free[self.pattern(argument[3], start, flags | argument[1], exact=exact)].append(end)
            elif name in ("MAX_REPEAT", "MIN_REPEAT") or (name == "POSSESSIVE_REPEAT" and not exact):
                self._repeat(argument, start, end, flags, exact=exact)
            elif name == "AT" and (exact or str(argument) == BEGIN):
                self.places[start].append((str(argument), end))
            elif name in ("AT", "ASSERT", "ASSERT_NOT") and not exact:
                self.free[start].append(end)
            else:
                raise ValueError(f"no automaton is made of {name}")
            start = end
        return start

    def _repeat(self, argument: Any, start: int, end: int, flags: int, *, exact: bool) -> None:
        low, high, inside = argument
        few = _parser.MAXREPEAT - 1 if exact else FEW
        for _ in range(min(low, few)):
            start = self.pattern(inside, start, flags, exact=exact)
        if high > few:
            loop = self.state()
            self.free[start].append(loop)
            self.free[self.pattern(inside, loop, flags, exact=exact)].append(loop)
            start = loop
        else:
            for _ in range(low, high):
                self.free[start].append(end)
                start = self.pattern(inside, start, flags, exact=exact)
        self.free[start].append(end)

    def closed(self, states: Iterable[int], before: str, after: str) -> frozenset[int]:
        """Return states, and all that they lead to between two letters; empty ones are the line's begin and end."""
        found, waiting = set[int](), list(states)
        while waiting:
            if (one := waiting.pop()) not in found:
                found.add(one)
                waiting += self.free[one]
                waiting += [to for place, to in self.places[one] if holds(place, before, after)]
        return frozenset(found)


def holds(place: str, before: str, after: str) -> bool:
    """Return whether a condition holds between two letters."""
    if place == BORDER:
        return bool(re.match(r"\w", before)) is not bool(re.match(r"\w", after))
    return not {BEGIN: before, END: after}[place]


@cache
def letters_of(pattern: str, flags: int) -> str:
    return "".join(letter for letter in LETTERS if re.fullmatch(pattern, letter, flags))


def letters(items: Any, flags: int) -> str:
    """Return the letters that a parsed set, or a single character, reads."""
    texts, outside = [], False
    for operation, argument in items[0][1] if str(items[0][0]) == "IN" else items:
        name = str(operation)
        if name in ("NEGATE", "NOT_LITERAL"):
            outside = True
        if name in ("LITERAL", "NOT_LITERAL"):
            texts.append(re.escape(chr(argument)))
        elif name == "RANGE":
            texts.append(f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}")
        elif name == "CATEGORY":
            kind = str(argument).removeprefix("CATEGORY_")
            letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[kind.removeprefix("NOT_")]
            texts.append("\\" + (letter.upper() if kind.startswith("NOT_") else letter))
        elif name == "ANY":
            return LETTERS
    return letters_of(f"[{'^' * outside}{''.join(texts)}]", flags & re.IGNORECASE)


def of_grammar(lark: Lark) -> Automaton:
    """Return the lines that a grammar's rules allow. Raises RecursionError if they nest."""
    made = Automaton()
    terminals = {one.name: one.pattern for one in lark.terminals}
    rules: dict[str, list[list[str]]] = {}
    for rule in lark.rules:
        rules.setdefault(rule.origin.name, []).append([symbol.name for symbol in rule.expansion])

    def terminal(name: str, start: int) -> int:
        parsed = _parser.parse(terminals[name].to_regexp())
        return made.pattern(parsed, start, parsed.state.flags, exact=False)

    def ignored(start: int) -> int:
        loop = made.state()
        made.free[start].append(loop)
        for name in lark.ignore_tokens:
            made.free[terminal(name, loop)].append(loop)
        return loop

    def symbol(name: str, start: int) -> int:
        if name in terminals:
            return ignored(terminal(name, start))
        end = made.state()
        again = [one for one in rules[name] if one[:1] == [name]]  # as Lark writes what may come several times
        for one in rules[name]:
            if one not in again:
                made.free[sequence(one, start)].append(end)
        for one in again:
            made.free[sequence(one[1:], end)].append(end)
        return end

    def sequence(names: Iterable[str], start: int) -> int:
        for name in names:
            start = symbol(name, start)
        return start

    made.free[symbol("start", ignored(made.start))].append(made.end)
    return made


def of_pattern(pattern: str) -> Automaton:
    """Return the lines in which a pattern is found. Raises ValueError if it asks more of neighbours."""
    made = Automaton()
    made.reading[made.start].append((LETTERS, made.start))
    made.reading[made.end].append((LETTERS, made.end))
    parsed = _parser.parse(pattern)
    inside = made.state()
    made.free[made.start].append(inside)
    made.free[made.pattern(parsed, inside, parsed.state.flags, exact=True)].append(made.end)
    return made


def missed(lines: Automaton, gate: Automaton) -> str | None:
    """Return a line that is one of *lines* but not found by *gate*; None if there is none."""
    kinds = kinds_of(lines, gate)
    first = (lines.start, frozenset([gate.start]), "")
    came: dict[Any, Any] = {first: None}
    waiting, known = [first], dict[Any, frozenset[int]]()

    def step(states: frozenset[int], before: str, letter: str) -> frozenset[int]:
        """Return the states of the gate behind a letter; only -1 if it lets the line pass whatever follows."""
        key = states, before, letter
        if key not in known:
            inside = gate.closed(states, before, letter)
            after = {to for one in inside for read, to in gate.reading[one] if letter in read}
            known[key] = frozenset([-1]) if gate.end in inside else frozenset(after)
        return known[key]

    for here in waiting:
        state, states, before = here
        if lines.end in lines.closed([state], before, "") and gate.end not in gate.closed(states, before, ""):
            return "".join(way(came, here))
        for one in lines.closed([state], before, "x") | lines.closed([state], before, " "):
            for read, to in lines.reading[one]:
                for letter in kinds & set(read):
                    after = step(states, before, letter)
                    then = (to, after, letter if re.match(r"\w", letter) is None else "a")
                    if after != {-1} and then not in came:
                        came[then] = (here, letter)
                        waiting.append(then)
    return None


def kinds_of(*automata: Automaton) -> set[str]:
    """Return letters of which each stands for all that the automata do not tell from it."""
    reads = {read for one in automata for edges in one.reading for read, _ in edges}
    kinds: dict[tuple[bool, ...], str] = {}
    for letter in sorted(LETTERS, key=lambda one: (not one.isalnum(), not one.isprintable(), one)):
        kinds.setdefault((re.match(r"\w", letter) is None, *(letter in read for read in reads)), letter)
    return set(kinds.values())


def way(came: dict[Any, Any], here: Any) -> Iterator[str]:
    """Yield the letters that lead to a state, from the first on."""
    read = []
    while came[here] is not None:
        here, letter = came[here]
        read.append(letter)
    return reversed(read)
