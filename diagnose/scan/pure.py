"""What ``_kernel.c`` does, in Python: the same methods with the same results, for installations without a compiler."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from diagnose.records import dataclass, replace
from diagnose.scan.gate import Gate
from diagnose.scan.pure_forms import Form, form_of
from diagnose.scan.pure_rows import Rows
from diagnose.scan.template import ANY_NUMBER, LEADING_ZERO, LITERAL, NUMBER, Part, Template

if TYPE_CHECKING:
    from diagnose.scan.pure_side import Side
    from diagnose.scan.pure_stretch import Order, Stretch

NO_MORE, A_LINE, FULL = range(3)
WANTED, EVERYTHING, NO_ROWS, PASSAGE = range(4)
MOST_SHAPES = 20_000
"""Lines, their digits blanked, that are remembered."""
PIECES = range(1 << 12, 1 << 17)
"""Bytes that are split into lines at once: the more, the fewer of the lines before were for Python."""
TOGETHER = 1 << 18
"""Bytes of lines that are read side by side."""
MANY = 32
"""Lines from which on it is told whether many are rows."""
DROPPED = 4
"""Most lines to a row where many are."""
ZERO = ord("0")
DIGIT = re.compile(rb"[0-9]")
WHOLE_PART = re.compile(rb"[+-]?([0-9]*)")
BLANK_DIGITS = bytes.maketrans(b"123456789", b"000000000")


Getter = Callable[[bytes], tuple[Any, ...]]


def _getter(places: Sequence[Any]) -> Getter:
    """Return what takes several places out of a line."""
    if not places:
        return lambda _: ()
    return itemgetter(*places) if len(places) > 1 else lambda line: (line[places[0]],)


@dataclass(slots=True)
class _Shape:
    """Lines that differ in their digits only, digit for digit, and are of one template.

    Attributes:
        template: its number.
        spans: where its variable parts stand.
        guards, guarded: take the digits that are part of the template out of a line; what they are.
        nonzero: takes out the digits by which no number may begin with a zero.
        certain: whether every line of this shape is of the template.
        rows, texts: how rows are stored, and what takes the texts out of a line that they need.
    """

    template: int
    spans: list[slice]
    guards: Getter
    guarded: tuple[bytes, ...]
    nonzero: Getter
    certain: bool
    rows: Rows | None = None
    texts: Getter = tuple

    def fits(self, line: bytes) -> bool:
        """Whether a line of this shape is of the template for certain."""
        return self.guards(line) == self.guarded and ZERO not in self.nonzero(line)

    def numbers(self, rows: Rows) -> Getter:
        """Return what takes the texts of the numbers that a row needs out of a line."""
        if self.rows is not rows:
            self.rows, self.texts = rows, _getter([self.spans[part] for part in rows.parts])
        return self.texts


class Scanner:
    """Templates, and the rows that were read by them."""

    def __init__(self) -> None:
        """Start without templates, and with a gate that lets every line pass."""
        self._known: list[Template] = []
        self._patterns: list[re.Pattern[bytes]] = []
        self._whole: list[list[int]] = []  # numbers of each that may not begin with a zero before other digits
        self._rows: list[Rows] = []
        self._order: list[int] = []
        self._digital: list[int] = []  # templates for which it matters which digits stand somewhere
        self._loose: dict[int, re.Pattern[bytes]] = {}  # what the keys of their lines match, and more
        self._gates: list[Gate | None] = [None, None]
        self._alike = [False, False]  # whether a gate tells no digits from each other
        self._shapes: dict[bytes, _Shape | None] = {}
        self._dull: list[set[bytes]] = [set(), set()]
        self._counters = (0.0, 0.0)
        self._piece = PIECES.start
        self._has_many = False  # whether many of the lines before were rows
        self._has_changed = False  # whether other rows are wanted since then
        self._side: Side | None = None

    def learn(self, templates: Sequence[Template]) -> None:
        """Take the templates beyond those already known."""
        self._shapes.clear()
        if self._side is not None:
            self._side.forget()
        for template in templates[len(self._known) :]:
            variable = [part for part in template.parts if part.operation != LITERAL]
            self._patterns.append(re.compile(b"".join(part.pattern() for part in template.parts) + rb"\r*+\Z"))
            self._whole.append(
                [at for at, part in enumerate(variable) if _is_choosy(part) and not part.low & LEADING_ZERO]
            )
            if any(_is_choosy(part) or DIGIT.search(part.text) for part in template.parts):
                self._digital.append(len(self._known))
                loose = b"".join(_blanked(part).pattern() for part in template.parts)
                self._loose[len(self._known)] = re.compile(loose + rb"\r*+\Z")
            self._order.append(len(self._known))
            self._known.append(template)
            self._rows.append(Rows())

    def gate(self, gate: Gate, borders: bool = False) -> None:
        """Drop lines that the gate does not let pass; *borders*: these lines end a passage."""
        self._gates[borders] = gate
        self._alike[borders] = not gate.tells_digits
        self._dull[borders].clear()

    def ignore(self, line: bytes) -> None:
        """Drop lines that differ from this one in their digits only."""
        if self._alike[0]:
            self._forget(line.rstrip(b"\r").translate(BLANK_DIGITS), 0)

    def match(self, line: bytes) -> tuple[int, tuple[int, ...]] | None:
        """Return the template of a line without its newline and where its variable parts end."""
        if line.endswith(b"\r") or b"\n" in line:
            return None
        found = self._shape(line, line.translate(BLANK_DIGITS))
        return None if found is None else (found.template, tuple([span.stop for span in found.spans]))

    def enable(
        self,
        template: int,
        columns: Sequence[int],
        major: int,
        minor: int,
        constant: int,
        expected: float,
        forbids: bool,
        checks: Sequence[tuple[int, float, bool]] = (),
        keeps: bool = False,
        like: int = -1,
    ) -> None:
        """Store rows of a template; by itself, whatever it is *like*."""
        all_checks = [*([(constant, expected, True)] if constant >= 0 else []), *checks]
        self._rows[template] = Rows(tuple(columns), major, minor, all_checks, forbids, enabled=True, keeps=keeps)
        self._change()

    def disable(self) -> None:
        """Store no rows until templates are enabled again, but those whose lines are kept; rows not taken stay."""
        for rows in self._rows:
            rows.enabled = rows.enabled and rows.keeps
        self._change()

    def _change(self) -> None:
        self._has_changed = True
        if self._side is not None:
            self._side.change()

    def take(self, template: int) -> bytes:
        """Return the rows of a template as bytes of doubles: line, counters, columns; they are forgotten here."""
        return self._rows[template].take()

    def holding(self) -> list[int]:
        """Return the templates of which rows wait to be taken."""
        return [at for at, rows in enumerate(self._rows) if rows.stored]

    def lines(self, template: int) -> bytes:
        """Return the lines of a template's rows, where they are kept; they are forgotten here."""
        kept, self._rows[template].lines = self._rows[template].lines, []
        return b"".join(line + b"\n" for line in kept)

    def counters(self) -> tuple[float, float]:
        """Return the counters of the last row."""
        return self._counters

    def set_counters(self, major: float, minor: float) -> None:
        """Set what the next row must be above."""
        self._counters = (major, minor)

    def walk(
        self, block: bytes | bytearray, start: int, end: int, line: int, mode: int
    ) -> tuple[int, int, int, int, int]:
        """Go on to the next line that is for Python; see the kernel."""
        while start < end:
            has_many = self._has_many and mode == WANTED
            size = TOGETHER if has_many else self._piece
            stop = block.rfind(b"\n", start, min(end, start + size))
            if stop < 0:
                stop = block.index(b"\n", start, end)
            through = self._side_by_side if has_many else self._one_by_one
            count, start, reason, template = through(block, start, stop + 1, line, mode)
            line += count
            if reason != NO_MORE:
                return reason, start, block.index(b"\n", start) + 1, line, template
        return NO_MORE, start, start, line, -1

    def _one_by_one(
        self, block: bytes | bytearray, start: int, end: int, first: int, mode: int
    ) -> tuple[int, int, int, int]:
        """Go through lines, of which the first has that number; return how many, the next one's place, and why."""
        piece = bytes(block[start : end - 1])
        lines, keys = piece.split(b"\n"), piece.translate(BLANK_DIGITS).split(b"\n")
        dropped, dull = 0, self._dull[mode == PASSAGE] if mode != EVERYTHING else ()
        for at, (text, key) in enumerate(zip(lines, keys, strict=True)):
            found = None if mode == PASSAGE else self._shapes.get(key)
            if key in dull and (mode == PASSAGE or found is NOWHERE):
                dropped += 1
                continue
            if mode != PASSAGE and (found is None or not found.certain):
                found = self._shape(text, key)
            reason, template = self._read(found, text, key, first + at, mode)
            if reason != NO_MORE:
                self._piece = max(self._piece // 2, PIECES.start)
                return at, start + sum(map(len, lines[:at])) + at, reason, template
            dropped += found is None
        self._piece = min(self._piece * 2, PIECES.stop)
        self._tell(mode, len(lines) - dropped, len(lines))
        return len(lines), end, NO_MORE, -1

    def _side_by_side(
        self, block: bytes | bytearray, start: int, end: int, first: int, mode: int
    ) -> tuple[int, int, int, int]:
        """Do the same with lines of which many are rows of one form."""
        if self._side is None:
            from diagnose.scan.pure_side import Side  # it takes long

            self._side = Side(self._rows, self._form)
        stretch, begin = self._side.stretch(block, slice(start, end), first)
        order = self._side.order()
        self._tell(mode, len(order.lines) if order else 0, len(stretch.keys))
        if order is None:
            end = min(end, block.rfind(b"\n", start, start + self._piece) + 1 or end)
            return self._one_by_one(block, start, end, first, mode)
        at, reason, template = self._in_order(stretch, order, begin, first - begin)
        if reason == A_LINE and self._has_changed:  # to put rows in order anew takes as long as many rows
            self._has_many = order.row(at) - order.row(begin) >= MANY
        self._has_changed = False
        return at - begin, start + stretch.begins[at] - stretch.begins[begin], reason, template

    def _tell(self, mode: int, rows: int, lines: int) -> None:
        """Take note how many lines were rows, where so many tell anything."""
        if mode == WANTED and lines >= MANY:
            self._has_many = rows * DROPPED >= lines

    def _in_order(self, stretch: Stretch, order: Order, at: int, first: int) -> tuple[int, int, int]:
        """Go through a stretch from a line on, whose first line has that number; return where it ends, and why."""
        while True:
            row = order.row(at)
            end, reason, template = order.end(row, self._counters)
            stop = order.line(end)
            for other in order.others(at, stop):
                text = stretch.text(other)
                key = text.translate(BLANK_DIGITS)
                if key in self._dull[0] and self._shapes.get(key) is NOWHERE:
                    continue
                found = self._shape(text, key)
                if found is None and not self._passes(text, key, borders=False):
                    continue
                self._counters = order.store(slice(row, order.row(other)), self._counters, stretch.text)
                why, which = self._read(found, text, key, first + other, WANTED)
                if why != NO_MORE:
                    return other, why, which
                at = other + 1
                break
            else:
                self._counters = order.store(slice(row, end), self._counters, stretch.text)
                return stop, reason, template

    def _read(self, found: _Shape | None, text: bytes, key: bytes, number: int, mode: int) -> tuple[int, int]:
        """Store a line as a row or drop it; return what is for Python about it, and its template."""
        if found is not None and mode == WANTED and (rows := self._rows[found.template]).enabled:
            if rows.is_full:
                return FULL, found.template
            texts = found.texts if found.rows is rows else found.numbers(rows)
            counters = rows.add([*map(float, texts(text))], text, number, self._counters)
            if counters is None:
                return A_LINE, found.template
            self._counters = counters
        elif found is not None or mode == EVERYTHING or self._passes(text, key, mode == PASSAGE):
            found = found or self._shape(text, key)
            return A_LINE, -1 if found is None else found.template
        return NO_MORE, -1

    def _form(self, line: bytes) -> Form | None:
        """Return the form of a line, if it is of a template whose rows are wanted; LookupError if it never has one."""
        found = self._find(line, self._order)
        form = found and form_of(found.template, self._known[found.template], found.spans, line)
        if not found or not form:
            raise LookupError
        return form if self._rows[found.template].enabled else None

    def _passes(self, text: bytes, key: bytes, borders: bool) -> bool:
        """Whether a line passes a gate."""
        gate = self._gates[borders]
        if gate is None:
            return True
        key, text = key.rstrip(b"\r"), text.rstrip(b"\r")
        if key in self._dull[borders]:
            return False
        if gate.wants(text + b"\n"):
            return True
        if self._alike[borders] or not gate.blank.wants(key + b"\n"):
            self._forget(key, borders)
        return False

    def _forget(self, key: bytes, borders: int) -> None:
        if len(self._dull[borders]) >= MOST_SHAPES:
            self._dull[borders].clear()
        self._dull[borders].add(key)

    def _shape(self, line: bytes, key: bytes) -> _Shape | None:
        """Return the shape of a line, if it is of any template."""
        shape = self._shapes.get(key, NEW)
        if shape is NOWHERE:
            return None
        if shape is None:  # but lines with other digits may be
            return self._find(line, self._digital)
        if shape is not NEW and (shape.certain or shape.fits(line)):
            return shape
        found = self._find(line, self._order)
        if shape is NEW:
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            is_any = found or any(self._loose[which].match(key) for which in self._digital)
            self._shapes[key] = found if is_any else NOWHERE
        return found

    def _find(self, line: bytes, candidates: list[int]) -> _Shape | None:
        """Try templates on a line; those that matched last are tried first."""
        for rank, which in enumerate(candidates):
            found = self._patterns[which].match(line)
            if found is not None:
                if rank:
                    candidates.insert(0, candidates.pop(rank))
                return self._shape_of(which, found)
        return None

    def _shape_of(self, which: int, found: re.Match[bytes]) -> _Shape:
        spans = [slice(*found.span(at + 1)) for at in range(found.re.groups)]
        guards, at, variable = list[tuple[slice, bytes]](), 0, iter(spans)
        for part in self._known[which].parts:
            if part.operation != LITERAL:
                at = next(variable).stop
                continue
            if DIGIT.search(part.text):
                guards.append((slice(at, at + len(part.text)), part.text))
            at += len(part.text)
        nonzero = []
        for place in self._whole[which]:
            whole = WHOLE_PART.match(found[place + 1])
            if whole and len(whole[1]) > 1:
                nonzero.append(spans[place].start + whole.start(1))
        places, texts = [at for at, _ in guards], tuple([text for _, text in guards])
        return _Shape(which, spans, _getter(places), texts, _getter(nonzero), certain=not guards and not nonzero)


NEW = _Shape(-1, [], _getter(()), (), _getter(()), certain=False)
NOWHERE = _Shape(-1, [], _getter(()), (), _getter(()), certain=False)
"""That of lines that are of no template, whatever their digits are."""


def _is_choosy(part: Part) -> bool:
    return part.operation == NUMBER and part.low != ANY_NUMBER


def _blanked(part: Part) -> Part:
    """Return a part that fits what is left of one that this one fits when its digits are blanked."""
    low = part.low | LEADING_ZERO if part.operation == NUMBER else part.low
    return replace(part, text=part.text.translate(BLANK_DIGITS), low=low)
