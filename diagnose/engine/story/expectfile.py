"""The criteria as the skeleton of an ``EXPECT.yaml`` that ``diagnose verify`` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from diagnose.model.story import Criterion
from diagnose.model.verdict import TIERS

FINE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ ")


def expect_file(title: str, baseline: str, criteria: Sequence[Criterion]) -> str:
    """Return the text of the file; empty if no criterion can be said as a condition."""
    usable = [one for one in criteria if one.condition]
    if not usable:
        return ""
    lines = [
        "# A skeleton made by `diagnose report`: say what you believe, mend the bars, and register it before the run.",
        f"experiment: {_text(f'recovery of {title}')}",
        *([f"baseline: {_text(baseline)}"] if baseline else []),
        "criteria:",
        *(line for tier in TIERS for line in _tier(tier, [one for one in usable if one.tier == tier])),
    ]
    return "\n".join(lines) + "\n"


def _tier(tier: str, criteria: Sequence[Criterion]) -> Iterator[str]:
    if criteria:
        yield f"  {tier}:"
    for one in criteria:
        yield f"    - id: {_text(one.id)}"
        yield f"      text: {_text(one.text)}"
        yield f"      when: {_text(one.condition)}"
        if one.segment:
            yield f"      segment: {_text(one.segment)}"


def _text(text: str) -> str:
    """Return a text as YAML; in quotes, which JSON's are too, where it could mean something else."""
    return text if text and set(text) <= FINE and text[0].isalpha() and text == text.strip() else json.dumps(text)
