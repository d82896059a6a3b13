"""A stretch of lines of which many are rows of one form, read side by side with numpy."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from diagnose.scan.pure_numbers import AHEAD, LONGEST, TENS, rounded, whole, words
from diagnose.scan.pure_rows import ABSURD, NO_COUNTER, Counters, Rows

if TYPE_CHECKING:
    from diagnose.scan.pure_forms import Form, Number
    from diagnose.scan.pure_numbers import Flags, Floats, Indices, Whole

ZEROS = bytes.maketrans(b"123456789", b"000000000")
BEFORE = 24
"""Bytes in front of the lines, so that there are words before the first run of digits."""
LONGEST_EXPONENT = 4
NO_MORE, A_LINE, FULL = range(3)


class Group:
    """Lines of one template as rows.

    Attributes:
        rows: what makes a line a row.
        template: its number.
        lines: which they are in the stretch.
        values: of the parts that a row needs, those of a part side by side.
        has_minor, counts: whether the rows have a minor counter, whether any.
        may_be: whether each is a row, if its counters rise.
    """

    def __init__(self, rows: Rows, template: int, lines: Indices, values: Floats) -> None:
        """Look which lines may be rows, whatever the counters of the lines before."""
        self.rows, self.template, self.lines, self.values = rows, template, lines, values
        self.has_minor, self.counts = rows.minor >= 0, max(rows.minor, rows.major) >= 0
        at = (rows.major >= 0) + self.has_minor
        none = np.zeros(len(lines))
        self.major = values[0] if rows.major >= 0 else none
        self.minor = values[at - 1] if self.has_minor else none
        self.may_be = ~(_is_absurd(self.major) | _is_absurd(self.minor))
        for place, (_, value, equal) in enumerate(rows.checks, at):
            self.may_be &= (values[place] == value) == equal
        self.columns = values[at + len(rows.checks) :]
        if rows.forbids:
            self.may_be &= (self.columns != -1).all(axis=0)

    def told(self) -> tuple[Indices, Indices, Flags, Flags, Floats, Floats]:
        """Return line, template, whether it may be a row, whether it counts, and the counters, of each."""
        each = np.ones(len(self.lines), dtype=np.int64)
        return self.lines, each * self.template, self.may_be, each * self.counts > 0, self.major, self.minor


def joined(groups: Sequence[Group]) -> Group:
    """Return groups of one template as one."""
    if len(groups) == 1:
        return groups[0]
    lines = np.concatenate([group.lines for group in groups])
    order = np.argsort(lines)
    values = np.concatenate([group.values for group in groups], axis=1)
    return Group(groups[0].rows, groups[0].template, lines[order], values.take(order, axis=1))


class Order:
    """The rows of a stretch in the order of their lines.

    Attributes:
        lines: which they are.
    """

    def __init__(self, groups: Sequence[Group], count: int, first: int) -> None:
        """Put the rows of groups in order, one for each template, of so many lines, of which the first has that number.

        Those that count have all a minor counter, or none of them has.
        """
        columns = zip(*(group.told() for group in groups), strict=True)
        lines, template, may_be, counts, major, minor = (np.concatenate(each) for each in columns)
        order = np.argsort(lines)
        placed, self._template = lines[order], template[order]
        self.lines = placed.data
        self._count, self._others = count, np.delete(np.arange(count), placed).tolist()
        self._none = np.flatnonzero(~may_be[order]).data
        counted = np.flatnonzero(counts[order])
        self._counted = counted.data
        counting = order[counted]
        self._major, self._minor = major[counting], minor[counting]
        self._has_minor = any(group.has_minor for group in groups)
        above, same = self._major[1:] > self._major[:-1], self._major[1:] == self._major[:-1]
        rises = above | same & ((self._minor[1:] > self._minor[:-1]) | (not self._has_minor))
        self._falls = counted[1:][~rises].data
        self._groups = [self._laid_out(group, first, placed.searchsorted(group.lines), counted) for group in groups]

    def _laid_out(
        self, group: Group, first: int, rows: Indices, counted: Indices
    ) -> tuple[Group, memoryview, Indices, Floats]:
        """Return a group, its rows among all, which row counted last at each, or -1, and all as they are stored.

        Rows without a minor counter take it from that row, and those without any take both.
        """
        table = np.column_stack([group.lines + first, group.major, group.minor, *group.columns])
        counter = np.full(len(rows), -1)
        if not group.has_minor and len(counted):
            at = counted.searchsorted(rows, side="right") - 1
            counter = np.where(at < 0, -1, counted[at])
            if not group.counts:
                table[:, 1], table[:, 2] = self._major[at], self._minor[at]
        return group, rows.data, counter, table

    def row(self, line: int) -> int:
        """Return the first row that stands in a line or behind it."""
        return bisect_left(self.lines, line)

    def line(self, row: int) -> int:
        """Return where a row stands; where the stretch ends if there is none."""
        return self.lines[row] if row < len(self.lines) else self._count

    def others(self, start: int, end: int) -> list[int]:
        """Return the lines between two that are no rows."""
        return self._others[bisect_left(self._others, start) : bisect_left(self._others, end)]

    def end(self, start: int, last: Counters) -> tuple[int, int, int]:
        """Return the row, from one on, that cannot be stored, why, and its template.

        Args:
            start: that row.
            last: the counters of the row before.
        """
        ends = [(len(self.lines), -NO_MORE), *_next(self._none, start)]
        if (first := bisect_left(self._counted, start)) < len(self._counted):
            major, minor = self._major[first], self._minor[first]
            if not (major > last[0] or (major == last[0] and (not self._has_minor or minor > last[1]))):
                ends.append((self._counted[first], -A_LINE))
            ends += _next(self._falls, self._counted[first] + 1)
        for group, rows, _, _ in self._groups:
            full = bisect_left(rows, start) + group.rows.room
            ends += [(rows[full], -FULL)] if full < len(rows) else []
        end, reason = min(ends)
        return end, -reason, int(self._template[end]) if reason else -1

    def store(self, which: slice, last: Counters, text: Callable[[int], bytes]) -> Counters:
        """Store rows.

        Args:
            which: the rows.
            last: the counters of the row before.
            text: gives a line.

        Returns:
            The counters of the last row.
        """
        for group, rows, counter, table in self._groups:
            begin, stop = bisect_left(rows, which.start), bisect_left(rows, which.stop)
            if begin == stop:
                continue
            stored = table[begin:stop]
            if not group.has_minor:
                stored = stored.copy()
                stored[: counter[begin:stop].searchsorted(which.start), 1:3] = last
                if not self._has_minor:
                    stored[:, 2] = last[1]
            group.rows.store(stored.tobytes())
            if group.rows.keeps:
                group.rows.lines += map(text, group.lines[begin:stop].tolist())
        return self._before(which.stop, which.start, last)

    def _before(self, row: int, start: int, last: Counters) -> Counters:
        """Return the counters of the last row that counts before another one, or *last* if there is none."""
        at = bisect_left(self._counted, row) - 1
        if at < 0 or self._counted[at] < start:
            return last
        return float(self._major[at]), float(self._minor[at]) if self._has_minor else last[1]


def _next(rows: memoryview, start: int) -> list[tuple[int, int]]:
    """Return as the end of those that can be stored the first row from one on, if there is any."""
    at = bisect_left(rows, start)
    return [(rows[at], -A_LINE)] if at < len(rows) else []


class Stretch:
    """Whole lines, and where their digits stand.

    Attributes:
        data: the lines, each with its newline.
        begins: where each begins, and where the last one ends.
        keys: of each line what it is with one zero for every run of digits.
    """

    def __init__(self, data: bytes) -> None:
        """Look for digits."""
        self.data = data
        self._padded = bytes(BEFORE) + data
        self._words = words(self._padded)
        self._bytes = np.frombuffer(self._padded, np.uint8)
        zeros = np.frombuffer(self._padded.translate(ZEROS), np.uint8)
        is_digit = zeros == ord("0")
        edges = np.flatnonzero(is_digit[1:] != is_digit[:-1]) + 1
        self._starts, self._ends = edges[::2].copy(), edges[1::2].copy()
        begins_or_is_none = ~is_digit
        begins_or_is_none[1:] |= ~is_digit[:-1]
        begins_or_is_none[:BEFORE] = False
        self.keys = zeros.take(np.flatnonzero(begins_or_is_none)).tobytes().split(b"\n")
        self.keys.pop()
        begins = np.append(BEFORE, np.flatnonzero(self._bytes == ord("\n")) + 1)
        self._firsts = np.searchsorted(self._starts, begins[:-1])
        self.begins = (begins - BEFORE).tolist()

    def text(self, line: int) -> bytes:
        """Return a line without its newline."""
        return self.data[self.begins[line] : self.begins[line + 1] - 1]

    def group(self, form: Form, rows: Rows, lines: Indices) -> Group | None:
        """Return rows of a form, without the lines whose digits are not those of its template; None if it has none."""
        if any(part not in form.numbers for part in rows.parts):
            return None
        runs = self._firsts.take(lines) + np.arange(form.runs)[:, None]
        starts, ends = self._starts.take(runs), self._ends.take(runs)
        fits = self._fits(form, starts, ends - starts)
        if not fits.all():
            lines, starts, ends = lines[fits], starts[:, fits], ends[:, fits]
        values = self._values([form.numbers[part] for part in rows.parts], starts, ends)
        return Group(rows, form.template, lines, values)

    def _fits(self, form: Form, starts: Indices, lengths: Indices) -> Flags:
        """Whether the digits of lines are such that the lines are of the form's template."""
        fits = np.ones(starts.shape[1], dtype=np.bool_)
        for run, low, high in form.widths:
            fits &= (lengths[run] >= low) & (lengths[run] <= high)
        for run, text in form.literal:
            fits &= lengths[run] == len(text)
            for at, digit in enumerate(text):
                fits &= self._bytes.take(starts[run] + at, mode="clip") == digit
        for run in form.nonzero:
            fits &= (lengths[run] == 1) | (self._bytes.take(starts[run]) != ord("0"))
        return fits

    def _values(self, numbers: Sequence[Number], starts: Indices, ends: Indices) -> Floats:
        """Return the numbers of lines, given where their runs of digits stand; those of one part side by side."""
        wholes = [number.whole for number in numbers]
        begin, end = starts.take(wholes, axis=0), ends.take(wholes, axis=0)
        mantissa, unsure = self._runs(begin, end)
        power = np.zeros(mantissa.shape, dtype=np.int64)
        if behind := [at for at, number in enumerate(numbers) if number.fraction >= 0]:
            runs = [numbers[at].fraction for at in behind]
            first, last = starts.take(runs, axis=0), ends.take(runs, axis=0)
            fraction, long = self._runs(first, last)
            length, before = last - first, mantissa[behind]
            unsure[behind] |= long | ((before > 0) & (last - begin[behind] - 1 > LONGEST))
            mantissa[behind] = before * TENS.take(length, mode="clip") + fraction
            power[behind], end[behind] = -length, last
        if risen := [at for at, number in enumerate(numbers) if number.exponent >= 0]:
            runs = [numbers[at].exponent for at in risen]
            first, last = starts.take(runs, axis=0), ends.take(runs, axis=0)
            exponent, _ = self._runs(first, last)
            unsure[risen] |= last - first > LONGEST_EXPONENT
            signs = np.array([-1 if numbers[at].falls else 1 for at in risen])
            power[risen] += exponent.astype(np.int64) * signs[:, None]
            end[risen] = last
        values, doubtful = rounded(mantissa, power)
        for at, line in np.argwhere(unsure | doubtful).tolist():
            values[at, line] = float(self._padded[begin[at, line] : end[at, line]])
        if below := [at for at, number in enumerate(numbers) if number.negative]:
            values[below] *= -1.0
        return values

    def _runs(self, starts: Indices, ends: Indices) -> tuple[Whole, Flags]:
        """Return runs of digits as whole numbers, and which are too long to be that."""
        lengths = ends - starts
        long = lengths > LONGEST
        if long.any():
            at = np.nonzero(long)
            more = lengths[at] - LONGEST
            ahead = self._words.take(starts[at]) & AHEAD.take(more, mode="clip")
            long[at] = (more >= len(AHEAD)) | (ahead != 0)
        return whole(self._words, ends, lengths), long


def _is_absurd(counter: Floats) -> Flags:
    found: Flags = (np.abs(counter) >= ABSURD) & (counter != NO_COUNTER)
    return found
