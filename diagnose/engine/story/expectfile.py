"""What a report proposes as an ``EXPECT.yaml`` that ``diagnose verify`` reads: runs, beliefs, criteria, decisions."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Sequence
from itertools import islice

from diagnose.model.story import Criterion
from diagnose.model.verdict import TIERS
from diagnose.records import dataclass

FINE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ ")
MOST_TRIALS = 3
"""Isolation runs that get a scenario of their own; more are added by hand."""
RISKS = (
    ("A loss becomes NaN or infinite.", "loss-nan"),
    ("The score falls after its best epoch.", "metric-regression"),
    ("The run ends before its plan does.", "run-truncated"),
)
"""What may go wrong with any run, and the rule that shows it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One isolation run.

    Attributes:
        name: of the suspect or setting that it is about.
        text: what it changes.
        belief: the hypothesis that it tests.
        mends: whether its success speaks for the hypothesis (a suspect is removed), or against it (one is added).
    """

    name: str
    text: str
    belief: str
    mends: bool


def expect_file(title: str, baseline: str, criteria: Sequence[Criterion], trials: Sequence[Trial] = ()) -> str:
    """Return the text of the file; empty if no criterion can be said as a condition."""
    usable = [one for one in criteria if one.condition]
    if not usable:
        return ""
    least = [one for one in usable if one.tier == TIERS[0]]
    runs = list(islice(zip(string.ascii_uppercase, trials, strict=False), MOST_TRIALS)) if least else []
    lines = [
        "# Proposed by `diagnose report`: mend what you believe and the bars, and register it before the runs.",
        "# What it came to: diagnose verify EXPECT.yaml " + (" ".join(f"{run}=RUN" for run, _ in runs) or "RUN"),
        f"experiment: {_text(f'recovery of {title}')}",
        *([f"baseline: {_text(baseline)}"] if baseline else []),
        *_of_trials(runs, least),
        "criteria:",
        *(line for tier in TIERS for line in _tier(tier, [one for one in usable if one.tier == tier])),
        *(["risks:", *(line for text, rule in RISKS for line in _item(text=text, rule=rule))] if runs else []),
        *(_decisions(runs) if runs else ()),
    ]
    return "\n".join(lines) + "\n"


def _of_trials(runs: Sequence[tuple[str, Trial]], least: Sequence[Criterion]) -> Iterator[str]:
    if not runs:
        return
    yield "runs:"
    yield from (f"  {run}: {_text(trial.text)}" for run, trial in runs)
    yield "hypotheses:"
    for run, trial in runs:
        reached = f'reached("{TIERS[0]}", "{run}")'
        missed = " or ".join(f'failed("{one.id}", "{run}")' for one in least)
        speaks, against = (reached, missed) if trial.mends else (missed, reached)
        yield from _item(id=trial.name, text=trial.belief, supported=speaks, weakened=against)


def _decisions(runs: Sequence[tuple[str, Trial]]) -> Iterator[str]:
    yield "decisions:"
    mends = runs[0][1].mends
    for run, trial in runs:
        others = [f'reached("{TIERS[0]}", "{other}")' for other, _ in runs if other != run]
        mine = f'reached("{TIERS[0]}", "{run}")'
        if mends:
            when = " and not ".join([mine, *others])
            scenario = f"{run} recovers" if not others else f"only {run} recovers"
        else:
            when = " and ".join([f"not {mine}", *others])
            scenario = f"{run} fails" if not others else f"only {run} fails"
        then = f"{trial.name} is strongly suspected: repeat {run} and its control with four seeds each."
        yield from _item(scenario=scenario, when=when, then=then)
    all_reach = " and ".join(f'reached("{TIERS[0]}", "{run}")' for run, _ in runs)
    any_reaches = " or ".join(f'reached("{TIERS[0]}", "{run}")' for run, _ in runs)
    if len(runs) > 1:
        several, when = ("more than one recovers", any_reaches) if mends else ("none fails", all_reach)
        then = (
            "Each is enough to mend it: keep the change that costs least, and confirm it with seeds."
            if mends
            else "None is enough by itself: add them one by one, then look at code, data and seed."
        )
        yield from _item(scenario=several, when=when, then=then)
    last = (
        "None of the suspects is enough: look at data, labels, evaluation and the starting weights."
        if mends
        else "More than one spoils the run: leave all of them out, and take them back one at a time."
    )
    yield from _item(scenario="otherwise", then=last)


def _item(**fields: str) -> Iterator[str]:
    sign = "-"
    for key, value in fields.items():
        yield f"  {sign} {key}: {_text(value)}"
        sign = " "


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
