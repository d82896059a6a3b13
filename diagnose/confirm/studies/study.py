"""A whole study: noise floor, control, culprit search, confirmation, path and fix, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diagnose.confirm.model import FIX, Step
from diagnose.confirm.studies.conclusion import conclude
from diagnose.confirm.studies.options import StudyOptions
from diagnose.confirm.studies.planning import plan
from diagnose.confirm.studies.progress import Progress
from diagnose.confirm.studies.result import StepRecord, StudyResult
from diagnose.confirm.studies.search import Noise
from diagnose.confirm.studies.steps.confirmation import confirm, refute
from diagnose.confirm.studies.steps.control import control
from diagnose.confirm.studies.steps.culprit import Candidate, Search
from diagnose.confirm.studies.steps.fix import fix
from diagnose.confirm.studies.steps.noise import noise
from diagnose.confirm.studies.steps.path import path
from diagnose.confirm.studies.steps.runs import OutOfBudget, Parts, Runs
from diagnose.confirm.studies.verdicts import Judge

__all__ = ["StudyOptions", "plan", "study"]


def study(atoms: Sequence[str], prior: Mapping[str, float], options: StudyOptions) -> Step[StudyResult]:
    """Yield the trials of a study and return what it found.

    Drive it so, with ``run`` returning one outcome per trial in the same order::

        steps = study(atoms, prior, options)
        outcomes = None
        while True:
            try:
                trials = steps.send(outcomes)
            except StopIteration as end:
                return end.value
            outcomes = run(trials)

    Never yields the same trial twice, and never an empty list. An outcome ``skipped`` ends the study as undecided, with
    all records up to there. Given the same outcomes it asks for the same trials, so a study can be resumed by running
    it again over the stored outcomes.

    Args:
        atoms: ids of the changes between baseline and suspect config, each of which can be taken or left alone.
        prior: how suspicious each atom is, in any positive unit; atoms that are missing get the smallest given weight.
        options: choices.

    Raises:
        ValueError: no atoms, an atom named twice or like the fix, or an unknown suspect.
    """
    everything = _checked(atoms, options)
    progress = Progress(everything, options, Runs(Judge.of(options), options.max_runs))
    yield from _steps(atoms, prior, progress)
    return conclude(progress)


def _checked(atoms: Sequence[str], options: StudyOptions) -> Parts:
    everything = tuple(sorted(atoms))
    if not everything:
        raise ValueError("the two configs do not differ: there is nothing to test")
    if len(set(everything)) < len(everything) or FIX in everything:
        raise ValueError(f"every change needs an id of its own, other than `{FIX}`")
    if unknown := {*options.suspects, *(options.fix_parts or ())} - set(everything):
        raise ValueError(f"`{min(unknown)}` is not among the changes")
    return everything


def _steps(atoms: Sequence[str], prior: Mapping[str, float], progress: Progress) -> Step[None]:
    """Take the steps in turn, until one ends the study."""
    options, runs, everything = progress.options, progress.runs, progress.everything
    if progress.runs_of("noise") and options.metric and options.seeded:
        floor = yield from noise(everything, runs, options)
        progress.deterministic = floor.deterministic
        progress.enter(floor.record)
    if progress.runs_of("control"):
        progress.control = yield from control(everything, runs, options)
        progress.enter(progress.control.record)
        if progress.control.outcome != "reproduced":
            return
    if not progress.over:
        yield from _blame(atoms, prior, progress)
    if progress.runs_of("path") and progress.confirmed and len(everything) > 1:
        progress.enter((yield from path(progress.order, everything, runs, options, progress.fresh_seeds)))
    if progress.runs_of("fix") and options.fix:
        fixed = yield from fix(everything, runs, options)
        progress.fix_accepted = fixed.accepted
        progress.enter(fixed.record)


def _blame(atoms: Sequence[str], prior: Mapping[str, float], progress: Progress) -> Step[None]:
    """Find what is to blame, and confirm it."""
    options = progress.options
    suspects = tuple(sorted(set(options.suspects)))
    skipped = "culprit" in options.skip
    if len(atoms) == 1 or (skipped and suspects == progress.everything):
        yield from _whole(progress)
        return
    if not skipped:
        yield from _search(atoms, prior, progress)
    if not suspects or not progress.runs_of("confirmation") or suspects == progress.everything:
        return
    bench = progress.bench()
    if not progress.confirmed:
        candidate = _together(suspects)
        progress.tested(candidate, (yield from confirm(candidate, bench)))
    if not progress.over and (left := progress.unheard):
        progress.tested(_together(left), (yield from refute(left, bench)), against=True)


def _together(atoms: Parts) -> Candidate:
    return Candidate("single" if len(atoms) == 1 else "set", atoms)


def _whole(progress: Progress) -> Step[None]:
    """Confirm the diff as a whole, which has nothing smaller in it to search for."""
    candidate = Candidate("single" if len(progress.everything) == 1 else "set", progress.everything)
    if progress.control is not None:
        progress.culprit = candidate
    if progress.runs_of("confirmation"):
        progress.tested(candidate, (yield from confirm(candidate, progress.bench(whole=True))))


def _search(atoms: Sequence[str], prior: Mapping[str, float], progress: Progress) -> Step[None]:
    """Search, confirm, and search on with what a failed confirmation taught."""
    options, runs = progress.options, progress.runs
    yield from _settled(progress)
    if progress.over:
        return
    search = Search(atoms, prior, options, runs, *_noise(progress))
    search.made = len(runs.known) - sum(record.runs for record in progress.records.values())
    for _ in range(options.attempts):
        candidate = yield from search.seek()
        progress.culprit = candidate
        progress.rank(search)
        progress.enter(search.record())
        if not candidate or not progress.runs_of("confirmation"):
            return
        found = yield from confirm(candidate, progress.bench())
        progress.tested(candidate, found)
        if progress.confirmed or progress.over:
            return
        search.learn(found.outcomes)


def _settled(progress: Progress) -> Step[None]:
    """Without a control and without a symptom, run both ends for the border between good and bad metrics."""
    runs, options = progress.runs, progress.options
    if runs.judge.symptom or runs.judge.threshold is not None:
        return
    ends = (progress.everything, ())
    try:
        yield from runs.fill([(parts, options.control_seeds) for parts in ends], options.looks[0], options.spare)
    except OutOfBudget:
        made = len(runs.known) - sum(record.runs for record in progress.records.values())
        progress.enter(StepRecord("culprit", "out-of-budget", "undecided", made))
        return
    runs.judge.settle(*(runs.votes(parts, options.control_seeds) for parts in ends))


def _noise(progress: Progress) -> tuple[Noise, tuple[int, ...] | None]:
    """Return what is known of wrong verdicts, and with which seeds to probe if runs repeat exactly."""
    control = progress.control
    again = progress.deterministic or (control is not None and control.paired)
    steady = (control.steady if control else ()) if again else None
    counts = (control.missed, control.bad, control.false, control.good) if control else (0, 0, 0, 0)
    return Noise.measured(*counts, deterministic=progress.deterministic), steady
