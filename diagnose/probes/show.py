"""What a reproduction showed, for people: on a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from diagnose.probes.declare import DOCUMENTED
from diagnose.probes.result import ARMS, FEWEST, LEAST, Outcome, Result, Used
from diagnose.text import escape
from diagnose.text.terminal import Style, wrap


def text(result: Result, *, colour: bool = False, width: int = 100) -> str:
    """Return the result for a terminal."""
    return "\n".join(_text(result, Style(colour), width)) + "\n"


def _text(result: Result, style: Style, width: int) -> Iterator[str]:
    painted = style.paint(headline(result), "bold green" if result.reproduced else "bold yellow")
    yield f"{style.paint(result.mechanism, 'bold')}: {painted}"
    yield result.title
    if result.link:
        yield from wrap(f"{result.link}.", width)
    yield ""
    yield from _table(_rows(result.arms), width)
    yield ""
    yield from wrap(verdict(result), width)
    if result.none_left is not None:
        yield ""
        yield "Each suspected cause alone, and the suspect without it:"
        yield from _table(varied_rows(result), width)
    yield ""
    yield from wrap(f"Symptom: {result.symptom}.", width, 2)
    yield from wrap(f"Proxy: {result.proxy}", width, 2)
    yield ""
    yield from (line for used in result.parameters for line in wrap(_used(used), width, 6))
    yield ""
    yield from wrap(effort(result), width, 2)


def markdown(result: Result) -> str:
    """Return the result as a section of Markdown."""
    lines = [f"## {result.mechanism}: {headline(result)}", "", escape.markdown(result.title), ""]
    if result.link:
        lines += [escape.markdown(f"{result.link}."), ""]
    lines += _markdown_table(_rows(result.arms))
    lines += ["", escape.markdown(verdict(result)), ""]
    if result.none_left is not None:
        lines += [
            "Each suspected cause alone, and the suspect without it:",
            "",
            *_markdown_table(varied_rows(result)),
            "",
        ]
    lines += [f"* Symptom: {escape.markdown(result.symptom)}.", f"* Proxy: {escape.markdown(result.proxy)}"]
    lines += [f"* {escape.markdown(effort(result))}", ""]
    rows = [["parameter", "value", "from"]]
    rows += [[used.name, number(used.value), origin(used)] for used in result.parameters]
    return "\n".join([*lines, *_markdown_table(rows)]) + "\n"


def headline(result: Result) -> str:
    """Return the verdict in a word, also where these replicas tell none."""
    return "undecided" if result.open else result.verdict


def verdict(result: Result) -> str:
    """Return the verdict in a sentence or two."""
    suspect, control, fix = (result.arm(name) for name in ARMS)
    told = (
        f"{percent(suspect)} of the replicas with the suspected cause show the symptom, {percent(control)} without it"
    )
    if not result.reproduced:
        word = "Undecided" if result.open else "Not reproduced"
        return f"{word}: {told} ({_why_not(result)}).{taken(result)}{dose(result)}"
    cured = f"the fix {_cures(result, fix)} ({percent(fix)})"
    further = [
        f" The arm {arm.name!r} {_cures(result, arm)} ({percent(arm)})."
        for arm in result.arms
        if arm.name not in (*ARMS, DOCUMENTED)
    ]
    size = often(result.against("control").difference)
    return f"Reproduced{size}: {told} ({_pairs(result)}); {cured}.{''.join(further)}{taken(result)}{dose(result)}"


def often(more: float) -> str:
    """Return in how many replicas more than in the control the symptom shows, where that is not nearly all."""
    if more >= 0.9:
        return ""
    words = " in most replicas", " in about half of the replicas", " in some replicas", " in few replicas"
    return next((word for word, least in zip(words, (0.6, 0.4, LEAST), strict=False) if more >= least), words[-1])


def _pairs(result: Result) -> str:
    """Return what the pairs of suspect and control say."""
    pairs = result.against("control")
    low, high = pairs.interval
    return (
        f"{pairs.difference:.0%} more, from {low:.0%} to {high:.0%}; {pairs.first} replicas only with the cause, "
        f"{pairs.second} only without, exact McNemar p = {pairs.p:.2g}"
    )


def _cures(result: Result, arm: Outcome) -> str:
    """Return whether an arm cures, as the rest of a sentence."""
    words = {
        "": "cures it",
        "diverged": f"cannot be told to cure it: {arm.diverged} of its {arm.replicas} replicas diverged",
        "symptom-stays": "does not cure it",
        "rarer": f"makes the symptom rarer, which in {LEAST:.0%} of the replicas or more is no cure",
        "too-few-replicas": "may cure it, but these replicas are too few to tell",
        "worse-result": "makes the symptom rarer and the result worse than it was, which is no cure",
    }
    return words[result.stays(arm)]


def _why_not(result: Result) -> str:
    suspect, control = result.arm("suspect"), result.arm("control")
    why = result.why
    if why == "diverged":
        return (
            f"{suspect.diverged} of {suspect.replicas} replicas with the cause diverged and {control.diverged} of "
            f"{control.replicas} without it, so that the arms do not compare"
        )
    if why == "too-few-replicas" and suspect.replicas < FEWEST:
        return f"{suspect.replicas} replicas are too few to tell, {FEWEST} are the least"
    words = {
        "too-few-replicas": "too few replicas to tell: try more with --replicas",
        "too-rare": f"a sure effect, but in fewer than {LEAST:.0%} of the replicas",
        "control-shows-it": "the control shows it too",
        "no-difference": f"a difference of {LEAST:.0%} or more can be excluded",
    }
    return f"{words[why]}; {_pairs(result)}"


def taken(result: Result) -> str:
    """Return which numbers came from the log, above all if none did; "" without a log."""
    if not result.log:
        return ""
    if not result.taken:
        return " Nothing here comes from the log, which tells none of these numbers: this says nothing of that run."
    return f" From the log: {', '.join(result.taken)}; all other numbers are not that run's."


def dose(result: Result) -> str:
    """Return which numbers were chosen so that the mechanism shows, and what the document's dose did; "" if none."""
    seen = result.documented
    if seen is None:
        return ""
    low, high = seen.interval
    chosen = ", ".join(f"{used.name} = {number(used.value)}" for used in result.chosen)
    told = f" Chosen so that it shows, not told by a log: {chosen}." if chosen else ""
    return f"{told} {seen.title[:1].upper()}{seen.title[1:]}: {seen.hits} of {seen.replicas} [{low:.1%}, {high:.1%}]."


