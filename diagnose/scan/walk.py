"""A source line by line, of which only what somebody wants reaches Python."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from diagnose.records import dataclass
from diagnose.scan.blocks import CHUNK, blocks
from diagnose.scan.engine import engine
from diagnose.scan.gate import Gate
from diagnose.scan.shapes import Scanner, Shapes
from diagnose.scan.states import States
from diagnose.sources import Line, Source
from diagnose.sources import lines as every_line
from diagnose.sources.lines import decode, encoding, shown_whole, visible

NO_MORE, A_LINE, FULL = range(3)
WANTED, EVERYTHING, NO_ROWS, PASSAGE = range(4)
LONGEST = 1 << 20
PIECE = 4 << 20
"""Bytes of a passage after which it is handed over as far as it goes."""
HASTE = 32
"""Templates known per line that is yielded before newer ones are heeded: all of them are laid out anew for that."""
STATES = 16 * CHUNK
"""Bytes that are read at once where all states of bars are wanted: their rows are told block by block."""
FOLDABLE = ("utf-8", "utf-8-sig", "cp1252")
"""Encodings in which the bytes of ASCII characters are nothing else."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a line of a template is a row; where it is not, the line is yielded as any other.

    Attributes:
        major, minor: variable parts that must rise from row to row, -1 for none; a major one alone must not fall.
        constant: a variable part that must be *expected*, -1 for none.
        expected: its value.
        forbids_minus_one: whether no value may be -1.
        checks: variable parts, each with a value and whether it must be that or must not be that.
    """

    major: int = -1
    minor: int = -1
    constant: int = -1
    expected: float = 0.0
    forbids_minus_one: bool = False
    checks: tuple[tuple[int, float, bool], ...] = ()


def lines(source: Source) -> Iterator[Line]:
    """Yield the visible lines of a source as ``sources.lines`` does; overwritten states cost next to nothing."""
    code = encoding(source)
    if code not in FOLDABLE or engine().name == "lark":
        yield from every_line(source)
        return
    number = 0
    for block, end in blocks(source, folded=True):
        for raw in bytes(block[: end - 1]).split(b"\n"):
            number += 1
            yield from visible(number, decode(raw, code))


def set_borders(scanner: Scanner, gate: Gate) -> None:
    """Give a scanner the gate for the lines that end a passage."""
    if hasattr(scanner, "set_gate"):
        scanner.set_gate(*gate.table(), True)
    else:
        scanner.gate(gate, borders=True)  # type: ignore[attr-defined]


class Walk:
    """Goes through a source with the templates of a grammar.

    Rows of the templates that are enabled are stored, lines that do not pass the gate are dropped, and all others are
    yielded in their order, those of other templates with the number of theirs.

    Attributes:
        everything: whether every line is to be yielded for now; set between lines, as the next two.
        rows: whether rows are to be stored; else their lines are yielded, too.
        passing: takes the lines up to the next one that passes the gate of borders, and the number of the first of
            them; returns how many of them it has dealt with, the others are walked through.
        template: of the line yielded last, or -1.
        text: what that line shows.
        number: of that line, as rows are numbered.
        seen: the last physical line that showed anything.
        skipped: whether any line between the line yielded last and the one before may be a row.
        enabled: the templates whose rows are stored.
        full: called with the number of a template whose rows must be taken.
        states: where the states of the block stand whose rows are stored, if lines are taken apart; the first number of
            a row is that of its state then, and all rows are taken before the next block.
    """

    def __init__(
        self,
        source: Source,
        shapes: Shapes,
        gate: Gate | None,
        borders: Gate | None = None,
        *,
        frames: bool = False,
        apart: bool = False,
    ) -> None:
        """Go through *source*; without a gate every line is yielded that is no row.

        With *frames*, states of bars that later ones overwrite are lines, too. With *apart*, states of a line may be
        rows, which are told by *states* then.
        """
        self._source, self._shapes = source, shapes
        self._encoding = encoding(source)
        self.frames = frames
        self.states: States | None = None
        self._plain = self._encoding not in ("utf-8", "utf-8-sig") or engine().name == "lark"
        self._plain |= frames and engine().name != "kernel"
        self._apart = apart and engine().name == "kernel"
        self._scanner = shapes.scanner(gate)
        self.full: Callable[[int], object] = self._scanner.take
        if borders is not None:
            set_borders(self._scanner, borders)
        self._known = len(shapes.templates)
        self._yielded = 0  # lines since the templates were last laid out
        self.everything, self.rows, self.template, self.text, self.seen = False, True, -1, "", 0
        self.number = 0
        self.skipped = False
        self.enabled: set[int] = set()
        self._keeping: set[int] = set()  # those of them whose lines are kept
        self.passing: Callable[[int, bytes], int] | None = None
        self._passage: list[bytes] = []
        self._first = self._behind = 0  # its first line, and the one behind it
        self._piece: bytes | bytearray = b""
        self._is_single = False

    def __iter__(self) -> Iterator[Line]:
        try:
            yield from self._lines()
        finally:  # they hold who goes through this walk, and he holds it
            self.full, self.passing = self._scanner.take, None

    def _lines(self) -> Iterator[Line]:
        if self._plain:
            for line in every_line(self._source, frames=self.frames):
                self.seen, self.text = line.number, line.text
                yield line
            return
        if self.frames:
            yield from self._every_state()
            return
        number, ends = 0, list[int]()
        for block, end in blocks(self._source, folded=True, ends=ends):
            states = (
                States(block, end, number, frames=False) if self._apart and block.find(b"\r", 0, end) >= 0 else None
            )
            if states is None or states.are_lines:
                number = yield from self._through(block, end, number)
            else:
                self.full(-1)
                yield from self._each_state(block, states)
                number += states.lines
            self._mark(number, ends)
        yield from self._deliver()

    def _mark(self, line: int, ends: list[int]) -> None:
        """Note where the line behind some blocks begins, if it is known where those end."""
        marks = self._source.marks
        if ends and ends[-1] > (marks[-1][1] if marks else 0):
            marks.append((line + 1, ends[-1]))

    def _every_state(self) -> Iterator[Line]:
        """Yield what is wanted of all states, as if each stood on a line of its own."""
        before, ends = 0, list[int]()
        for block, end in blocks(self._source, ends=ends, chunk=STATES):
            states = States(block, end, before)
            yield from self._each_state(block, states)
            before += states.lines
            self._mark(before, ends)

    def _each_state(self, block: bytearray, states: States) -> Iterator[Line]:
        """Yield what is wanted of the states of a block."""
        self.states = states
        seen, self.seen = self.seen, 0
        for line in self._through(block, states.end, 0):
            overwritten = line.overwritten or states.is_overwritten(line.number)
            if states.is_of_several(line.number):  # blanks behind such a state go before anything else does
                self.text = next(visible(line.number, "\r" + decode(self.raw, self._encoding))).text
            yield Line(states.line(line.number), self.text, overwritten)
        self.full(-1)
        self.seen = states.line(self.seen) if self.seen else seen
        self.states = None

    def _through(self, block: bytes | bytearray, end: int, number: int) -> Generator[Line, None, int]:
        """Yield what is wanted of whole lines behind line *number*; return the number of the last one."""
        at, scanner, templates = 0, self._scanner, self._shapes.templates
        states = () if self.states is None else (self.states.told, self.states.before)
        while True:
            if self._known != len(templates) and self._yielded * HASTE >= self._known:
                self._update()
            passing = self.passing is not None
            mode = PASSAGE if passing else EVERYTHING if self.everything else WANTED if self.rows else NO_ROWS
            reason, start, after, stop, template = scanner.walk(block, at, end, number + 1, mode, *states)
            if stop > number + 1 and mode == WANTED:
                self.skipped = True
            if passing:
                with memoryview(block) as view:
                    self._pass(bytes(view[at:start]), number + 1, stop)
                if reason == A_LINE or sum(map(len, self._passage)) > PIECE:
                    yield from self._deliver()
            if reason != A_LINE:
                if stop > number + 1:
                    self.seen = max(self.seen, stop - 1)
                number, at = stop - 1, start
                if reason == NO_MORE:
                    return number
                self.full(template)
                continue
            number, at, self.template, self.number = stop, after, template, stop
            self._yielded += 1
            self._piece = block[start : after - 1]
            text = self._piece.decode(errors="replace")
            if not (plain := text.isprintable()):
                text = text.rstrip("\r")
                plain = text.replace("\t", " ").isprintable()
            if plain and len(text) < LONGEST:
                self.seen, self.text, self._is_single = number, text, True
                yield shown_whole((number, text, False))
                self.skipped = False
                continue
            shown = list(visible(number, decode(self.raw, self._encoding), self.frames))
            self._is_single = len(shown) == 1
            for line in shown:
                self.seen, self.text = number, line.text
                yield line
            self.skipped = False

    def _update(self) -> None:
        """Heed the templates that were learned since."""
        self._shapes.update(self._scanner)
        self._known, self._yielded = len(self._shapes.templates), 0

    @property
    def raw(self) -> bytes:
        """The bytes of the line yielded last."""
        return bytes(self._piece)

    def _pass(self, lines: bytes, first: int, behind: int) -> None:
        """Keep lines of a passage until its end is seen."""
        if lines:
            self._first = self._first if self._passage else first
            self._behind = behind
            self._passage.append(lines)

    def _deliver(self) -> Iterator[Line]:
        """Hand a passage over, and walk through what is not taken of it."""
        while self._passage:
            lines, first, count = b"".join(self._passage), self._first, self._behind - self._first
            self._passage = []
            taken = 0 if self.passing is None else self.passing(first, lines)
            if taken == 0:
                self.passing = None
            if taken < count:
                rest = b"\n".join(lines.split(b"\n", taken)[taken:])
                yield from self._through(rest, len(rest), first + taken - 1)

    def match(self, text: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        """Return the kind and the tokens of a line if a template is known of it."""
        found = self._scanner.match(text.encode("utf-8", "replace"))
        if found is None:
            return None
        template = self._shapes.templates[found[0]]
        return template.kind, template.tokens(text, found[1])

    def ignore(self) -> None:
        """Drop lines from here on that differ from the one yielded last in their digits only."""
        if self._is_single:
            self._scanner.ignore(self.raw)

    def enable(
        self,
        columns: Sequence[int],
        condition: Condition,
        *,
        keeps: bool = False,
        like: int | None = None,
        template: int | None = None,
    ) -> int:
        """Store rows of the template of the line yielded last from here on; return the template they are taken of.

        Args:
            columns: the variable parts that are stored of them.
            condition: when a line is a row.
            keeps: whether the lines themselves are kept, too.
            like: a template of as many columns with whose rows these may be stored, in the order of their lines.
            template: another one than that of the line yielded last.
        """
        at, own = condition, self.template if template is None else template
        table = own if like is None or engine().name != "kernel" else like
        if own >= self._known:
            self._update()
        self.enabled.add(own)
        if keeps:
            self._keeping.add(own)
        counters, constant = (at.major, at.minor), (at.constant, at.expected)
        joined = -1 if table == own else table
        self._scanner.enable(own, tuple(columns), *counters, *constant, at.forbids_minus_one, at.checks, keeps, joined)
        return table

    def disable(self) -> None:
        """Yield the lines of all templates from here on but those that are kept."""
        self._scanner.disable()
        self.enabled &= self._keeping

    def take(self, template: int) -> bytes:
        """Return the rows stored of a template, row by row: line, major and minor counter then, and the columns."""
        return self._scanner.take(template)

    def holding(self) -> list[int]:
        """Return the templates of which rows wait to be taken."""
        return self._scanner.holding()

    def kept(self, template: int) -> tuple[bytes, bytes]:
        """Return the lines that were kept of a template, and their rows."""
        return self._scanner.lines(template), self._scanner.take(template)

    @property
    def counters(self) -> tuple[float, float]:
        """The counters that the next row must be above."""
        return self._scanner.counters()

    @counters.setter
    def counters(self, values: tuple[float, float]) -> None:
        self._scanner.set_counters(*values)
