"""Lines of one shape as a template, widened by trial.

Lark parses one line. Its digits and runs of blanks may then stand for others as far as Lark, asked again about the line
with other digits and blanks in their places, finds the same tokens there. What may vary is decided for all tokens of
one terminal together; the whole template is tried once more with everything varied at once.

Digits that may not vary in number still stand for any digits: no terminal of a line grammar tells one digit from
another.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias, TypeVar
from zlib import crc32

from diagnose.patterns import lazy
from diagnose.records import dataclass, replace
from diagnose.scan.template import (
    ANY_NUMBER,
    BEGINS_WITH_POINT,
    BLANKS,
    ENDS_IN_POINT,
    EXPONENT,
    FRACTION,
    LEADING_ZERO,
    LITERAL,
    MINUS,
    NUMBER,
    PLUS,
    RUN,
    TEXT,
    WHOLE,
    Part,
    Place,
    Template,
    shape_of,
)

Parsed: TypeAlias = tuple[str, tuple[tuple[str, int, int], ...]]
"""What Lark makes of a line: the rule, and terminal, start and end of each named token."""
Parse: TypeAlias = Callable[[str], Parsed | None]

Some = TypeVar("Some")

HabitKey: TypeAlias = tuple[str, tuple[str, int], int]
Habits: TypeAlias = dict[HabitKey, Part]
"""How places of lines of one kind were allowed to vary, by what decides about them together: tried first."""

NAMES = frozenset({"KEY", "NAME", "COLUMN", "METRIC", "MONITOR"})
"""Terminals of names: their digits are part of the name."""
FORMS = (
    "7",
    "0.4120",
    "-0.25",
    "+0.25",
    "1.25e-05",
    "6.5E-05",
    "3e+08",
    "7.",
    ".5",
    "007",
    "00.75",
    "123456789012345678901",
    "12345.1234567890123",
)
"""Numbers of every shape; the longest show that no digits are counted."""
WIDTHS = (18, 15, 12, 9, 6, 4, 3)
"""Greatest number of digits that a run may have, whichever passes first."""
WIDE = 40
"""Most blanks in a run."""
FEW = range(4)
"""Blanks that grammars tell from more and from fewer of them: each number is tried, for what passes may have holes."""
ROUNDS = 16
"""Trials with everything varied at once, at random."""
TRAPS = ((1, 1), (2, 2), (4, 2), (2, 4), (3, 1))
"""Digits in the first of all runs that stand together, and in the others: parts of dates, times and fractions."""
LONGEST = 4000
"""Characters of a line that is tried."""
MOST_PARTS = 250

ANY_KIND = ""
"""Stands for a kind of lines none of which is known: how places varied in lines of another kind, by their terminals."""
SHAPES = {form: shape_of(form.encode()) for form in FORMS}

TOKEN = lazy(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
PIECE = lazy(r"[0-9]+| +")
WORD = lazy(r"[A-Za-z_]+", re.ASCII)
LIKE = lazy(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|  +", re.ASCII)
BRACKET = lazy(r"(?<=\[)(?=[0-9])")


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place where lines of one shape may differ: its part as widened so far, and what decides about it together."""

    start: int
    end: int
    part: Part
    group: tuple[str, int]


def shape_key(text: str) -> str:
    """Return what lines have in common that differ in the width of their numbers and blanks."""
    return PIECE.sub(lambda found: "0" if found[0] != " " * len(found[0]) else " ", text)


def likeness(text: str) -> str:
    """Return what is nearly always the same in two lines that one template fits: to look for one, not to prove it."""
    return LIKE.sub(lambda found: " " if found[0][0] == " " else "0", text)


def learn(text: str, parsed: Parsed, parse: Parse, habits: Habits) -> Template | None:
    """Return a template for a line and all that differ from it in numbers and blanks only as Lark allows.

    Args:
        text: the line.
        parsed: what Lark makes of it.
        parse: asks Lark.
        habits: of the lines learned before.

    Returns:
        The template; None if the line cannot be told from lines that Lark parses in another way.
    """
    slots = _learned(text, parsed, parse, habits)
    return None if slots is None else _template(text, parsed, slots)


def learn_worded(text: str, parsed: Parsed, parse: Parse, habits: Habits) -> Template | None:
    """Return the template of a line whose words may be others, too: of each words Lark is to be asked once more.

    The arguments are those of ``learn``.
    """
    slots = _learned(text, parsed, parse, habits)
    if slots is None:
        return None
    edges = {edge for _, start, end in parsed[1] for edge in (start, end)}
    covered = {at for slot in slots for at in range(slot.start, slot.end)}
    for word in WORD.finditer(text):
        start, end = word.span()
        if edges.isdisjoint(range(start + 1, end)) and covered.isdisjoint(range(start, end)):
            slots.append(_Slot(start, end, Part(TEXT), ("", start)))
    return _template(text, parsed, sorted(slots, key=lambda slot: (slot.start, slot.end)))


