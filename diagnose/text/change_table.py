"""A comparison as tables for the terminal: what was changed, the most dangerous first, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnose.model import Change, Comparison, Result
from diagnose.records import dataclass
from diagnose.text import changes
from diagnose.text.escape import plain
from diagnose.text.terminal import Style, columns, shorten, wrap

FEW = 12
"""Changes up to which those without effect are listed like all others."""
MOST_LOW = 40
"""Changes beyond which those of low risk are only counted."""
INDENT = 2
DEEP = 6
GAP = "  "
SHORTEST_REASON = 24
NARROWEST = 10
WIDEST_ROLE = 16
WIDEST_METRIC = 40
WIDEST = 44
"""Columns of a single value."""
ALL = "all of them: --output-format json"


def tables(comparison: Comparison, width: int, style: Style) -> Iterator[str]:
    """Yield the lines of a comparison."""
    yield style.paint(plain(f"{comparison.old} -> {comparison.new}"), "bold")
    yield from (" " * INDENT + line for line in wrap(plain(changes.tally(comparison)), width - INDENT))
    folded = _folded(comparison)
    groups = [
        (title, [each for each in found if each.risk not in folded]) for title, found in changes.groups(comparison)
    ]
    shown = [change for _, found in groups for change in found]
    table = _Table(shown, width, style)
    for title, found in groups:
        if not found:
            continue
        yield ""
        yield f"{' ' * INDENT}{style.paint(title, 'bold')}:"
        for change in found:
            yield from table.row(change)
    for risk in sorted(folded, reverse=True):
        rest = [change for change in comparison.changes if change.risk == risk]
        if rest:
            yield ""
            yield from _counted(rest, risk, width, style)
    if comparison.results:
        yield ""
        yield from _results(comparison.results, width, style)


def _folded(comparison: Comparison) -> set[str]:
    """Return the risks whose changes are counted, not listed."""
    telling = sum(change.risk != "none" for change in comparison.changes)
    if len(comparison.changes) <= FEW:
        return set()
    return {"none", "low"} if telling > MOST_LOW else {"none"}


def _counted(rest: list[Change], risk: str, width: int, style: Style) -> Iterator[str]:
    if risk == "none":
        head = f"{len(rest)} without effect on the result"
        what = ", ".join(change.key for change in rest)
        if len(what) > 2 * width:
            what = changes.roles(rest)
    else:
        head, what = f"{len(rest)} of {risk} risk", changes.roles(rest)
    first, *more = wrap(plain(f"{head}: {what} ({ALL})"), width - INDENT - 2)
    yield " " * INDENT + style.risk(first, risk)
    yield from (" " * (INDENT + 2) + style.risk(line, risk) for line in more)


@dataclass(frozen=True, slots=True)
class _Cells:
    """What stands in the columns of one change."""

    key: str
    old: str
    new: str
    moved: str
    role: str


class _Table:
    """Rows with columns as wide as what stands in them, as far as the terminal has room for it."""

    def __init__(self, shown: Sequence[Change], width: int, style: Style) -> None:
        self.width = width
        self.style = style
        self.risk = max((len(change.risk) for change in shown), default=0)
        moved = max((columns(changes.moved(change)) for change in shown), default=0)
        role = min(max((columns(plain(change.role)) for change in shown), default=0), WIDEST_ROLE)
        beside = len(" -> ") + moved + role
        room = width - INDENT - self.risk - beside - 4 * len(GAP)
        self.stacked = room < 4 * NARROWEST
        if self.stacked:  # a change takes two lines
            self.key = width - INDENT - self.risk - len(GAP)
            self.value = (width - DEEP - beside - 2 * len(GAP)) // 2
            if self.value < NARROWEST:
                self.value = (width - DEEP - len(" -> ")) // 2
        else:
            self.key = min(max((columns(plain(changes.label(change))) for change in shown), default=0), room // 2)
            self.value = min((room - self.key) // 2, WIDEST)
        self.explained: set[str] = set()
        self.cells = {id(change): self._cells(change) for change in shown}
        found = self.cells.values()
        self.old = max((columns(cells.old) for cells in found), default=0)
        self.new = max((columns(cells.new) for cells in found), default=0)
        self.moved, self.role = moved, role
        if not self.stacked:
            self.key = max((columns(cells.key) for cells in found), default=0)

    def _cells(self, change: Change) -> _Cells:
        old, new = (plain(side) for side in changes.sides(change, self.value))
        key = changes.middle(plain(changes.label(change)), self.key)
        return _Cells(key, old, new, changes.moved(change), changes.middle(plain(change.role), WIDEST_ROLE))

    def row(self, change: Change) -> Iterator[str]:
        """Yield the lines of a change: its columns, then the reasons that find no room beside them."""
        cells = self.cells[id(change)]
        risk = self.style.risk(change.risk, change.risk) + " " * (self.risk - len(change.risk))
        reasons = [reason for reason in changes.brief(change) if reason not in self.explained]
        if self.stacked:
            yield f"{' ' * INDENT}{risk}{GAP}{self.style.paint(cells.key, 'bold')}"
            rest = GAP.join(filter(None, (f"{cells.old} -> {cells.new}", cells.moved, cells.role)))
            yield from (" " * DEEP + line for line in wrap(rest, self.width - DEEP))
        else:
            values = f"{_left(cells.old, self.old)} -> {_left(cells.new, self.new)}"
            told = f"{_left(cells.moved, self.moved)}{GAP}{_left(cells.role, self.role)}"
            head = f"{self.style.paint(cells.key, 'bold')}{' ' * (self.key - columns(cells.key))}"
            line = f"{' ' * INDENT}{risk}{GAP}{head}{GAP}{values}{GAP}{told}"
            taken = INDENT + self.risk + self.key + self.old + self.new + self.moved + self.role
            room = self.width - taken - len(" -> ") - 5 * len(GAP)
            beside = self._beside(change, reasons, room)
            reasons = [] if beside else reasons
            yield f"{line}{GAP}{self.style.paint(beside, 'dim')}".rstrip()
        for reason in reasons if change.risk in changes.ALARMING else reasons[: change.risk == "medium"]:
            self.explained.add(reason)
            for line in wrap(plain(reason), self.width - DEEP):
                yield " " * DEEP + self.style.paint(line, "dim")

    @staticmethod
    def _beside(change: Change, reasons: list[str], room: int) -> str:
        """Return what of the reasons stands on the line itself: a single one that fits, or the start of a low one."""
        if not reasons:
            return ""
        first = plain(reasons[0])
        low = change.risk not in changes.ALARMING and change.risk != "medium"
        if columns(first) <= room and (len(reasons) == 1 or low):
            return first
        return shorten(first, room)[0] if low and room >= SHORTEST_REASON else ""


def _results(results: Sequence[Result], width: int, style: Style) -> Iterator[str]:
    heads = ("results", "old", "new", "noise", "verdict")
    rows = [
        (
            changes.middle(plain(each.metric), WIDEST_METRIC),
            changes.measured(each.old),
            changes.measured(each.new),
            changes.noise(each),
        )
        for each in results
    ]
    widths = [max(columns(cell) for cell in column) for column in zip(heads[:4], *rows, strict=True)]
    verdict = max(columns(plain(each.verdict)) for each in results)
    if INDENT + sum(widths) + verdict + 4 * len(GAP) > width:
        yield f"{' ' * INDENT}{style.paint('results', 'bold')}:"
        for (metric, old, new, noise), each in zip(rows, results, strict=True):
            yield f"{' ' * INDENT}{metric}: {style.verdict(plain(each.verdict), each.verdict)}"
            yield from (" " * DEEP + line for line in wrap(f"{old} -> {new}, noise {noise}", width - DEEP))
        return
    line = GAP.join(_left(head, room) for head, room in zip(heads, [*widths, 0], strict=True))
    yield " " * INDENT + style.paint(line.rstrip(), "bold")
    for row, each in zip(rows, results, strict=True):
        cells = [_left(cell, room) for cell, room in zip(row, widths, strict=True)]
        yield " " * INDENT + GAP.join([*cells, style.verdict(plain(each.verdict), each.verdict)])


def _left(text: str, width: int) -> str:
    return text + " " * (width - columns(text))
