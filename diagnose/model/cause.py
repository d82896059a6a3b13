"""A possible cause of what went wrong: what speaks for it, what against it, and what would settle it."""

from __future__ import annotations

from diagnose.model.place import Place
from diagnose.records import dataclass


@dataclass(frozen=True, slots=True)
class Argument:
    """One reason for or against a cause.

    Attributes:
        weight: what it adds to the rank (above 0 for, below 0 against); written in the rule, no probability.
        text: one sentence with the numbers of this run.
        places: the lines that show it; empty for what only follows from others.
        finding: name of the finding it rests on, if it rests on one.
    """

    weight: float
    text: str
    places: tuple[Place, ...] = ()
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """A suspect, ranked by the sum of its weights; a cause only after a run has said so.

    Attributes:
        code, name, title: of its rule (``CAUSE003``).
        path, segment: what it speaks of.
        score: the sum of the weights of all arguments.
        supports, against: the arguments, the heaviest first.
        refutation: what would show that it is not so: a cheap run or a look-up, in Markdown.
        advice: what to do if it is so, in order, as Markdown.
        explains: names of findings that would be its consequences.
        folds: fingerprints of those that are told under it, and under no other cause.
        experiment: what one run would change, and nothing else; empty if a look-up settles it.
    """

    code: str
    name: str
    title: str
    path: str
    segment: str
    score: float
    supports: tuple[Argument, ...]
    against: tuple[Argument, ...] = ()
    refutation: str = ""
    advice: str = ""
    explains: tuple[str, ...] = ()
    folds: tuple[str, ...] = ()
    experiment: str = ""
