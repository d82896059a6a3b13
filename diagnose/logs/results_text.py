"""A summary written after training that sets its results beside a baseline's: ``mAP: 20.9% (vs 34.0% baseline)``.

Read as two segments, ``baseline`` and ``this run``, so that rules can compare them.
"""

from __future__ import annotations

from diagnose.names import canonical, split_of
from diagnose.patterns import lazy
from diagnose.reader import Head, LineGrammar, Match, RunBuilder
from diagnose.reader.likeness import is_metric
from diagnose.sources import Line, Source, lines

NAME = "results-text"
TITLE = "written summary of results beside a baseline's"
IS_GENERIC, MOST = True, 20
SAMPLES = (
    (
        "SUMMARY\n=======\nOverall mAP: 21.5% (vs 33.0% baseline = -11.5% change)\nAP50: 41.2%\n"
        "- Small mAP: 6.1% (vs 12.0% baseline)\n"
    ),
)

GRAMMAR = LineGrammar("results_text", gate=r":\s*[-+]?\.?\d")
BULLET = " \t-*•>#"
COMPARED = lazy(r"(?im)^.*\d ?%?\s*\((?:vs\.?|baseline|compared|the baseline|reference)[^)\n]*\d.*$")
ENOUGH = 2
"""Compared metrics below which a text only mentions a comparison."""


def sniff(head: Head) -> int:
    """Accept a text with at least two metrics that stand beside those of a baseline."""
    if head.is_binary:
        return 0
    found = 0
    for text in COMPARED.findall(head.text[: 1 << 17])[:200]:
        match = GRAMMAR.parse(text.strip(BULLET))
        found += match is not None and match.kind != "plain" and is_metric(_printed(match))
    return 20 if found >= ENOUGH else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read the baseline's values into one segment and the run's own into another."""
    baseline: list[tuple[str, float, Line]] = []
    own: list[tuple[str, float, Line]] = []
    for line in lines(source):
        match = GRAMMAR.parse(line.text.strip(BULLET))
        if match is None or not is_metric(name := _printed(match)):
            continue
        values = match.numbers()
        own.append((name, values[0], line))
        if len(values) > 1:
            baseline.append((name, values[1], line))
    for title, points in (("baseline", baseline), ("this run", own)):
        if points:
            build.start(points[0][2].number, title)
        for name, value, line in points:
            build.point(name, value, line.number, name=_name(name))
        build.close()


def _printed(match: Match) -> str:
    return (match.get("NAME") or "").partition("(")[0].strip()


def _name(printed: str) -> str:
    name = canonical(printed, "val")
    return name if split_of(name) else f"val/{name}"
