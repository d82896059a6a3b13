"""Possible causes of a hit: what its rule names, stronger where another finding of the segment agrees."""

from __future__ import annotations

from collections.abc import Mapping

from diagnose.engine.hit import Hit
from diagnose.engine.wording import words
from diagnose.language import MissingError, parse, truth
from diagnose.model import Suspect

FOUND = 0.4
"""Added to a suspect's weight when the suspect was itself found in the segment. Ours; an order, no probability."""


def suspects(hit: Hit, found: Mapping[str, Hit]) -> tuple[Suspect, ...]:
    """Return the suspects of a hit, the strongest first, each with its reasons.

    Args:
        hit: the hit.
        found: the last hit of each rule in the segment, by the rule's name.
    """
    ranked = []
    for suspect in hit.rule.suspects:
        if suspect.when:
            try:
                if not truth(parse(suspect.when), hit.scope):
                    continue
            except MissingError:
                continue
        because = [words(suspect.because, hit.scope)] if suspect.because else []
        score = suspect.score
        if suspect.name in found:
            score = min(1.0, score + FOUND)
            because.append(f"{suspect.name} was found too, at line {found[suspect.name].place.line}")
        ranked.append(Suspect(suspect.name, round(score, 2), tuple(because)))
    return tuple(sorted(ranked, key=lambda suspect: -suspect.score))
