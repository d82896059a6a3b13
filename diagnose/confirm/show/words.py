"""The figures of a study in words, the same in every output."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnose.confirm.confirmation import Asked, Confirmation
from diagnose.confirm.model import FIX, Outcome, Trial
from diagnose.confirm.studies.result import Arm, Comparison, Culprit, StepRecord
from diagnose.text.changes import number
from diagnose.text.wording import plural

TITLES = {
    "noise": "Noise floor",
    "control": "Control",
    "culprit": "Search",
    "confirmation": "Confirmation",
    "path": "Path",
    "fix": "Fix",
}
QUESTIONS = {
    "noise": "Does one seed give one run?",
    "control": "Does the suspect config show it, and the baseline not?",
    "culprit": "Which of the changes does it?",
    "confirmation": "Is it enough, and does it go without it?",
    "path": "How much does each change bring?",
    "fix": "Is the proposed fix better, and as good as the baseline?",
}
STATES = {
    "skipped": "left out",
    "not-needed": "not needed",
    "out-of-budget": "out of budget",
    "not-reached": "not reached",
}
CLAIMS = {
    "reproduced": "Shown by the suspect, not by the baseline",
    "sufficient": "Enough to bring it",
    "necessary": "Gone without it",
    "not-sufficient": "Not enough to bring it",
    "not-necessary": "Still there without it",
    "worse-than-before": "Worse than at the stop before",
    "worse-alone": "Does some harm alone",
    "better-without": "Some harm goes without it",
    "better-than-suspect": "The fix is better than the suspect",
    "not-worse-than-baseline": "The fix could not be told from the baseline",
}
"""What a test asks."""
BY_METRIC = {
    "reproduced": "The suspect is worse than the baseline",
    "sufficient": "Enough to make it worse",
    "necessary": "Better without it",
    "not-sufficient": "Not as bad with it alone",
    "not-necessary": "Still worse without it",
}
"""The same where no symptom is judged."""
UNTURNED = {
    "reproduced": "The suspect differs from the baseline",
    "sufficient": "Enough to move the metric",
    "necessary": "Moved back without it",
    "not-sufficient": "Moved less with it alone",
    "not-necessary": "Still moved without it",
    "worse-alone": "Moves the metric alone",
    "better-without": "Moved back in part without it",
    "worse-than-before": "Differs from the stop before",
    "better-than-suspect": "The fix differs from the suspect",
}
"""The same where nobody said which way the metric is better."""
STATUSES = {
    "stopped": "", "finished": "", "failed": "failed", "timeout": "given up", "lost": "lost", "skipped": "not run",
}  # fmt: skip
MOST_SEEDS = 12
NAMED = 3
LONGEST = 60
LEAST = 0.01


def figure(value: float | None, digits: int = 3) -> str:
    """Return a number for people."""
    if value is None:
        return "-"
    if math.isnan(value):
        return "NaN"
    return number(value, digits)


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{round(100 * share)} %"


def between(interval: tuple[float, float] | None, *, shares: bool = False) -> str:
    """Return an interval in brackets; empty without one."""
    if interval is None:
        return ""
    told = [percent(end) if shares else figure(end) for end in interval]
    return f"[{told[0]}, {told[1]}]"


def seconds(value: float) -> str:
    """Return a time."""
    if value < 100:
        return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.1f} h"


def seeds(found: Sequence[int]) -> str:
    """Return seeds with runs of them drawn together: ``1-4, 101-104``."""
    spans: list[list[int]] = []
    for seed in sorted(set(found)):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    told = [str(low) if low == high else f"{low}-{high}" for low, high in spans]
    return ", ".join(told[:MOST_SEEDS]) + (f" and {len(told) - MOST_SEEDS} more" if len(told) > MOST_SEEDS else "")


def parts(atoms: Iterable[str], asked: Asked) -> str:
    """Return a config of a study in words."""
    return config(atoms, asked.varied)


def config(atoms: Iterable[str], everything: Iterable[str]) -> str:
    """Return a config in words: ``baseline``, ``suspect``, or what of the suspect it has."""
    given = [*atoms]
    chosen = [one for one in given if one != FIX]
    left = sorted({*everything} - {*chosen})
    if not chosen:
        name = "baseline"
    elif not left:
        name = "suspect"
    elif len(left) < len(chosen) and len(left) <= NAMED:
        name = f"suspect without {', '.join(left)}"
    else:
        name = f"baseline with {', '.join(chosen)}"
    return f"{name}, fixed" if FIX in given else name


def culprit(one: Culprit, asked: Asked) -> str:
    """Return a culprit with its values."""
    if len(one.atoms) == len(asked.varied) > NAMED:
        return f"all {len(one.atoms)} changes together"
    told = [asked.title(atom) for atom in one.atoms]
    joint = {"and": " together with ", "or": ", or "}.get(one.kind, ", ")
    return joint.join(told)


def headline(found: Confirmation) -> str:
    """Return the verdict in a line."""
    told = found.word
    if found.verdict == "confirmed" and found.result.culprits:
        told = f"Confirmed: {culprit(found.result.culprits[0], found.asked)}"
    fixed = cured(found)
    return f"{told}; {fixed}" if fixed else told


def cured(found: Confirmation) -> str:
    """Return what came of the proposed fix, and how often the symptom is left; empty if that is not known."""
    accepted = found.result.fix_accepted
    if accepted is None:
        return ""
    told = "the proposed fix is accepted" if accepted else "the proposed fix is not accepted"
    close = next((one for one in found.result.step("fix").comparisons if one.claim == "not-worse-than-baseline"), None)
    if close is None or close.worse.shown is None or not found.asked.question.symptom:
        return told
    return f"{told} (symptom in {close.worse.shown} of {close.worse.runs} runs)"


def turned(asked: Asked) -> bool:
    """Return whether it is known which way is worse."""
    return bool(asked.question.symptom or asked.question.better)


def arm(one: Arm, asked: Asked) -> str:
    """Return the runs of one config in words: ``suspect 4 of 4 [40 %, 100 %]``."""
    name = parts(one.parts, asked)
    told = [f"{name} {one.shown} of {one.runs} {between(one.interval, shares=True)}" if one.shown is not None else name]
    if not turned(asked):
        told = [name]
    if one.failed:
        told.append(f"{one.failed} of {one.runs + one.failed} runs failed")
    if one.metrics:
        lost = sum(math.isnan(value) for value in one.metrics)
        mean = f"mean {figure(one.mean)}" if one.mean is not None else ""
        broken = f"{lost} of {len(one.metrics)} diverged" if lost else ""
        told.append(", ".join(part for part in (mean, broken) if part))
    return ": ".join(part.strip() for part in told if part.strip())


def claim(one: Comparison, asked: Asked) -> str:
    """Return what a test asks; of several settings each is named."""
    table = CLAIMS if asked.question.symptom else CLAIMS | BY_METRIC
    text = (table if turned(asked) else table | UNTURNED).get(one.claim, one.claim)
    if one.claim in ("necessary", "not-necessary"):
        without = one.better if one.claim == "necessary" else one.worse
        left = sorted({*asked.varied} - {*without.parts})
        return text.removesuffix("it") + ", ".join(left) if left else text
    return text


def comparison(one: Comparison, asked: Asked) -> list[str]:
    """Return a test in sentences: the arms, the effect, and p at its look."""
    lines = [f"{arm(one.worse, asked)}; {arm(one.better, asked)}"]
    effects = []
    if one.difference is not None:
        interval = f" {between(one.interval)}" if one.interval else ""
        effects.append(f"difference {figure(one.difference)}{interval}")
    if one.share is not None:
        effects += [_share(one, asked)] if turned(asked) else []
    if one.cohen_d is not None:
        effects.append(f"d = {figure(one.cohen_d, 2)}")
    if one.p_worse is not None:
        way = "worse" if turned(asked) else "lower" if (one.difference or 0) < 0 else "higher"
        effects.append(f"P({way}) = {figure(one.p_worse, 2)}")
    if effects:
        lines.append(", ".join(effects))
    if one.p is not None:
        lines.append(tested(one))
    return lines


def _share(one: Comparison, asked: Asked) -> str:
    """Return how much more often the symptom shows."""
    what = "symptom" if asked.question.symptom else "on the worse side"
    text = f"{what} {'' if (one.share or 0) < 0 else '+'}{percent(one.share or 0)[:-2]} points"
    if one.share_interval is None:
        return text
    low, high = (f"{100 * end:.0f}" for end in one.share_interval)
    return f"{text} [{low}, {high}]"


def effect(one: Comparison, asked: Asked) -> str:
    """Return the effect of a test in one line; empty if nothing was measured."""
    lines = comparison(one, asked)
    return lines[1] if len(lines) > 1 and not lines[1].startswith("exact p") else ""


def tested(one: Comparison) -> str:
    """Return p, and at which look it was taken."""
    text = f"exact p = {figure(one.p)}"
    if one.flips:
        text += " by sign flips of the pairs"
    if one.p_adjusted is not None:
        text += f", by Holm {figure(one.p_adjusted)}"
    if one.looks:
        last = one.looks[-1]
        arms = last.arms if any(last.arms) else (last.runs, last.runs)
        text += f" at {arms[0]} + {arms[1]} runs, which had to be at most {figure(last.alpha)}"
    text += f" ({'one' if one.sides == 1 else 'two'}-sided)"
    if one.p_paired is not None and not one.flips:
        text += f"; by the pairs of one seed exact p = {figure(one.p_paired)}"
    return text


def state(record: StepRecord) -> str:
    """Return what became of a step."""
    return STATES.get(record.state, record.outcome.replace("-", " ") or record.state)


def likely(record: StepRecord) -> list[tuple[str, float]]:
    """Return the explanations of the search that are worth a line."""
    return [(name, weight) for name, weight in record.posterior if weight >= LEAST] or [*record.posterior[:1]]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was asked.

    Attributes:
        origin: where it comes from; empty if the user said it.
        coded: whether it is text for a machine.
    """

    name: str
    text: str
    origin: str = ""
    coded: bool = False

    @property
    def whole(self) -> str:
        """The text with its origin."""
        return f"{self.text} ({self.origin})" if self.origin else self.text


