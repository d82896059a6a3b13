"""What to run next, in phases: the control, each suspect alone, what passed added bit by bit, a careful next trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnose.engine.fixplan import FixPlan
from diagnose.engine.fixplan.model import HALF, Single, shown
from diagnose.engine.story.commands import OPT, Command
from diagnose.engine.story.expectfile import Trial
from diagnose.engine.story.limits import Limits
from diagnose.model import Cause, Place
from diagnose.model.story import Decision, Phase, Recovery, Statement, Step
from diagnose.text.changes import brief
from diagnose.text.wording import plural

MOST_CAUSES = 5
MOST_SINGLES = 12
MANY = 3
"""Half steps from which on a next trial is no small one."""
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
) -> tuple[Recovery, list[Decision], list[Trial]]:
    """Return the plan, its scenarios, and its isolation runs."""
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
        tuple(draft.lookups()),
    )
    return made, list(draft.scenarios()), list(draft.trials())


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

    def start(self, names: Sequence[str], instead: str = "") -> str:
        """Return the command that runs files of the plan, or what stands for its config and the rest of these files."""
        texts = {one.name: one.text for one in self.plan.files} if self.plan is not None else {}
        files = {self.file([name]): texts.get(name, "") for name in names}
        if instead:
            files = {instead: ""} | {path: text for path, text in files.items() if path.endswith(OPT)}
        return self.command.with_files(files)

    def control(self) -> Phase:
        purpose = (
            "Does the old result still come out? If not, settings did not do it, and no later run can tell anything."
        )
        if self.plan is not None:
            file = self.file(self.plan.control)
            step = Step(f"{self.plan.old} again, nothing changed", "", self.start(self.plan.control), file, self.epochs)
            return Phase("Control", purpose, (step,))
        if self.baseline:
            step = Step(
                f"the baseline {self.baseline} again, nothing changed", "", self.command.with_file(""), "", self.epochs
            )
            return Phase("Control", purpose, (step,))
        purpose = "Does the symptom come back? A fault that does not repeat is not found by changing settings."
        step = Step(f"{self.run} again, same code, data and seed", "", self.command.with_file(""), "", self.epochs)
        return Phase("Control", purpose, (step,))

    def lookups(self) -> Iterator[Statement]:
        """Yield what settles a suspect without a run of its own."""
        for cause in self.causes:
            if cause.refutation and not cause.experiment:
                yield Statement(f"{cause.name}: {cause.refutation}")

    def isolation(self) -> Phase:
        purpose = "One thing differs from the control in each run, so that its result speaks of that thing alone."
        steps = [*self._singles()] if self.plan is not None else [*self._suspects()]
        return Phase("Isolation", purpose, tuple(steps))

    def singles(self) -> list[Single]:
        """Return the single changes of the plan: those that a suspect rests on first, the strongest suspect leading."""
        if self.plan is None:
            return []
        shown_by = [{place for argument in cause.supports for place in argument.places} for cause in self.causes]

        def rank(single: Single) -> int:
            places = {move.change.place for move in single.atom.moves}
            return next((at for at, lines in enumerate(shown_by) if _meet(places, lines)), len(shown_by))

        return sorted(self.plan.singles, key=rank)

    def _singles(self) -> Iterator[Step]:
        singles = self.singles()
        for single in singles[:MOST_SINGLES]:
            lead = single.atom.lead
            title = f"control with {lead.key} {shown(lead.old)} → {shown(lead.new)}"
            more = len(single.atom.moves) - 1
            title += f" and {more} more that belong to it" if more else ""
            file = self.file(single.files)
            why = f"risk {single.atom.risk}" + (f"; {brief(lead.change)[0]}" if brief(lead.change) else "")
            yield Step(title, why, self.start(single.files), file, self.epochs)
        if len(singles) > MOST_SINGLES:
            yield Step(f"{plural(len(singles) - MOST_SINGLES, 'more single change')}, of less risk: see PLAN.md")

    def _suspects(self) -> Iterator[Step]:
        for cause in self.tested():
            yield Step(f"{cause.name}: {cause.experiment}", cause.refutation, "", "", self.epochs)

    def trials(self) -> Iterator[Trial]:
        """Yield the isolation runs as an experiment that is registered beforehand names them."""
        if self.plan is not None:
            for single in self.singles():
                lead = single.atom.lead
                what = f"{lead.key} {shown(lead.old)} -> {shown(lead.new)}"
                belief = f"{what} spoils the run by itself."
                yield Trial(lead.key, f"{what} alone, {self.file(single.files)}", belief, mends=False)
            return
        for cause in self.tested():
            yield Trial(cause.name, f"{cause.experiment}, nothing else", f"{cause.title}.", mends=True)

    def tested(self) -> list[Cause]:
        """Return the suspects that a run of their own settles."""
        return [cause for cause in self.causes if cause.experiment]

    def progressive(self) -> Phase:
        purpose = (
            "What passed alone may still fail together: add one at a time, and stop at the first that costs the result."
        )
        if self.plan is not None and len(self.plan.singles) > 1:
            steps = [
                Step("control with all singles that passed, the least dangerous first, one more in each run", "",
                     self.start(self.plan.control, "<control with what passed>"), "", self.epochs),
                Step("if all singles passed: the first half of the suspects at once, then the half of that which fails",
                     "", "", "", self.epochs),
            ]  # fmt: skip
            return Phase("Progressive", purpose, tuple(steps))
        if self.plan is None and len(self.tested()) > 1:
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
            why = (
                f"{len(half)} settings move at once, if only half as far: a failure would again belong to all of them. "
                "Take fewer where the answer matters more than the time."
                if len(half) > MANY
                else ""
            )
            return Phase("Next trial", purpose, (Step(title, why, self.start(self.plan.trial), file, full),))
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
        if self.plan is None and not self.tested():
            return
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
        if self.plan is not None and self.plan.singles:
            yield Decision(
                "no single run differs from its control",
                "No change is enough by itself: add them one by one, then suspect code, data and seed.",
            )
        if self.plan is None and self.tested():
            yield Decision(
                "all runs show the symptom",
                "None of the suspects above is enough: look at data, labels and the evaluation before more settings.",
            )

    def _pairs(self) -> Iterator[tuple[str, str]]:
        if self.plan is not None:
            names = [_key(single) for single in self.singles()[:3]]
        else:
            names = [cause.name for cause in self.tested()[:3]]
        for at, name in enumerate(names):
            others = [other for other in names if other != name]
            rest = f"{' and '.join(others)} are then weakened, not refuted." if others else ""
            if len(others) == 1:
                rest = f"{others[0]} is then weakened, not refuted."
            yield name, rest if at < 3 else ""


def _meet(places: set[Place], others: set[Place]) -> bool:
    """Whether two sets of places share a line."""
    return bool({(one.path, one.line) for one in places} & {(one.path, one.line) for one in others})


def _key(single: Single) -> str:
    return single.atom.lead.key
