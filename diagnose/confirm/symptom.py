"""The question put to every run: does it show the symptom, and what is its metric."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from diagnose.confirm.conditions import as_condition, check, direction, final, series_in
from diagnose.confirm.prefix import Cut, before, reached
from diagnose.confirm.runs.live import Judgement
from diagnose.engine.catalogue import named
from diagnose.engine.enrich import enrich
from diagnose.engine.expect.bench import Arm, Bench
from diagnose.engine.expect.conditions import ExpectScope, named_rules, ready
from diagnose.engine.expect.spec import Experiment
from diagnose.engine.lint import Options
from diagnose.errors import DiagnoseError, SettingsError
from diagnose.language import LanguageError, MissingError, Node, evaluate, parse
from diagnose.language.evaluate import kind_of
from diagnose.language.values import Mask
from diagnose.model import Run, Series
from diagnose.names import traits
from diagnose.reader import RunBuilder
from diagnose.rules import Rule
from diagnose.sources import Source, open_source

DIVERGED = frozenset({"loss-nan", "loss-nan-reported"})
NO_METRIC = "none"
FAILED = "failed"
"""The symptom of a run that breaks down or hangs, whatever it logs. What ends runs knows that, and not their logs."""
TOLD = frozenset({"loss", "score", "error"})
"""Kinds of series that the seed decides; times differ in any case."""
DIGITS = 4
LEAST = 3
"""Values of so many digits that a log must hold to be told from another one by them."""


@dataclass(frozen=True)
class Question:
    """What is asked of a run.

    Attributes:
        symptom: a condition of the language; empty if runs are told apart by the metric alone.
        metric: an expression with a number; empty if by the symptom alone.
        better: ``higher`` or ``lower``; empty if nobody knows.
        cut: where runs end; None: they run to their end.
        rules: those that the expressions ask for, and how they are applied.
    """

    symptom: str
    metric: str
    better: str = ""
    cut: Cut | None = None
    rules: Options = field(default_factory=lambda: Options(()))

    def lack(self, run: Run) -> str:
        """Return what a run does not log, so that it cannot be judged; empty if it can."""
        asked = _Asked(self, enrich(run))
        for text in ("" if self.failing else self.symptom, self.metric):
            lacking = asked.lack(text) if text else ""
            if lacking:
                return lacking
        return ""

    @property
    def text(self) -> str:
        """All that a verdict depends on."""
        codes = ",".join(rule.code for rule in self.rules.rules)
        return f"symptom: {self.symptom}; metric: {self.metric}; cut: {self.cut.text if self.cut else '-'}; {codes}"

    @cached_property
    def needed(self) -> frozenset[str]:
        """The series that the question names; none if it asks rules, which may look at any."""
        found: set[str] = set()
        for text in (self.symptom, self.metric):
            found |= series_in(text)
        return frozenset(found)

    @cached_property
    def final(self) -> frozenset[bool]:
        """The verdicts on the symptom that no later line takes back."""
        return final(parse(self.symptom)) if self.symptom and not self.failing else frozenset()

    @property
    def failing(self) -> bool:
        """Whether it is asked of runs whether they fail."""
        return self.symptom == FAILED

    @cached_property
    def diverges(self) -> bool:
        """Whether the symptom is that numbers are lost, so that any metric is as bad as can be."""
        return True in self.final and named_rules(self.symptom) <= DIVERGED and not series_in(self.symptom)

    def __call__(self, run: Run, *, ended: bool) -> Judgement:
        """Judge a run by what it has logged so far.

        Raises:
            SettingsError: if the expressions make no sense on this log.
        """
        try:
            return self._judged(enrich(run), ended=ended)
        except LanguageError as error:
            raise SettingsError(f"the symptom or the metric makes no sense: {error}") from None

    def _judged(self, run: Run, *, ended: bool) -> Judgement:
        if not run.segments:
            return Judgement(False if ended and self.symptom else None, None, False)
        there = self.cut is not None and reached(run, self.cut, self.needed)
        asked = _Asked(self, before(run, self.cut) if self.cut is not None else run)
        shown = None if not self.symptom else False if self.failing else asked.shown()
        metric = asked.metric() if self.metric else None
        if self.diverges and shown:
            metric = math.nan
        if shown in self.final and (not self.metric or (shown and self.diverges)):
            return Judgement(shown, metric, there)
        if not (there or ended):
            return Judgement(None, metric, False)
        return Judgement(shown, metric, there, trace(asked.run))


class _Asked:
    """One run that is being asked."""

    def __init__(self, question: Question, run: Run) -> None:
        self.question, self.run = question, run
        self.arm = Arm("run", run.path, run, self._sources(), question.rules)
        self.bench = Bench(Experiment("", "confirm"), {"run": self.arm})

    def _sources(self) -> dict[str, Source]:
        if "said(" not in self.question.symptom + self.question.metric:
            return {}
        found = {}
        for path in self.run.paths or [self.run.path]:
            try:
                found[path] = open_source(path)
            except DiagnoseError:
                continue
        return found

    def shown(self) -> bool | None:
        """Return whether any part of the run shows the symptom; None if no part can tell."""
        node = ready(self.question.symptom)
        verdict: bool | None = None
        for scope in self._scopes():
            try:
                if truth(node, scope):
                    return True
                verdict = False
            except MissingError:
                continue
        return verdict

    def metric(self) -> float | None:
        """Return the metric of the last part of the run that has one."""
        node = ready(self.question.metric)
        for scope in reversed(self._scopes()):
            try:
                return number(node, scope)
            except MissingError:
                continue
        return None

    def lack(self, text: str) -> str:
        """Return what an expression asks for in vain in every part of the run; empty if any has it."""
        lacking = ""
        for scope in self._scopes():
            try:
                evaluate(ready(text), scope)
            except MissingError as error:
                lacking = error.what
            else:
                return ""
        return lacking

    def _scopes(self) -> list[ExpectScope]:
        return [self.bench.scope(self.arm, segment) for segment in self.run.segments]


def trace(run: Run) -> str:
    """Return what stands for all that a run logged of losses and scores; empty if that is too little to tell.

    A flat line tells nothing: a model that gives one answer to everything logs the same with every seed.
    """
    total, telling = hashlib.sha256(), 0
    for segment in run.segments:
        for name, series in sorted(segment.series.items()):
            if traits(name).kind not in TOLD:
                continue
            values = [float(value) for value in series.value]
            total.update(repr((name, values)).encode())
            moving = {value for value in values if len(f"{value!r}".strip("-0.").replace(".", "")) >= DIGITS}
            telling = max(telling, len(moving))
    return total.hexdigest()[:16] if telling >= LEAST else ""


def truth(node: Node, scope: ExpectScope) -> bool:
    """Return whether a condition holds.

    Raises:
        MissingError: if the log does not tell.
        LanguageError: if it is no condition.
    """
    value = evaluate(node, scope)
    if isinstance(value, Series | str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        said = f"{kind_of(value)} is no condition: compare it, as in `x > 0`"
        raise LanguageError(said, node.text, node.column, node.line)
    return bool(value.where.any()) if isinstance(value, Mask) else bool(value)


def number(node: Node, scope: ExpectScope) -> float:
    """Return the value of an expression.

    Raises:
        MissingError: if the log does not tell.
        LanguageError: if it is no number.
    """
    value = evaluate(node, scope)
    if isinstance(value, bool) or not isinstance(value, int | float):
        said = f"{kind_of(value)} is no number: write best(x) or last(x)"
        raise LanguageError(said, node.text, node.column, node.line)
    return float(value)


def question(
    symptom: str, metric: str, better: str, cut: Cut | None, options: Options, rules: Iterable[Rule]
) -> Question:
    """Return a checked question.

    Args:
        symptom: a condition, or a rule by name or code; empty for none.
        metric: an expression; empty or ``none`` for none.
        better: which way the metric goes; empty to take it from the metric's name.
        cut: where runs end.
        options: how rules are applied.
        rules: all there are.

    Raises:
        SettingsError: for what cannot be asked, with column and caret.
    """
    known = [rule for rule in rules if not rule.is_cause]
    symptom = FAILED if symptom.strip() == FAILED else as_condition(symptom, known)
    metric = "" if metric.strip() == NO_METRIC else metric.strip()
    for what, text in (("--symptom", symptom), ("--metric", metric)):
        if text and text != FAILED:
            check(what, text, known)
    asked = {word for text in (symptom, metric) if text for word in named_rules(text)}
    used = tuple(rule for word in sorted(asked) for rule in named(word, known))
    found = Question(symptom, metric, better or direction(metric), cut, replace(options, rules=used, gate=None))
    _try_out(found)
    return found


def _try_out(asked: Question) -> None:
    """Ask a made-up run with all the series, so that a wrong kind of value is told before any real one.

    Raises:
        SettingsError: for an expression that makes no sense whatever is logged.
    """
    build = RunBuilder("", "made-up")
    for epoch in (1, 2, 3):
        for name in sorted(asked.needed):
            build.point(name, 1.0 / epoch, epoch, name=name, step=epoch, epoch=epoch)
    made_up = _Asked(replace(asked, rules=replace(asked.rules, rules=())), build.finish())
    for what, text, ask in (("--symptom", asked.symptom, made_up.shown), ("--metric", asked.metric, made_up.metric)):
        if text and text != FAILED:
            try:
                ask()
            except LanguageError as error:
                raise SettingsError(f"{what}: {error}") from None
