"""What to run next, in phases: the control, each suspect alone, what passed added bit by bit, a careful next trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnose.engine.fixplan import FixPlan
from diagnose.engine.fixplan.model import HALF, Single, shown
from diagnose.engine.story.commands import Command
from diagnose.engine.story.limits import Limits
from diagnose.model import Cause
from diagnose.model.story import Decision, Phase, Recovery, Step
from diagnose.text.changes import brief
from diagnose.text.markup import blocks
from diagnose.text.wording import plural

MOST_CAUSES = 5
MOST_SINGLES = 8
Decided = tuple[list[Decision], list[Decision]]


def recovery(
    causes: Sequence[Cause],
    plan: FixPlan | None,
    command: Command,
    limit: Limits,
    *,
    run: str,
    baseline: str,
    folder: str,
) -> tuple[Recovery, list[Decision]]:
    """Return the plan and its scenarios."""
    draft = _Draft(
        [cause for cause in causes if cause.score > 0][:MOST_CAUSES], plan, command, limit, run, baseline, folder
    )
    phases = (draft.control(), draft.isolation(), draft.progressive(), draft.careful())
    made = Recovery(
        tuple(phase for phase in phases if phase.steps),
        tuple(draft.decisions()),
        limit.basis,
        command.place,
        command.place is None,
        limit.stop,
        folder,
    )
    return made, list(draft.scenarios())


class _Draft:
    def __init__(
        self,
        causes: Sequence[Cause],
        plan: FixPlan | None,
        command: Command,
        limit: Limits,
        run: str,
        baseline: str,
        folder: str,
    ) -> None:
        self.causes, self.plan, self.command, self.limit = causes, plan, command, limit
        self.run, self.baseline, self.folder = run, baseline, folder
        self.epochs = limit.epochs

    def file(self, names: Sequence[str]) -> str:
        """Return the file of a plan as a command names it."""
        if not names:
            return ""
        return f"{self.folder}/{names[0]}" if self.folder else names[0]

    def control(self) -> Phase:
        purpose = (
            "Does the old result still come out? If not, settings did not do it, and no later run can tell anything."
        )
        if self.plan is not None:
            file = self.file(self.plan.control)
            step = Step(f"{self.plan.old} again, nothing changed", "", self.command.with_file(file), file, self.epochs)
            return Phase("Control", purpose, (step,))
        if self.baseline:
            step = Step(
                f"the baseline {self.baseline} again, nothing changed", "", self.command.with_file(""), "", self.epochs
            )
            return Phase("Control", purpose, (step,))
        purpose = "Does the symptom come back? A fault that does not repeat is not found by changing settings."
        step = Step(f"{self.run} again, same code, data and seed", "", self.command.with_file(""), "", self.epochs)
        return Phase("Control", purpose, (step,))

    def isolation(self) -> Phase:
        purpose = "One thing differs from the control in each run, so that its result speaks of that thing alone."
        steps = [*self._singles()] if self.plan is not None else [*self._suspects()]
        return Phase("Isolation", purpose, tuple(steps))

    def _singles(self) -> Iterator[Step]:
        for single in self.plan.singles[:MOST_SINGLES] if self.plan else ():
            lead = single.atom.lead
            title = f"control with {lead.key} {shown(lead.old)} → {shown(lead.new)}"
            more = len(single.atom.moves) - 1
            title += f" and {more} more that belong to it" if more else ""
            file = self.file(single.files)
            why = f"risk {single.atom.risk}" + (f"; {brief(lead.change)[0]}" if brief(lead.change) else "")
            yield Step(title, why, self.command.with_file(file), file, self.epochs)

    def _suspects(self) -> Iterator[Step]:
        for cause in self.causes:
            first = next((block.text for block in blocks(cause.advice) if block.kind == "item"), "")
            why = cause.refutation or (
                f"If the symptom stays, {cause.name} is not enough to explain it." if first else ""
            )
            title = f"{cause.name}: {first.rstrip('.')}" if first else f"only what removes {cause.name}"
            yield Step(title, why, "", "", self.epochs)

    def progressive(self) -> Phase:
        purpose = (
            "What passed alone may still fail together: add one at a time, and stop at the first that costs the result."
        )
        if self.plan is not None and len(self.plan.singles) > 1:
            steps = [
                Step("control with all singles that passed, the least dangerous first, one more in each run", "",
                     self.command.with_file("<control with what passed>"), "", self.epochs),
                Step("if all singles passed: the first half of the suspects at once, then the half of that which fails",
                     "", "", "", self.epochs),
            ]  # fmt: skip
            return Phase("Progressive", purpose, tuple(steps))
        if self.plan is None and len(self.causes) > 1:
            step = Step("all remedies that helped alone, one more in each run", "", "", "", self.epochs)
            return Phase("Progressive", purpose, (step,))
        return Phase("Progressive", purpose, ())

    def careful(self) -> Phase:
        purpose = "A working run is often worth more than the reason: the control with nothing dangerous changed."
        full = self.limit.full
        if self.plan is not None:
            half = [one for one in self.plan.decisions if one.what == HALF]
            kept = len(self.plan.decisions) - len(half)
            told = ", ".join(f"{one.move.key} {shown(one.value)}" for one in half[:6])
            more = f" and {len(half) - 6} more" if len(half) > 6 else ""
            title = (
                f"next trial: half a step for {told}{more}; {plural(kept, 'change')} taken back"
                if half
                else (f"next trial: equals the control, {plural(kept, 'change')} taken back")
            )
            file = self.file(self.plan.trial)
            return Phase("Next trial", purpose, (Step(title, "", self.command.with_file(file), file, full),))
        base = "the baseline" if self.baseline else "the control"
        step = Step(f"{base} with the remedies that phase 2 and 3 showed to help, and nothing else", "", "", "", full)
        return Phase("Next trial", purpose, (step,))

    def decisions(self) -> Iterator[Decision]:
        if self.plan is not None or self.baseline:
            yield Decision(
                "the control fails too",
                "Settings did not do it, or not alone: compare code, data, environment and seed with the old run.",
            )
        else:
            yield Decision(
                "the control does not show the symptom",
                "It was chance or the environment: repeat with two more seeds before anything is changed.",
            )
        what = "single change fails" if self.plan is not None else "remedy removes the symptom"
        enough = "enough to spoil the run" if self.plan is not None else "enough to mend it"
        yield Decision(
            f"exactly one {what}", f"It is {enough} by itself. Confirm it with paired seeds, then call it the cause."
        )
        yield Decision(f"more than one {what}", f"Each is {enough} by itself; keep them apart in the next trial.")
        none = "no single change fails" if self.plan is not None else "no remedy helps alone"
        yield Decision(
            none,
            "They act together, or none of them is it: go on with the progressive phase, then with what is not listed.",
        )
        yield Decision("the next trial succeeds", "It is the new baseline; take one further step at a time.")
        yield Decision(
            "the next trial fails although the control works", "Take its steps back one at a time, the riskiest first."
        )

    def scenarios(self) -> Iterator[Decision]:
        seeds = self.plan.seeds if self.plan else 4
        for name, rest in self._pairs():
            yield Decision(
                f"only the run on {name} differs from its control",
                f"{name} is strongly suspected; repeat both with at least {seeds} seeds each. {rest}",
            )
        if self.plan is None and self.causes:
            yield Decision(
                "all runs show the symptom",
                "None of the suspects above is enough: look at data, labels and the evaluation before more settings.",
            )

    def _pairs(self) -> Iterator[tuple[str, str]]:
        if self.plan is not None:
            names = [_key(single) for single in self.plan.singles[:3]]
        else:
            names = [cause.name for cause in self.causes[:3]]
        for at, name in enumerate(names):
            others = [other for other in names if other != name]
            rest = f"{' and '.join(others)} are then weakened, not refuted." if others else ""
            if len(others) == 1:
                rest = f"{others[0]} is then weakened, not refuted."
            yield name, rest if at < 3 else ""


def _key(single: Single) -> str:
    return single.atom.lead.key