def rows(asked: Asked, took: str = "") -> list[Row]:
    """Return what was asked, and what it took if that is known."""
    question = asked.question
    by = {"higher": ", higher is better", "lower": ", lower is better"}.get(question.better, "")
    origins = {name: "" if said == "given" else said for name, said in asked.origins.items()}
    found = [
        Row("Baseline", asked.comparison.old, coded=True),
        Row("Suspect", asked.comparison.new, plural(len(asked.varied), "change") + " to tell apart", coded=True),
    ]
    if asked.open:
        found.append(Row("Symptom", "not said", origins["symptom"]))
    else:
        cut = question.cut.text if question.cut else "none, runs go to their end"
        found += [
            Row("Symptom", question.symptom, origins["symptom"], coded=True)
            if question.symptom
            else Row("Symptom", "none"),
            Row("Metric", question.metric + by, origins["metric"]) if question.metric else Row("Metric", "none"),
            Row("Cut", cut, origins["cut"] if question.cut else ""),
        ]
    found.append(Row("Command", asked.command, coded=True))
    return [*found, Row("Cost", took)] if took else found


def run_line(trial: Trial, outcome: Outcome, everything: Iterable[str] = ()) -> str:
    """Return a run that has ended, for those who watch."""
    name, count = config(trial.parts, everything), len([*everything])
    if len(name) > LONGEST:
        name = f"baseline with {len(trial.parts)} of {count} changes"
    shown = {True: "symptom", False: "no symptom", None: ""}[outcome.symptom]
    metric = figure(outcome.metric) if outcome.metric is not None else ""
    said = [STATUSES.get(outcome.status, outcome.status), shown, metric, outcome.detail if not outcome.judged else ""]
    again = f" ({trial.repeat + 1})" if trial.repeat else ""
    told = ", ".join(one for one in said if one) or "done"
    return f"{name}, seed {trial.seed}{again}: {told} ({seconds(outcome.seconds)})"


def cost(found: Confirmation) -> str:
    """Return what a study took."""
    result = found.result
    failed = f", {result.failed} of them without a verdict" if result.failed else ""
    first = f" after {plural(found.pilots, 'first run')} to learn what to ask for" if found.pilots else ""
    gpu = f", {result.gpu_seconds / 3600:.2g} GPU hours" if result.gpu_seconds else ""
    runs = f"{plural(result.runs, 'run')}{first}{failed}"
    drawn = f"; seeds {seeds(result.seeds)}" if result.seeds else ""
    return f"{runs}, {seconds(result.seconds)} of training{gpu}{drawn}"
