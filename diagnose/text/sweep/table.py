"""A sweep for the terminal, and line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnose.model import Sweep
from diagnose.text.escape import plain
from diagnose.text.sweep import words
from diagnose.text.terminal import Style, columns, shorten, wrap

GAP = "  "
MOST_RUNS = 60
MOST_FAILED = 12
WIDE = 120
EPOCH = 3
"""Column of the epoch of the best value, for which a terminal is too narrow."""
WIDEST = 38
WIDEST_NAME = 60
NAME = 28
"""Columns that a name keeps until the others are as narrow as they can be."""
LEAST_TAIL = 10
HEAD = 9
NARROWEST = 8
STATUS = {"ok": "green", "too-short": "yellow", "no-value": "yellow", "failed": "red"}


def full(sweep: Sweep, width: int, style: Style) -> Iterator[str]:
    """Yield the lines of a sweep for a terminal."""
    yield from wrap(style.paint(plain(words.summary(sweep)), "bold"), width)
    yield from wrap(plain(words.lead(sweep)), width)
    yield ""
    ranking = _ranking(sweep, width)
    yield from _table(ranking[: MOST_RUNS + 1], width, style, 1)
    if len(ranking) > MOST_RUNS + 1:
        yield f"  and {len(ranking) - 1 - MOST_RUNS} more: --output-format json"
    failed = [one for one in sweep.trials if one.status == "failed" and one.reason]
    yield from (f"  {plain(one.run)}: {plain(one.reason)}" for one in failed[:MOST_FAILED])
    if len(failed) > MOST_FAILED:
        yield f"  and {len(failed) - MOST_FAILED} more that failed: --output-format json"
    curves = words.with_curves(sweep)
    if len(curves) > 1:
        low, high = words.bounds(curves)
        epochs = words.shared_epochs(curves)
        yield from ("", style.paint("Learning curves", "bold") + f" ({words.number(low)} to {words.number(high)})")
        head = ["Run", *(f"ep {words.number(epoch)}" for epoch in epochs), ""]
        body = [[one.run, *words.at_epochs(one, epochs), words.spark(one, low, high)] for one in curves]
        yield from _table([head, *body], width, style, 0)
        if more := words.more_curves(sweep):
            yield f"  and {more}: --output-format json"
    if sizes := words.sizes(sweep)[:MOST_RUNS]:
        yield from ("", style.paint("By size of the model", "bold"))
        body = [[words.amount(one.params), words.number(one.value), one.run] for one in sizes]
        yield from _table([["Size", sweep.printed, "Run"], *body], width, style, 2)
    yield from _links(sweep, width, style)
    for note in sweep.notes:
        yield from wrap(f"note: {plain(note)}", width, 2)


def _ranking(sweep: Sweep, width: int) -> list[list[str]]:
    """Return the ranking with as many settings as leave room for names that can be told apart."""
    for most in range(words.FEW if width < WIDE else words.MOST_SETTINGS, -1, -1):
        ranking = [words.heading(sweep, most), *words.rows(sweep, most)]
        for row in ranking:
            del row[EPOCH]
            row[-1] = row[-1].split(":")[0]
        titles = [min(columns(title), NARROWEST) for title in ranking[0]]
        longest = [max([title, *(columns(row[at]) for row in ranking[1:])]) for at, title in enumerate(titles)]
        longest[1] = min(longest[1], NAME)
        if sum(longest) + len(GAP) * len(longest) <= width:
            break
    return ranking


def _links(sweep: Sweep, width: int, style: Style) -> Iterator[str]:
    if not sweep.links:
        return
    yield from (
        "",
        style.paint("What went with the result", "bold") + " (no cause: settings may have changed together)",
    )
    for link in sweep.links[: words.MOST_LINKS]:
        name = style.paint(plain(link.name), "bold")
        yield f"  {name}: tried {plain(words.tried(link))}; best run {plain(words.best(link))}"
        yield from (f"    {line}" for line in wrap(plain(words.told(link)), width - 4))
        if link.groups:
            yield from (f"    {line}" for line in wrap(plain(f"median by value: {words.groups(link)}"), width - 4))
    if len(sweep.links) > words.MOST_LINKS:
        yield f"  and {len(sweep.links) - words.MOST_LINKS} more: --output-format json"
    for one in sweep.importance:
        yield from (
            f"  {line}"
            for line in wrap(f"{plain(one.method or 'importance')}: {plain(words.shares(one))}", width - 2, 2)
        )


def _table(rows: Sequence[Sequence[str]], width: int, style: Style, names: int) -> Iterator[str]:
    """Yield a table; where it is too wide, titles are shortened first, then the widest columns, names of runs last."""
    cells = [[plain(cell) for cell in row] for row in rows]
    count = len(cells[0])
    most = [WIDEST_NAME if index == names else WIDEST for index in range(count)]
    widths = [min(max(columns(row[index]) for row in cells), most[index]) for index in range(count)]
    room = width - 2 - len(GAP) * (count - 1)
    if sum(widths) > room:
        body = [max((columns(row[index]) for row in cells[1:]), default=0) for index in range(count)]
        widths = [min(wide, max(inner, HEAD)) for wide, inner in zip(widths, body, strict=True)]
    while sum(widths) > max(room, NARROWEST * count) and max(widths) > NARROWEST:
        others = [wide for index, wide in enumerate(widths) if index != names and wide > NARROWEST]
        widths[names if not others or widths[names] > NAME else widths.index(max(others))] -= 1
    for number, row in enumerate(cells):
        padded = []
        for index, cell in enumerate(row):
            cut = name if number and index == names else _head
            short = cut(cell, widths[index]) if columns(cell) > widths[index] else cell
            pad = " " * (widths[index] - columns(short))
            right = number and index and _is_number(cell) and index < count - 1
            padded.append(pad + short if right else short + pad)
        line = ("  " + GAP.join(padded)).rstrip()
        yield style.paint(line, "bold") if not number else line


def _head(cell: str, width: int) -> str:
    return shorten(cell, width)[0]


def name(text: str, width: int) -> str:
    """Return a name cut so that it can still be told from its like: a path keeps its end, a word both ends."""
    left = "" if "/" in text else text[: max((width - 1) // 2, 1)]
    if (bracket := text.find(" (")) > 0 and text.endswith(")") and bracket + LEAST_TAIL <= width:
        left = text[: bracket + 2]  # the file that tells runs of one name apart: its end, where dates stand
    right = text[len(left) :]
    while right and columns(left) + 1 + columns(right) > width:
        right = right[1:]
    return f"{left}\N{HORIZONTAL ELLIPSIS}{right}"


def _is_number(cell: str) -> bool:
    return cell == "-" or cell.replace(".", "", 1).replace("e-", "", 1).replace("-", "", 1).isdigit()


def concise(sweep: Sweep, style: Style) -> Iterator[str]:
    """Yield one line per run: ``path:line: rank N run value (status)``."""
    for place, trial in enumerate(sweep.trials, 1):
        where = style.paint(plain(f"{trial.place.path}:{max(trial.place.line, 1)}"), "bold")
        value = f"{sweep.metric} {words.number(trial.value)}" if trial.value is not None else "no result"
        state = style.paint(f"[{trial.status}]", STATUS[trial.status])
        reason = f" ({trial.reason})" if trial.reason else ""
        rank = f"rank {place}" if trial.value is not None else "rank -"
        yield f"{where}: {rank} {state} {plain(f'{trial.run}: {value}{reason}')}"
    yield f"sweep: {plain(words.summary(sweep))}"
    yield f"sweep: {plain(words.lead(sweep))}"
