"""Lines that differ in their digits and in how many stand side by side: what such lines have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from diagnose.records import dataclass
from diagnose.scan.template import ANY_NUMBER, LEADING_ZERO, LITERAL, NUMBER, RUN, Template

DIGITS = re.compile(rb"[0-9]+")
PRINTED = re.compile(rb"([+-]?)([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]+))?")


class Number(NamedTuple):
    """Which runs of digits a number consists of; -1 for those that it lacks.

    Attributes:
        whole, fraction, exponent: the runs, counted from the line's start.
        negative: whether it is below zero.
        falls: whether the exponent is.
    """

    whole: int
    fraction: int = -1
    exponent: int = -1
    negative: bool = False
    falls: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Lines that are the same once each run of digits is one zero, and so are of one template if their digits allow it.

    Attributes:
        template: its number.
        runs: how many runs of digits a line has.
        numbers: of its variable parts.
        literal: runs that belong to the template, and what they are.
        nonzero: runs that may not begin with a zero before other digits.
        widths: runs that have no fewer and no more digits than two numbers say.
    """

    template: int
    runs: int
    numbers: dict[int, Number]
    literal: Sequence[tuple[int, bytes]]
    nonzero: Sequence[int]
    widths: Sequence[tuple[int, int, int]]


def form_of(which: int, template: Template, spans: Sequence[slice], line: bytes) -> Form | None:
    """Return the form of a line of a template whose variable parts are known.

    Returns:
        None if any run of digits belongs to more than one part, or any number begins with its point.
    """
    runs = {found.span(): at for at, found in enumerate(DIGITS.finditer(line))}
    taken, literal = list[int](), list[tuple[int, bytes]]()
    nonzero, widths, numbers = list[int](), list[tuple[int, int, int]](), dict[int, Number]()

    def run(start: int, end: int) -> int:
        taken.append(runs.get((start, end), -1))
        return taken[-1]

    at = variable = 0
    for part in template.parts:
        if part.operation == LITERAL:
            literal += [(run(at + found.start(), at + found.end()), found[0]) for found in DIGITS.finditer(part.text)]
            at += len(part.text)
            continue
        start, at = at, spans[variable].stop
        if part.operation == RUN:
            numbers[variable] = Number(run(start, at))
            widths.append((taken[-1], part.low, part.high))
        elif part.operation == NUMBER:
            found = PRINTED.match(line, start, at)
            if found is None or found.end() != at:
                return None
            whole, fraction, exponent = (run(*found.span(group)) if found[group] else -1 for group in (2, 3, 5))
            numbers[variable] = Number(whole, fraction, exponent, found[1] == b"-", found[4] == b"-")
            nonzero += [whole] * (part.low != ANY_NUMBER and not part.low & LEADING_ZERO)
        variable += 1
    if -1 in taken or len(taken) < len(runs):
        return None
    return Form(which, len(runs), numbers, literal, nonzero, widths)
