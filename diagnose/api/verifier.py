"""From the file of an experiment and its runs to a verdict."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from diagnose.api.session import Request, Session
from diagnose.engine.catalogue import catalogue
from diagnose.engine.expect.bench import Arm, Bench, figures_as_arm, read_arm
from diagnose.engine.expect.conditions import named_rules
from diagnose.engine.expect.judge import UNFINISHED, judge
from diagnose.engine.expect.load import load
from diagnose.engine.expect.spec import Experiment
from diagnose.engine.inputs import collect
from diagnose.engine.lint import Options
from diagnose.errors import SettingsError, did_you_mean
from diagnose.model.verdict import Verdict
from diagnose.patterns import lazy
from diagnose.records import replace
from diagnose.rules import Rule
from diagnose.sources import MAX_BYTES

NAMED = lazy(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)=(.+)", re.DOTALL)
SECTION = "::"
"""Parts the path of a run from the segments of it that count: ``results.json::changed``."""


class Verifier(Session):
    """Verifies one experiment; the first path of the request is its file, the others are its runs."""

    def __init__(self, request: Request) -> None:
        """Check the request. Raises SettingsError."""
        super().__init__(request)
        self._rules: tuple[Rule, ...] = ()

    def experiment(self) -> Experiment:
        """Return the experiment.

        Raises:
            ExperimentError: if its file is not valid, with all problems at once.
            SettingsError: for settings that are not valid.
        """
        path = self.request.paths[0]
        known = catalogue(self.governor.settings(path).rules)
        self._rules = tuple(rule for rule in known if not rule.is_cause)
        return load(path, [word for rule in self._rules for word in (rule.name, rule.code)])

    def verify(self, require: str = "") -> Verdict:
        """Evaluate the experiment against the runs of the request.

        Args:
            require: the tier asked for; the lowest one of the experiment by default.

        Raises:
            DiagnoseError: if the experiment is not valid, or a run cannot be read.
        """
        plan = self.experiment()
        if require and require not in plan.tiers():
            raise SettingsError(f"no criteria for {require}", mend=f"the experiment has {', '.join(plan.tiers())}")
        arms: dict[str, Arm] = {}
        for name, path, segment in self._given(plan):
            file, mark, own = path.rpartition(SECTION)
            if mark and not os.path.exists(path):  # noqa: PTH110 - any text
                path, segment = file, own
            arms[name] = self._read(name, path, plan, segment)
        if not arms:
            raise SettingsError("no run to verify", mend=f"diagnose verify {plan.path} RUN")
        return judge(Bench(plan, arms, self._compared(plan, arms)), require)

    def _given(self, plan: Experiment) -> list[tuple[str, str, str]]:
        """Return name, path and segments of each run: those of the command line, else those of the file."""
        declared = {run.name: run for run in plan.runs}
        given: dict[str, str] = {}
        unnamed: list[str] = []
        for word in self.request.paths[1:]:
            match = NAMED.fullmatch(word)
            if match is None or (match[1] not in declared and os.path.exists(word)):  # noqa: PTH110 - any text
                unnamed.append(word)
            elif declared and match[1] not in declared:
                mend = did_you_mean(match[1], declared) or f"the experiment has {', '.join(declared)}"
                raise SettingsError(f"unknown run {match[1]!r}", mend=mend)
            elif match[1] in given:
                raise SettingsError(f"run {match[1]!r} is given twice")
            else:
                given[match[1]] = match[2]
        free = [name for name in declared if name not in given]
        if declared and len(unnamed) > len(free):
            raise SettingsError(
                f"more runs than the experiment has ({', '.join(declared)})", mend="name them: NAME=RUN"
            )
        for number, path in enumerate(unnamed):
            given[free[number] if declared else _name(path, given, alone=len(unnamed) == 1)] = path
        for run in plan.runs:
            if run.path and run.name not in given:
                given[run.name] = _beside(plan, run.path)
        ordered = [name for name in declared if name in given] + [name for name in given if name not in declared]
        return [(name, given[name], declared[name].segment if name in declared else "") for name in ordered]

    def _compared(self, plan: Experiment, arms: dict[str, Arm]) -> Arm | None:
        baseline = plan.baseline
        if baseline is None:
            return None
        if baseline.run:
            return arms.get(baseline.run)
        if baseline.figures:
            return figures_as_arm(baseline.figures, baseline.lines, plan.path, Options(()))
        return self._read("baseline", _beside(plan, baseline.path), plan, baseline.segment)

    def _read(self, name: str, path: str, plan: Experiment, segment: str) -> Arm:
        self.request.watch(path)
        todo = self.plan(path)
        limit = todo.settings.max_size or MAX_BYTES
        stdin = self.request.stdin(limit) if path == "-" else b""
        inputs = collect([path], limit=limit, stdin=stdin, stdin_name=self.request.stdin_name, skip=todo.skips)
        rules = [rule for rule in self._rules if any(_asks(word, rule) for word in _asked(plan))]
        options = replace(todo.options, rules=rules, gate=None, keep=lambda _: True)
        return read_arm(name, path, inputs, options, segment)


def _asked(plan: Experiment) -> set[str]:
    """Return the rules that an experiment asks for."""
    texts = [one.when for one in plan.criteria]
    texts += [one for criterion in plan.criteria for one, _ in criterion.evidence]
    conditions = [one.when for one in plan.risks] + [one.when for one in plan.decisions]
    conditions += [when for one in plan.hypotheses for when in (one.supported, one.weakened)]
    texts += [when for when in conditions if when is not None]
    return {UNFINISHED, *(rule for risk in plan.risks for rule in risk.rules)}.union(
        *(named_rules(one.text) for one in texts)
    )


def _asks(word: str, rule: Rule) -> bool:
    return fnmatchcase(rule.name, word) or fnmatchcase(rule.code, word)


def _beside(plan: Experiment, path: str) -> str:
    """Return a path of the file of the experiment, which is relative to its folder."""
    return path if Path(path).is_absolute() else os.path.normpath(Path(plan.path).parent / path)


def _name(path: str, taken: Sequence[str] | dict[str, str], *, alone: bool) -> str:
    """Return a name for a run that was given none."""
    if alone:
        return "run"
    stem = re.sub(r"[^\w.-]+", "_", Path(path).stem or path) or "run"
    number, name = 1, stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def skeleton(request: Request, target: str = "") -> str:
    """Return a commented file of an experiment whose baseline is the one run of the request.

    Args:
        request: the run, and how it is read.
        target: the file it is meant for, which paths in it are relative to.

    Raises:
        DiagnoseError: if the run cannot be read.
    """
    from diagnose.engine.expect.skeleton import skeleton as write

    session = Session(request)
    path = request.paths[0]
    todo = session.plan(path)
    limit = todo.settings.max_size or MAX_BYTES
    stdin = request.stdin(limit) if path == "-" else b""
    inputs = collect([path], limit=limit, stdin=stdin, stdin_name=request.stdin_name, skip=todo.skips)
    arm = read_arm("baseline", path, inputs, replace(todo.options, gate=None))
    home = Path(target).absolute().parent if target else Path.cwd()
    return write(arm, path if path == "-" else os.path.relpath(path, home))
