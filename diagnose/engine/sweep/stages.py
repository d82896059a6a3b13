"""The fits of one titled run: stages of a config are no runs of their own, and its last fit is its result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from diagnose.configs.namespace import printed_pairs
from diagnose.engine.enrich import name_settings
from diagnose.model import Config, Place, Segment, Setting
from diagnose.patterns import lazy
from diagnose.records import replace
from diagnose.sources import Source, lines

STAGE = lazy(r"(?i)(.+?), (?=(stage|phase|pre-?train\w*|fine-?tun\w*|warm-?up|fit)\b)")
"""A title, and what stands below it: ``config a, stage 2``."""
COUNTED = lazy(r"(run|session|part|attempt) \d+")
"""Names that only count the segments of a file."""
PAIRS = lazy(r"(?:(\w+):\s+)?([A-Za-z_]\w*\s*=\s*\S.*)")
"""A line of settings, which may have a name of its own: ``rf: trees=200, depth=8``."""
RULER = lazy(r"[=\-#*_]{4,}|")
LEAST = 2
"""Settings that make a block."""


def title_of(name: str) -> str:
    """Return the title of a run without its stage."""
    match = STAGE.match(name)
    return match.group(1) if match is not None else name


def runs_of(segments: Sequence[Segment], source: Source | None = None) -> list[Segment]:
    """Return one segment for each titled run of a log that holds several: the last of its fits, and its own settings.

    A log of one title only is left as it is: its fits are what there is to compare.
    """
    titles = [title_of(segment.name) for segment in segments]
    if len(set(titles)) < 2 or all(not title or COUNTED.fullmatch(title) for title in titles):
        return list(segments)
    groups: list[list[Segment]] = []
    for index, segment in enumerate(segments):
        if index and titles[index] and titles[index] == titles[index - 1] and not COUNTED.fullmatch(titles[index]):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    blocks = _blocks(source, set(titles)) if source is not None else {}
    begin = min((block[0].place.line for found in blocks.values() for block in found), default=0)
    return [_one(group, _next(blocks, title_of(group[-1].name)), begin) for group in groups]


def _one(group: Sequence[Segment], block: Sequence[Setting], begin: int) -> Segment:
    last = group[-1]
    whole = replace(last, name=title_of(last.name), first_line=group[0].first_line)
    if block:
        # What a part below prints is of that part alone, and what other runs print is of those.
        kept = [one for one in last.config.settings.values() if one.place.path != last.path or one.place.line < begin]
        whole.config = Config({one.key: one for one in [*kept, *block]}, partial=last.config.partial)
        name_settings(whole.config)
    return whole


def _next(blocks: Mapping[str, list[list[Setting]]], title: str) -> list[Setting]:
    found = blocks.get(title) or []
    return found.pop(0) if found else []


def _blocks(source: Source, titles: Collection[str]) -> dict[str, list[list[Setting]]]:
    """Return the settings that stand right below each title, as ``key=value, ...``."""
    found: dict[str, list[list[Setting]]] = {}
    block: list[Setting] | None = None
    for line in lines(source):
        text = line.text.strip()
        if text in titles:
            block = []
            found.setdefault(text, []).append(block)
        elif block is not None:
            match = PAIRS.match(text)
            if match is not None:
                prefix = f"{match.group(1)}." if match.group(1) else ""
                place = Place(source.path, line.number, 1, text)
                block += [
                    Setting(prefix + pair.key, pair.value, place, match.group(2)[pair.start : pair.end])
                    for pair in printed_pairs(match.group(2))
                ]
            elif not (RULER.fullmatch(text) and not block):
                block = None
    return {title: kept for title, blocks in found.items() if (kept := [one for one in blocks if len(one) >= LEAST])}


def without_shared(names: Sequence[str]) -> list[str]:
    """Return titles without the words that all of them begin with: ``Config: a`` and ``Config: b`` are a and b."""
    if len(set(names)) < 2:
        return list(names)
    heads = {name.rpartition(": ")[0] for name in names}
    tails = [name.rpartition(": ")[2] for name in names]
    return tails if len(heads) == 1 and "" not in heads and all(tails) else list(names)
