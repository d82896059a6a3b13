"""What ``-v`` tells: which settings and rules counted, what was ignored and suppressed, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from diagnose.text import wording

if TYPE_CHECKING:
    from diagnose.api import Outcome


def account(outcome: Outcome) -> Iterator[str]:
    """Yield the lines."""
    for plan in outcome.plans:
        sources = ", ".join(layer.source for layer in reversed(plan.settings.layers)) or "none"
        yield f"settings: {sources}; {wording.plural(len(plan.rules), 'rule')} selected"
        for selector, reason in plan.settings.ignored().items():
            yield f"ignored: {selector}" + (f" ({reason})" if reason else "")
        for reason, count in sorted(plan.suppressor.counts.items()):
            yield f"suppressed: {wording.plural(count, 'finding')} ({reason})"
    for file in outcome.report.files:
        told = wording.read(file) or file.status
        yield f"{file.path}: {told}, {wording.plural(len(file.ran), 'rule')} ran, {len(file.skipped)} skipped"
    for lack, names in wording.lacks(outcome.report):
        yield f"skipped for want of {lack}: {', '.join(names)}"
