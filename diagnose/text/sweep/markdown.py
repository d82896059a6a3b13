"""A sweep as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from diagnose.model import Sweep
from diagnose.text import escape
from diagnose.text.sweep import words

MOST_RUNS = 200


def section(sweep: Sweep) -> Iterator[str]:
    """Yield the lines of a sweep."""
    yield from (
        "## Sweep",
        "",
        escape.markdown(words.summary(sweep)) + ".",
        "",
        f"**{escape.markdown(words.lead(sweep))}.**",
        "",
    )
    rows = words.rows(sweep)
    yield from _table(words.heading(sweep), rows[:MOST_RUNS])
    if len(rows) > MOST_RUNS:
        yield from (f"*{len(rows) - MOST_RUNS} more runs not shown here.*", "")
    curves = words.with_curves(sweep)
    if len(curves) > 1:
        epochs = words.shared_epochs(curves)
        low, high = words.bounds(curves)
        yield from ("### Learning curves", "")
        head = ["Run", *(f"epoch {words.number(epoch)}" for epoch in epochs), "Curve"]
        yield from _table(
            head, ([one.run, *words.at_epochs(one, epochs), words.spark(one, low, high)] for one in curves)
        )
        if more := words.more_curves(sweep):
            yield from (f"*{more}.*", "")
    if sizes := words.sizes(sweep):
        yield from ("### By size of the model", "")
        yield from _table(
            ["Size", sweep.printed, "Run"],
            ([words.amount(one.params), words.number(one.value), one.run] for one in sizes),
        )
    if sweep.links:
        yield from ("### What went with the result", "", "No cause is claimed: settings may have changed together.", "")
        head = ["Setting", "Tried", "Best run", "With the result", "Median result by value"]
        yield from _table(
            head,
            (
                [link.name, words.tried(link), words.best(link), words.told(link), words.groups(link)]
                for link in sweep.links
            ),
        )  # fmt: skip
        for one in sweep.importance:
            yield from (f"{escape.markdown(one.method or 'Importance')}: {escape.markdown(words.shares(one))}.", "")
    for note in sweep.notes:
        yield from (f"Note: {escape.markdown(note)}.", "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(escape.markdown(cell) or ' ' for cell in head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(escape.markdown(cell) or ' ' for cell in row)} |"
    yield ""