def _learned(text: str, parsed: Parsed, parse: Parse, habits: Habits) -> list[_Slot] | None:
    """Return the places of a line that may vary, as widely as they may; None if nothing is known for certain."""
    if len(text) > LONGEST:
        return None
    slots = list(_slots(text, parsed))
    if not slots or len(slots) > MOST_PARTS:
        return None
    trial = _Trial(text, parsed, parse)
    usual = [_usual(parsed[0], slot, habits) for slot in slots]
    if None not in usual:
        found = _varying(slot for slot in usual if slot is not None)
        as_ever = not any(_is_odd(parsed[0], slot, habits) for slot in slots)
        if (as_ever or trial.passes_forms(found)) and trial.passes_rounds(found, ROUNDS // 2):
            return found
    for known in (habits, dict[HabitKey, Part]()):
        wide = [_usual(parsed[0], slot, known) or _usual(ANY_KIND, slot, known) or slot for slot in slots]
        for group in dict.fromkeys(slot.group for slot, usual in zip(slots, wide, strict=True) if usual is slot):
            trial.widen(wide, [at for at, slot in enumerate(slots) if slot.group == group])
        found = _varying(wide)
        if (not known or trial.passes_forms(found)) and trial.passes_rounds(found):
            for slot, wider in zip(slots, wide, strict=True):
                habits.setdefault(_habit(parsed[0], slot), wider.part)
                if slot.group[0] or slot.part.operation == BLANKS:
                    habits.setdefault(_habit(ANY_KIND, slot), wider.part)
            return found
    found = [_fixed(slot) if slot.part.operation == BLANKS else slot for slot in found if slot.end > slot.start]
    return found if trial.passes_rounds(found) else None


def _habit(kind: str, slot: _Slot) -> HabitKey:
    return kind, slot.group, slot.part.operation


def _usual(kind: str, slot: _Slot, habits: Habits) -> _Slot | None:
    """Return a slot as such places are allowed to vary in other lines of the kind; None if there were none."""
    part = habits.get(_habit(kind, slot))
    if part is None:
        return None
    if part.operation == NUMBER:
        return replace(slot, part=replace(part, low=part.low | slot.part.low))
    return replace(slot, part=part) if part.low <= slot.end - slot.start <= part.high else _fixed(slot)


def _is_odd(kind: str, slot: _Slot, habits: Habits) -> bool:
    """Whether a number shows what numbers in its place were not found to be allowed."""
    part = habits.get(_habit(kind, slot))
    return part is not None and part.operation == NUMBER and bool(slot.part.low & ~part.low)


def _varying(slots: Iterable[_Slot]) -> list[_Slot]:
    """Return the slots without empty ones that stay empty."""
    return [slot for slot in slots if slot.end > slot.start or slot.part.high]


def _fixed(slot: _Slot) -> _Slot:
    width = slot.end - slot.start
    return replace(slot, part=replace(slot.part, low=width, high=width))


def _slots(text: str, parsed: Parsed) -> Iterator[_Slot]:
    """Yield the places that may vary, from left to right, each as narrow as the line itself shows it."""
    tokens = parsed[1]
    edges = {edge for _, start, end in tokens for edge in (start, end)}
    taken = bytearray(len(text) + 1)  # 1 for what names and numbers cover
    runs: dict[int, tuple[str, int]] = {}
    found: list[_Slot] = []
    for name, start, end in tokens:
        number = TOKEN.match(text, start, end)
        if name in NAMES:
            taken[start:end] = b"\1" * (end - start)
        elif number and not re.search(r"[0-9]", text[number.end() : end]):
            taken[start : number.end()] = b"\1" * (number.end() - start)
            found.append(_Slot(start, number.end(), Part(NUMBER, low=shape_of(number[0].encode())), (name, -1)))
        else:
            written = f"{name} {re.sub('[0-9]+', '0', text[start:end])}"  # 1:02:03 and 2 days, 1:02:03 differ
            for ordinal, run in enumerate(re.finditer(r"[0-9]+", text[start:end])):
                runs[start + run.start()] = (written, ordinal)
    found += [_Slot(at.start(), at.start(), Part(BLANKS), ("[", 0)) for at in BRACKET.finditer(text)]
    for piece in PIECE.finditer(text):
        start, end = piece.span()
        if any(taken[start:end]) or any(start < edge < end for edge in edges):
            continue
        width = end - start
        if text[start] != " ":
            found.append(_Slot(start, end, Part(RUN, low=width, high=width), runs.get(start, ("", start))))
        elif width > 1 or start == 0 or text[start - 1] == "[" or text[end : end + 1].isdigit():
            group = ("[", 0) if text[start - 1 : start] == "[" else (" " if width > 1 else "", -1)
            found.append(_Slot(start, end, Part(BLANKS, low=width, high=width), group))
    yield from sorted(found, key=lambda slot: (slot.start, slot.end))


class _Dice:
    """Chance, the same for the same line; ``random`` takes as long to import as ten trials."""

    def __init__(self, text: str) -> None:
        self._state = crc32(text.encode("utf-8", "surrogatepass"))

    def choose(self, some: Sequence[Some]) -> Some:
        """Return one of some."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return some[(self._state >> 33) % len(some)]


class _Trial:
    """Asks Lark about variants of one line."""

    def __init__(self, text: str, parsed: Parsed, parse: Parse) -> None:
        self._text, self._parsed, self._parse = text, parsed, parse
        self._slots, self._edges = -1, list[tuple[str, int, int, int, int]]()
        self._dice = _Dice(text)

    def widen(self, slots: list[_Slot], which: Sequence[int]) -> None:
        """Let the slots of one group vary as far as Lark allows."""
        first = slots[which[0]]
        part, operation = first.part, first.part.operation
        if operation == NUMBER:
            mask = self._shapes(slots, which)
            if not mask & ~WHOLE and all(slots[at].part.low == WHOLE for at in which):
                for at in which:
                    width = slots[at].end - slots[at].start
                    slots[at] = replace(slots[at], part=Part(RUN, low=width, high=width))
                self._widen_runs(slots, which)
                return
            for at in which:
                slots[at] = replace(slots[at], part=replace(slots[at].part, low=slots[at].part.low | mask))
        elif operation == BLANKS:
            self._widen_blanks(slots, which)
        elif first.group[0] or part.low not in (2, 4):  # dates and times are fixed
            self._widen_runs(slots, which)

    def _shapes(self, slots: list[_Slot], which: Sequence[int]) -> int:
        """Return the greatest mask of shapes that Lark allows in all slots."""
        failing = [SHAPES[form] for form in FORMS if not self._passes(slots, dict.fromkeys(which, form))]
        mask = ANY_NUMBER
        for bit in (LEADING_ZERO, EXPONENT, PLUS, MINUS, ENDS_IN_POINT, BEGINS_WITH_POINT, FRACTION, WHOLE):
            if any(not shape & ~mask and shape & bit for shape in failing):
                mask &= ~bit
        return mask

    def _widen_runs(self, slots: list[_Slot], which: Sequence[int]) -> None:
        for high in WIDTHS:
            if self._passes(slots, dict.fromkeys(which, "5" * high)):
                break
        else:
            return
        if all(self._passes(slots, dict.fromkeys(which, "5" * width)) for width in (1, 2, high - 1)):
            for at in which:
                if slots[at].end - slots[at].start <= high:
                    slots[at] = replace(slots[at], part=Part(RUN, low=1, high=high))

    def _widen_blanks(self, slots: list[_Slot], which: Sequence[int]) -> None:
        if not all(self._passes(slots, dict.fromkeys(which, " " * width)) for width in (2, 3, WIDE)):
            return
        low = 2
        while low and self._passes(slots, dict.fromkeys(which, " " * (low - 1))):
            low -= 1
        for at in which:
            if slots[at].end - slots[at].start >= low:
                slots[at] = replace(slots[at], part=Part(BLANKS, low=low, high=WIDE))

    def passes_rounds(self, slots: list[_Slot], count: int = ROUNDS) -> bool:
        """Whether Lark finds the same tokens with everything varied at once, several times."""
        apart = any(slot.part.operation == BLANKS and slot.end - slot.start > slot.part.low for slot in slots)
        rounds = [self._trap(slots, *widths, tight=tight) for tight in (False, True)[: 1 + apart] for widths in TRAPS]
        rounds += [{at: _extreme(slot, least=least) for at, slot in enumerate(slots)} for least in (True, False)]
        rounds += [{at: self._any(slot) for at, slot in enumerate(slots)} for _ in range(count)]
        rounds += [values for width in FEW if (values := _spaced(slots, width))]
        if slots and slots[0].start == 0 and slots[0].part.operation == BLANKS:  # a token may begin with them
            rounds.append({0: " " * slots[0].part.low})
        return all(self._passes(slots, values) for values in rounds)

    def passes_forms(self, slots: list[_Slot]) -> bool:
        """Whether Lark finds the same tokens with all numbers and runs in one form, and all blanks in one width."""
        return all(
            self._passes(slots, {at: value for at, slot in enumerate(slots) if (value := _formed(slot, form, width))})
            for width, (form, _) in enumerate(SHAPES.items(), 1)
        )

    def _trap(self, slots: list[_Slot], first: int, other: int, *, tight: bool) -> dict[int, str]:
        """Return runs of so many digits; with ``tight``, what few blanks stand between them no longer keeps apart."""
        values, before = {}, -9
        for at, slot in enumerate(slots):
            if slot.part.operation == BLANKS:
                if tight:
                    values[at] = " " * slot.part.low
                    before += slot.end - slot.start - slot.part.low
            else:
                width = other if slot.start - before < 2 else first
                fits = (
                    slot.part.low & WHOLE if slot.part.operation == NUMBER else slot.part.low <= width <= slot.part.high
                )
                before = slot.end
                if fits:
                    values[at] = "1" * width
        return values

    def _any(self, slot: _Slot) -> str:
        """Return what the part accepts, at random; now and then what the line itself shows."""
        part, choose = slot.part, self._dice.choose
        if slot.end > slot.start and choose(range(5)) == 0:
            return self._text[slot.start : slot.end]
        if part.operation == NUMBER:
            forms = [form for form, shape in SHAPES.items() if not shape & ~part.low]
            forms += ["12", "2024"] if part.low & WHOLE else []
            return choose([*forms, self._text[slot.start : slot.end]])
        width = choose([part.low, 1, 2, 2, 4, part.high, choose(range(part.low, part.high + 1))])
        width = min(max(width, part.low), part.high)
        return (" " if part.operation == BLANKS else choose("0123456789")) * width

    def _passes(self, slots: Sequence[_Slot], values: dict[int, str]) -> bool:
        """Whether Lark finds the same tokens in the line with some slots replaced."""
        pieces, at, shifts = list[str](), 0, [0]  # by how much what stands behind so many slots has moved
        for index, slot in enumerate(slots):
            shift = shifts[-1]
            if (value := values.get(index)) is not None:
                pieces += (self._text[at : slot.start], value)
                at, shift = slot.end, shift + len(value) - (slot.end - slot.start)
            shifts.append(shift)
        pieces.append(self._text[at:])
        found = self._parse("".join(pieces))
        return found is not None and found == (
            self._parsed[0],
            tuple([(name, a + shifts[p], b + shifts[q]) for name, a, b, p, q in self._tokens(slots)]),
        )

    def _tokens(self, slots: Sequence[_Slot]) -> list[tuple[str, int, int, int, int]]:
        """Return each token with how many slots stand before its start, and before its end.

        A token that ends at an empty slot stands before it.
        """
        if self._slots != len(slots):  # slots are only ever widened, or left out
            starts, ends = [slot.start for slot in slots], [slot.end for slot in slots]
            self._slots = len(slots)
            self._edges = [
                (name, a, b, bisect_right(ends, a), min(bisect_right(ends, b), bisect_left(starts, b)))
                for name, a, b in self._parsed[1]
            ]
        return self._edges


def _extreme(slot: _Slot, *, least: bool) -> str:
    """Return the shortest or the longest that a slot accepts."""
    part = slot.part
    if part.operation == NUMBER:
        forms = [form for form, shape in SHAPES.items() if not shape & ~part.low]
        return (min if least else max)(forms, key=len, default="7")
    return (" " if part.operation == BLANKS else "8") * (part.low if least else part.high)


def _spaced(slots: Sequence[_Slot], width: int) -> dict[int, str]:
    """Return that many blanks wherever so many may stand."""
    return {
        at: " " * width
        for at, slot in enumerate(slots)
        if slot.part.operation == BLANKS and slot.part.low <= width <= slot.part.high
    }


def _formed(slot: _Slot, form: str, width: int) -> str:
    """Return a number in a form, or a run or blanks of a width; nothing if the slot does not accept that."""
    if slot.part.operation == NUMBER:
        return "" if SHAPES[form] & ~slot.part.low else form
    width = min(max(width, slot.part.low), slot.part.high)
    return (" " if slot.part.operation == BLANKS else "5") * width


def _template(text: str, parsed: Parsed, slots: Sequence[_Slot]) -> Template:
    """Return the template of the line with its slots widened."""
    parts: list[Part] = []
    stops: list[tuple[int, int]] = []  # end of each slot, and the bytes beyond one per character before it
    at = surplus = 0
    for slot in slots:
        if slot.start > at:
            literal = text[at : slot.start].encode()
            surplus += len(literal) - (slot.start - at)
            parts.append(Part(LITERAL, literal))
        parts.append(slot.part)
        stops.append((slot.end, surplus))
        at = slot.end
    if at < len(text):
        parts.append(Part(LITERAL, text[at:].encode()))

    def place(position: int, *, ends: bool = False) -> Place:
        for index in range(len(slots) - 1, -1, -1):
            end, extra = stops[index]
            if end <= position and (slots[index].start < position or not ends):
                return index, position - end - extra
        return -1, position

    spans = tuple((name, place(start), place(end, ends=True)) for name, start, end in parsed[1])
    return Template(parsed[0], tuple(parts), spans)
