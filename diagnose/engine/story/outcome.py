"""What a log itself states after its last fit: scores that no epoch shows, and the program's own verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from diagnose.engine.story.told import number
from diagnose.errors import DiagnoseError
from diagnose.model import Place, Run, Segment
from diagnose.model.story import Statement
from diagnose.names import canonical, traits
from diagnose.patterns import lazy
from diagnose.sources import Source, lines
from diagnose.text.terminal import shorten

MOST = 8
FAR = 400
"""Lines after the end of the last fit in which its result is looked for."""
LONG = 120
DECORATION = " \t=-*#_─━═>|"
STATED = lazy(
    r"(?P<of>[^:=]{1,40}:\s+)?(?:[Ff]inal )?(?P<name>[A-Za-z][A-Za-z0-9_'’ @.-]{1,40}?)\s*(?:[:=]|\s)\s*"
    r"(?P<value>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*%?"
)
"""``Cohen's Kappa: 0.31``, ``Stage 2 (fine-tune): Kappa 0.31``."""
VERDICT = lazy(r"(?i)\bno (\w+ ){0,2}improvement\b|\bdid not improve\b")
OTHER = lazy(rb"(?s)\s*(?:\[\s*)?\{\s*[\x22}]|.*\0")
"""Heads of files that are no printed log: JSON and binary ones."""
NUMBER = lazy(r"[\d.]+")
POSSESSIVE = lazy(r"['’]s\b")
ENDS = ("early_stop", "weights_restored")


def outcome(run: Run, sources: Mapping[str, Source]) -> Iterator[Statement]:
    """Yield one sentence with what is stated after the last fit, quoted; nothing if nothing is."""
    if not run.segments:
        return
    last = run.segments[-1]
    end = _end(last)
    told: dict[str, Place] = {}
    source = sources.get(last.path)
    if source is not None and end and not OTHER.match(source.head[:4096]):
        for place in _quoted(source, end):
            told.setdefault(f'"{place.text}"', place)
    covered = {(place.path, place.line) for place in told.values()}
    summed: dict[str, tuple[str, Place]] = {}
    for event in last.events_of("metric_summary"):
        metric, value = str(event.fields.get("metric", "")), event.fields.get("value")
        here = (event.place.path, event.place.line) in covered or event.place.line < end
        if here or not isinstance(value, int | float) or not math.isfinite(value):
            continue
        if metric not in last.series and _measures(metric):
            summed[metric] = f"{metric} {number(float(value))}", event.place
    for words, place in summed.values():
        told.setdefault(words, place)
    if not told:
        return
    ordered = sorted(told.items(), key=lambda pair: pair[1].line)[:MOST]
    text = "; ".join(words for words, _ in ordered)
    yield Statement(f"After its last fit the log states {text}.", places=tuple(place for _, place in ordered))


def _end(segment: Segment) -> int:
    """Return the last line that belongs to the fit itself."""
    found = [int(np.max(one.line)) for one in segment.series.values() if len(one) and one.path == segment.path]
    found += [one.place.line for one in segment.events_of(*ENDS) if one.place.path == segment.path]
    return max(found, default=0)


def _quoted(source: Source, end: int) -> Iterator[Place]:
    try:
        for line in lines(source):
            if line.number <= end:
                continue
            if line.number > end + FAR:
                return
            text = " ".join(line.text.strip(DECORATION).split())
            if len(text) <= LONG and (VERDICT.search(text) or _states(text)):
                yield Place(source.path, line.number, text=shorten(text, LONG)[0])
    except DiagnoseError:
        return


def _states(text: str) -> bool:
    match = STATED.fullmatch(text)
    if match is None or any(NUMBER.fullmatch(word) for word in match["name"].split()):
        return False  # a row of a table has several numbers
    return _measures(POSSESSIVE.sub("", match["name"].strip()))


def _measures(name: str) -> bool:
    return traits(canonical(name)).kind in ("score", "error", "loss")
