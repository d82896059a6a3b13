"""The fits of one titled run: stages and pre-training of a config are no runs of their own, its last fit is its result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from diagnose.model import Config, Segment, Setting

STAGE = re.compile(r"(?i)(.+?), (?=(stage|phase|pre-?train\w*|fine-?tun\w*|warm-?up|fit)\b)")
"""A title, and what stands below it: ``config a, stage 2``."""
COUNTED = re.compile(r"(run|session|part|attempt) \d+")
"""Names that only count the segments of a file."""
APART = 2
"""Lines between the settings of one block, at most: what a part below prints is of that part alone."""


def title_of(name: str) -> str:
    """Return the title of a run without its stage."""
    match = STAGE.match(name)
    return match.group(1) if match is not None else name


def runs_of(segments: Sequence[Segment]) -> list[Segment]:
    """Return one segment for each titled run of a log that holds several: the last of its fits, with the run's settings.

    A log of one title only is left as it is: its fits are what there is to compare.
    """
    titles = [title_of(segment.name) for segment in segments]
    if len(set(titles)) < 2 or titles == [segment.name for segment in segments]:
        return list(segments)
    groups: list[list[Segment]] = []
    for index, segment in enumerate(segments):
        if index and titles[index] == titles[index - 1] and not COUNTED.fullmatch(titles[index]):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [_one(group) for group in groups]


def _one(group: Sequence[Segment]) -> Segment:
    last = group[-1]
    if len(group) == 1 and title_of(last.name) == last.name:
        return last
    whole = replace(last, name=title_of(last.name), first_line=group[0].first_line)
    whole.config = _own(group[0].config)
    return whole


def _own(config: Config) -> Config:
    """Return the settings of the block that a title begins; those of a part below are of that part."""
    ordered = sorted(config.settings.values(), key=lambda setting: (setting.place.path, setting.place.line))
    block: list[Setting] = []
    for setting in ordered:
        if block and not (
            setting.place.path == block[-1].place.path and setting.place.line - block[-1].place.line <= APART
        ):
            break
        block.append(setting)
    kept = {setting.key for setting in block}
    return Config(
        {key: setting for key, setting in config.settings.items() if key in kept},
        {name: setting for name, setting in config.canonical.items() if setting.key in kept},
        config.framework,
        config.partial,
    )


def without_shared(names: Sequence[str]) -> list[str]:
    """Return titles without the words that all of them begin with: ``Config: a`` and ``Config: b`` are a and b."""
    if len(set(names)) < 2:
        return list(names)
    heads = {name.rpartition(": ")[0] for name in names}
    tails = [name.rpartition(": ")[2] for name in names]
    return tails if len(heads) == 1 and "" not in heads and all(tails) else list(names)