def effort(result: Result) -> str:
    """Return what it took, and how that compares with a plain loop."""
    told = (
        f"{result.replicas} replicas an arm on {result.device_name}, {result.steps} replica-steps in "
        f"{result.seconds:.1f} s with drawing and evaluation; seed {result.seed}, torch {result.torch}."
    )
    if not result.loop_rate:
        return told
    return (
        f"{told} Steps alone: {result.rate:.0f} replica-steps a second together, {result.loop_rate:.0f} in a plain "
        f"loop over a few replicas on the same device, extrapolated: {result.speedup:.1f} times."
    )


def percent(outcome: Outcome) -> str:
    """Return a share with its interval."""
    low, high = outcome.interval
    return f"{outcome.share:.1%} [{low:.1%}, {high:.1%}]"


def origin(used: Used) -> str:
    """Return where a parameter's value came from."""
    lines = ", ".join(f"line {place.line}" for place in used.places if place.line)
    words = {
        "default": "default, not from a log",
        "given": "given by --set",
        "log": "log",
        "derived": "derived from the log",
    }
    return words[used.origin] + (f", {lines}" if lines else "") + (f" ({used.how})" if used.how else "")


def number(value: Any) -> str:
    """Return a value as people write it."""
    if isinstance(value, tuple | list):
        return ", ".join(map(number, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def varied_rows(result: Result) -> list[list[str]]:
    """Return the table of causes, with its head."""
    rows = [["suspected cause", "only this cause", "all but this cause", "taken away by"]]
    rows += [[one.name, percent(one.alone), percent(one.without), one.title] for one in result.varied]
    if result.none_left is not None:
        rows.append(["(none of them)", percent(result.none_left), "", ""])
        rows.append(["(all of them)", percent(result.arm("suspect")), "", ""])
    return rows


def _rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    names = list(dict.fromkeys(name for one in outcomes for name in one.measures))
    diverged = any(one.diverged for one in outcomes)
    rows = [["arm", "symptom", *names, *(["diverged"] if diverged else []), "what"]]
    for one in outcomes:
        measured = [number(float(f"{one.measures[name]:.3g}")) if name in one.measures else "" for name in names]
        rows.append([one.name, percent(one), *measured, *([str(one.diverged)] if diverged else []), one.title])
    return rows


def _table(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield a table whose last column is prose; where it is wider than *width*, row by row with names of columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    if sum(widths) + 2 * len(widths) <= width:
        for row in rows:
            yield "  " + "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()
        return
    (_, *names, _), *body = rows
    for first, *cells, prose in body:
        yield from wrap(f"  {first}: {prose}" if prose else f"  {first}", width, 4)
        told = "; ".join(f"{name} {cell}" for name, cell in zip(names, cells, strict=True) if cell)
        yield from wrap(f"      {told}", width, 6)


def _markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *body = [[escape.markdown(cell) for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]


def _used(used: Used) -> str:
    return "  " + escape.plain(f"{used.name} = {number(used.value)}: {used.meaning}; {origin(used)}")
