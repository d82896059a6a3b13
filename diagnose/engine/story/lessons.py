"""What is to be learnt: the reasons that the rules give, each once and short."""

from __future__ import annotations

from collections.abc import Sequence

from diagnose.model import Finding
from diagnose.model.finding import SEVERITIES
from diagnose.patterns import lazy

MOST = 6
SHORTEST = 60
SENTENCE = lazy(r"(?<=[.!?])\s+(?=[A-Z\"(])")


def lessons(findings: Sequence[tuple[int, Finding]]) -> list[tuple[str, tuple[int, ...]]]:
    """Return sentences with the numbers of the findings they come from, the gravest first."""
    found: dict[str, list[int]] = {}
    for number, finding in sorted(findings, key=lambda pair: SEVERITIES.index(pair[1].severity)):
        if finding.severity in ("error", "warning") and (text := _short(finding.why)):
            found.setdefault(text, []).append(number)
    return [(text, tuple(numbers)) for text, numbers in list(found.items())[:MOST]]


def _short(why: str) -> str:
    """Return the first sentence, and the second where the first says little."""
    parts = SENTENCE.split(" ".join(why.split()))
    text = parts[0] if parts else ""
    return f"{text} {parts[1]}" if len(text) < SHORTEST and len(parts) > 1 else text
