"""A study, or the plan of one, as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.confirm.confirmation import Confirmation, Planned
from diagnose.confirm.show import words
from diagnose.text import escape
from diagnose.text.terminal import Style, wrap
from diagnose.text.wording import plural

COLOURS = {
    "confirmed": "bold red",
    "refuted": "bold green",
    "not-reproduced": "bold green",
    "reference-also-bad": "bold yellow",
    "undecided": "bold yellow",
}
NAMES = 14
IDLE = frozenset({"skipped", "not-needed", "not-reached"})


def as_text(found: Confirmation, style: Style, width: int) -> str:
    """Return a study."""
    return "\n".join(_lines(found, style, width)) + "\n"


def _lines(found: Confirmation, style: Style, width: int) -> Iterator[str]:
    asked, result = found.asked, found.result
    yield from _painted(words.headline(found), style, COLOURS[found.verdict], width)
    yield from _wrapped(result.reason, width, 2)
    yield ""
    yield from _table([(row.name, row.whole) for row in words.rows(asked, words.cost(found))], width)
    for record in result.steps:
        if record.state in IDLE and not record.notes:
            continue
        yield ""
        told = f"{words.TITLES[record.name]}: {words.state(record)}"
        yield style.paint(escape.plain(told), "bold") + (f" ({plural(record.runs, 'run')})" if record.runs else "")
        for one in record.comparisons if not record.path else ():
            yield from _wrapped(f"{words.claim(one, asked)}: {'yes' if one.holds else 'no'}", width, 2)
            for line in words.comparison(one, asked):
                yield from _wrapped(line, width, 4)
        for name, weight in words.likely(record)[:3]:
            yield from _wrapped(f"{words.percent(weight)}  {name}", width, 2)
        for stop in record.path:
            yield from _wrapped(f"{words.arm(stop.arm, asked)}" + _portion(stop.portion), width, 2)
            if stop.step is not None:
                p = f", exact p = {words.figure(stop.step.p)}" if stop.step.p is not None else ""
                same = "no worse than the stop before" if words.turned(asked) else "no other than the stop before"
                told = f"{words.effect(stop.step, asked)}{p}" if stop.step.holds else same
                yield from _wrapped(f"against the stop before: {told}" if stop.step.holds else told, width, 4)
        for note in record.notes:
            yield from _wrapped(note, width, 2)
    yield from _listed(
        "Other suspects", [words.culprit(one, asked) for one in result.culprits if not one.confirmed], width
    )
    idle = [
        f"{words.TITLES[one.name]}: {words.state(one)}" for one in result.steps if one.state in IDLE and not one.notes
    ]
    if idle:
        yield ""
        yield from _wrapped("; ".join(idle), width, 0)
    yield from _listed("Not varied", result.not_varied, width)
    yield from _listed("Notes", asked.notes, width)
    yield ""
    if found.waives:
        yield from _wrapped(f"For a waiver of these changes: confirmed-by={asked.id}", width, 0)


def _portion(portion: float | None) -> str:
    return f" ({words.percent(portion)} of the whole change)" if portion is not None else ""


def plan_as_text(planned: Planned, width: int = 100) -> str:
    """Return a dry run."""
    return "\n".join(_plan_lines(planned, width)) + "\n"


def _plan_lines(planned: Planned, width: int) -> Iterator[str]:
    asked = planned.asked
    yield f"Plan of study {asked.id}; nothing was run."
    yield ""
    yield from _table([(row.name, row.whole) for row in words.rows(asked)], width)
    yield ""
    yield "Changes, the most suspicious first:"
    for id, one in sorted(asked.varied.items(), key=lambda pair: -asked.prior[pair[0]]):
        yield from _wrapped(f"{asked.prior[id]:.2f}  {one.risk:8}  {one.title}", width, 2)
        if one.atom.because:
            yield from _wrapped(f"as one: {one.atom.because}", width, 18)
    yield ""
    yield f"{'Runs':24}{'expected':>9}{'at most':>9}"
    if planned.pilots:
        yield f"  {'First runs':22}{planned.pilots:>9}{planned.pilots:>9}  to learn what to ask for"
    for step in planned.plan.steps:
        yield f"  {words.TITLES[step.name]:22}{step.expected:>9}{step.largest:>9}  {step.why}".rstrip()
    expected, largest = planned.plan.expected + planned.pilots, planned.plan.largest + planned.pilots
    yield f"  {'in all':22}{expected:>9}{largest:>9}"
    if planned.known:
        told = f"{plural(planned.known, 'run')} in the ledger {'is' if planned.known == 1 else 'are'} not repeated"
        yield f"  {'still to be run':22}{planned.expected:>9}{planned.largest:>9}  {told}"
    yield ""
    yield from _table([*_cost(planned), ("First run", planned.example)], width)
    yield from _listed("Notes", asked.notes, width)


def _cost(planned: Planned) -> Iterator[tuple[str, str]]:
    budget = planned.asked.budget
    at_once = plural(planned.slots, "run") + " at once"
    if planned.seconds is None:
        yield "Cost", f"{at_once}; how long one takes is not known yet"
    else:
        low, high = (
            words.seconds(count * planned.seconds / planned.slots) for count in (planned.expected, planned.largest)
        )
        gpus = planned.seconds * planned.gpus * planned.expected / 3600
        told = f"{low} expected, {high} at most: {words.seconds(planned.seconds)} a run ({planned.basis}), {at_once}"
        yield "Cost", told + (f", {gpus:.2g} GPU hours expected" if planned.gpus else "")
    bounds = [
        plural(budget.runs, "run") if budget.runs is not None else "",
        f"{budget.gpu_hours:g} GPU hours" if budget.gpu_hours is not None else "",
        words.seconds(budget.wall) if budget.wall is not None else "",
    ]
    if any(bounds):
        yield "Budget", ", ".join(bound for bound in bounds if bound)


def _table(rows: list[tuple[str, str]], width: int) -> Iterator[str]:
    for name, text in rows:
        first, *rest = wrap(escape.plain(text), width - NAMES) or [""]
        yield f"  {name:{NAMES - 2}}{first}"
        for line in rest:
            yield f"{'':{NAMES}}{line}"


def _listed(title: str, texts: object, width: int) -> Iterator[str]:
    found = [str(text) for text in texts] if isinstance(texts, list | tuple) else []
    if not found:
        return
    yield ""
    yield f"{title}:"
    for text in found:
        yield from _wrapped(f"- {text}", width, 2)


def _wrapped(text: str, width: int, indent: int) -> Iterator[str]:
    for line in wrap(escape.plain(text), width - indent):
        yield f"{'':{indent}}{line}"


def _painted(text: str, style: Style, paint: str, width: int) -> Iterator[str]:
    for line in wrap(escape.plain(text), width):
        yield style.paint(line, paint)
