"""Findings that another one explains are not listed beside it."""

from __future__ import annotations

from diagnose.engine.apply import MOST_EVIDENCE
from diagnose.engine.hit import Hit
from diagnose.engine.wording import words
from diagnose.errors import RuleError
from diagnose.model import SEVERITIES, Evidence


def fold(hits: list[Hit]) -> list[Hit]:
    """Return the hits of one segment without those that another hit of the segment folds; it then names them.

    A hit never folds one that is worse than itself.
    """
    names = {hit.rule.name for hit in hits}
    gone: set[int] = set()
    for parent in hits:
        wanted = names.intersection(parent.rule.folds)
        if not wanted:
            continue
        for index, child in enumerate(hits):
            if child.rule.name in wanted and index not in gone and _milder(child, parent):
                gone.add(index)
                parent.folded.append(child.rule.name)
                if len(parent.evidence) < MOST_EVIDENCE:
                    parent.evidence.append(Evidence(child.place, f"{child.rule.name}: {_told(child)}"))
    return [hit for index, hit in enumerate(hits) if index not in gone]


def _told(hit: Hit) -> str:
    try:
        return words(hit.rule.message, hit.scope)
    except RuleError:  # a message at fault must not take the finding that stands for it along
        return hit.rule.title


def _milder(child: Hit, parent: Hit) -> bool:
    return child is not parent and SEVERITIES.index(child.severity) >= SEVERITIES.index(parent.severity)
