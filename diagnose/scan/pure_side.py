"""Which lines of a stretch are read side by side: those of forms that came often enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from diagnose.scan.pure_forms import Form
from diagnose.scan.pure_rows import Rows
from diagnose.scan.pure_stretch import Group, Order, Stretch, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY = 32
"""Lines of one form in a stretch from which on reading them side by side pays."""
SEVERAL = 4
"""Lines of a stretch that are the same but for their digits from which on their form is looked up."""
MOST_FORMS = 20_000
"""Kinds of lines, each run of digits as one zero, that are remembered."""
ALONE, NEW = -1, -2
"""Lines that are read one by one, and those of which nothing is known."""


class Side:
    """The forms of some templates, and the stretch of lines that was looked at last."""

    def __init__(self, rows: Sequence[Rows], find: Callable[[bytes], Form | None]) -> None:
        """Begin without any form.

        Args:
            rows: of each template.
            find: returns the form of a line, if it is of a template whose rows are wanted. Raises LookupError if it
                has none whatever is wanted.
        """
        self._rows, self._find = rows, find
        self._numbers: dict[bytes, int] = {}
        self._forms: list[Form] = []
        self._stretch, self._first = Stretch(b""), 0
        self._groups: dict[int, Group | None] = {}
        self._order: Order | None = None
        self._is_in_order = False

    def forget(self) -> None:
        """Forget all forms: other templates are known from here on."""
        self._numbers.clear()
        self._forms.clear()
        self._groups.clear()
        self._is_in_order = False

    def change(self) -> None:
        """Other rows are wanted from here on."""
        self._is_in_order = False

    def stretch(self, block: bytes | bytearray, where: slice, line: int) -> tuple[Stretch, int]:
        """Return a stretch and which of its lines is the first one of a part of a block.

        It is the one that was looked at last if that goes on there.

        Args:
            block: where the lines stand.
            where: which part of the block.
            line: number of the first line.
        """
        at = line - self._first
        if 0 <= at < len(self._stretch.keys):
            rest = self._stretch.data[self._stretch.begins[at] :]
            if block.startswith(rest, where.start):
                return self._stretch, at
        self._stretch, self._first = Stretch(bytes(block[where])), line
        self._groups.clear()
        self._is_in_order = False
        return self._stretch, 0

    def order(self) -> Order | None:
        """Return the rows of the stretch that are read side by side."""
        if not self._is_in_order:
            kinds = self._kinds()
            often = np.flatnonzero(np.bincount(kinds - NEW)[ALONE - NEW + 1 :] >= MANY)
            groups: dict[int, list[Group]] = {}
            for kind in often.tolist():
                if group := self._group(kind, kinds):
                    groups.setdefault(group.template, []).append(group)
            rows = [joined(alike) for alike in groups.values()]
            counters = {group.has_minor for group in rows if group.counts}
            self._order = Order(rows, len(kinds), self._first) if rows and len(counters) < 2 else None
            self._is_in_order = True
        return self._order

    def _kinds(self) -> NDArray[np.int64]:
        """Return the number of each line's form."""
        keys = self._stretch.keys
        kinds = np.fromiter(map(self._numbers.get, keys, repeat(NEW)), np.int64, len(keys))
        new = np.flatnonzero(kinds == NEW)
        for key, count in Counter([keys[at] for at in new.tolist()]).items():
            if count >= SEVERAL and (kind := self._kind(key)) != NEW:
                kinds[new[[keys[at] == key for at in new.tolist()]]] = kind
        return kinds

    def _kind(self, key: bytes) -> int:
        try:
            form = self._find(self._stretch.text(self._stretch.keys.index(key)))
        except LookupError:
            kind = ALONE
        else:
            if form is None:
                return NEW
            if form not in self._forms:  # others may stand in lines with other blanks
                self._forms.append(form)
            kind = self._forms.index(form)
        if len(self._numbers) < MOST_FORMS:
            self._numbers[key] = kind
        return kind

    def _group(self, kind: int, kinds: NDArray[np.int64]) -> Group | None:
        """Return the rows of a form, if they are wanted."""
        form = self._forms[kind]
        rows = self._rows[form.template]
        if not rows.enabled:
            return None
        group = self._groups.get(kind)
        if group is None or group.rows is not rows:
            group = self._stretch.group(form, rows, np.flatnonzero(kinds == kind))
            if group is not None:
                self._groups[kind] = group
        return group
