"""The runs of an experiment: what was read of each, and what is asked of it while the experiment is judged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from diagnose import logs
from diagnose.engine.enrich import enrich
from diagnose.engine.expect.conditions import ExpectScope, number_after
from diagnose.engine.expect.spec import Experiment
from diagnose.engine.inputs import Input
from diagnose.engine.lint import Options, lint_run
from diagnose.engine.merge import merge
from diagnose.engine.quote import Quotes
from diagnose.engine.summarised import with_its_runs
from diagnose.errors import SourceError
from diagnose.language import MissingError
from diagnose.model import FileReport, Finding, Place, Run, Segment, Series
from diagnose.model.verdict import CriterionVerdict
from diagnose.names import canonical
from diagnose.records import dataclass, field
from diagnose.rules import Rule
from diagnose.sources import Source, lines

CONFIG = "config"
"""How the names of all formats of configs begin."""


@dataclass(slots=True)
class Arm:
    """One run.

    Attributes:
        segment: the segments that count if a criterion names none; empty for all.
        options: how it is linted, with the rules that the experiment asks for.
    """

    name: str
    path: str
    run: Run
    sources: dict[str, Source]
    options: Options
    segment: str = ""
    report: FileReport | None = None
    findings: list[Finding] = field(default_factory=list)
    _said: dict[str, tuple[float, Place] | None] = field(default_factory=dict)

    def found(self, rule: str) -> list[Finding]:
        """Return the findings of a rule by name or code (a glob), also those that others explain."""
        if self.report is None:
            self.report = FileReport(self.path)
            self.findings = lint_run(self.run, self.report, self.options, self.sources)
        names = {one.name for one in self._rules(rule)}
        return [one for one in self.findings if names.intersection((one.name, *one.folded))]

    def _rules(self, rule: str) -> list[Rule]:
        return [one for one in self.options.rules if fnmatchcase(one.name, rule) or fnmatchcase(one.code, rule)]

    def lacks(self, rule: str) -> str:
        """Return what a rule, or one of several, lacked to say anything; empty if all ran.

        That no such event happened is an answer.
        """
        self.found(rule)
        skipped = self.report.skipped if self.report is not None else {}
        lacks = {one.name: skipped.get(one.name, "") for one in self._rules(rule)}
        if not lacks:
            return "the rule itself"
        return next(
            (f"{lack} for the rule {name}" for name, lack in lacks.items() if lack and not lack.startswith("event ")),
            "",
        )

    def concerns(self, finding: Finding, segment: Segment, *, before: bool = False) -> bool:
        """Whether a finding, or a part of its evidence, is about a segment (or one *before* it)."""
        wanted = self.run.segments[: segment.index] if before else [segment]
        places = [finding.place, *(evidence.place for evidence in finding.evidence)]
        return any(
            finding.segment == one.name
            or any(place.path == one.path and one.first_line <= place.line <= one.last_line for place in places)
            for one in wanted
        )

    def line_with(self, words: str) -> tuple[float, Place] | None:
        """Return the last number that follows some words in the files of this run, and its place."""
        if words not in self._said:
            found = None
            for source in self.sources.values():
                if b"\0" in source.head[:4096]:
                    continue
                for line in lines(source):
                    number = number_after(line.text, words)
                    if number is not None:
                        found = number, Place(source.path, line.number, text=line.text.strip()[:300])
            self._said[words] = found
        return self._said[words]

    def fitting(self, glob: str) -> list[Segment]:
        """Return the segments that a glob of names or a number from 1 picks; all without one.

        Raises:
            MissingError: if there is none.
        """
        wanted = glob or self.segment
        segments = self.run.segments
        if not wanted:
            return list(segments)
        if wanted.isdigit():
            chosen = segments[int(wanted) - 1 : int(wanted)] if int(wanted) else []
        else:
            chosen = [one for one in segments if fnmatchcase(one.name.casefold(), wanted.casefold())]
        if not chosen:
            names = ", ".join(repr(one.name) for one in segments[:6] if one.name) or "one without a name"
            raise MissingError(f"a segment {wanted!r} (there is {names}{', ...' if len(segments) > 6 else ''})")
        return chosen


def read_arm(name: str, path: str, inputs: Iterable[Input], options: Options, segment: str = "") -> Arm:
    """Return a run as it was read.

    Raises:
        SourceError: if it cannot be read, is of no known format, or holds several runs.
    """
    found: list[tuple[Run, dict[str, Source]]] = []
    for given in inputs:
        if given.error is not None:
            raise given.error
        read = [run for source in given.sources if source.head and (run := logs.read(source, options.format))]
        if read:
            run = enrich(read[0] if len(read) == 1 else merge(read))
            found.append((run, {source.path: source for source in given.sources}))
    trained = [one for one in found if not one[0].format.startswith(CONFIG)]
    chosen = trained or found
    if not chosen or not chosen[0][0].segments:
        mend = "name a log, a results file or the folder of a run"
        raise SourceError("no run of a known format", place=Place(path), mend=mend)
    if len(chosen) > 1:
        named = ", ".join(run.path for run, _ in chosen[:4])
        raise SourceError(f"holds {len(chosen)} runs", place=Place(path), mend=f"name one of them: {named}")
    run, sources = chosen[0]
    configs = [one for one in found if one[0] is not run]
    if len(configs) == 1 and not any(one.config for one in run.segments):
        for one in run.segments:
            one.config = configs[0][0].segments[-1].config
        run, sources = enrich(run), sources | configs[0][1]
    run, more = with_its_runs(run, next(iter(sources.values())).limit)
    return Arm(name, path, run, sources | more, options, segment)


def figures_as_arm(figures: Mapping[str, float], lines_of: Mapping[str, int], path: str, options: Options) -> Arm:
    """Return figures that were written down as a run of one point each."""
    import numpy as np

    nothing = np.array([math.nan])
    series = {
        name: Series(name, name, path, np.array([float(value)]), nothing, nothing, np.array([lines_of.get(name, 0)]))
        for name, value in figures.items()
    }
    for name in list(series):
        series.setdefault(canonical(name), series[name])
    segment = Segment("", 0, path, 1, 1, series=series)
    return Arm("baseline", path, Run(path, "figures", [segment], [path]), {}, options)


@dataclass(slots=True)
class Bench:
    """All runs, and what was judged so far.

    Attributes:
        arms: the runs that were given, by name.
        baseline: what they are compared with.
        judged: the criteria on each run.
        tiers: the tier of each run; that of the whole under the empty name.
        risks: the status of each risk.
    """

    experiment: Experiment
    arms: dict[str, Arm]
    baseline: Arm | None = None
    judged: list[CriterionVerdict] = field(default_factory=list)
    tiers: dict[str, str] = field(default_factory=dict)
    risks: dict[str, str] = field(default_factory=dict)
    _natural: dict[int, Segment] = field(default_factory=dict)

    def scope(self, arm: Arm, segment: Segment, *, whole: bool = True) -> ExpectScope:
        """Return the scope of a segment of a run."""
        from diagnose.engine.expect.scale import on_natural_scale

        if id(segment) not in self._natural:
            self._natural[id(segment)] = on_natural_scale(segment)
        return ExpectScope(
            self._natural[id(segment)],
            values={
                "segment_index": float(segment.index),
                "segment_count": float(len(arm.run.segments)),
                "format": arm.run.format,
                "compared": self.baseline is not None,
            },
            baseline=_counterpart(self.baseline, segment) if self.baseline is not None else None,
            segments=arm.run.segments,
            arm=arm,
            bench=self,
            whole=whole,
        )

    def baseline_scope(self, scope: ExpectScope) -> ExpectScope:
        """Return the scope of the baseline that belongs to one of a run. Raises MissingError without a baseline."""
        if self.baseline is None:
            raise MissingError("a baseline run")
        return self.scope(self.baseline, _counterpart(self.baseline, scope.segment))

    def scope_of(self, name: str, scope: ExpectScope) -> ExpectScope:
        """Return the scope of another run. Raises MissingError if it is not given."""
        if name not in self.arms:
            raise MissingError(f"run {name}, which is not given")
        return self.scope(self.arms[name], _counterpart(self.arms[name], scope.segment))

    def status(self, criterion: str, run: str = "") -> str:
        """Return the status of a criterion on a run; on all it was evaluated on: met if all meet it."""
        found = {one.status for one in self.judged if one.id == criterion and run in ("", one.run)}
        return "not-met" if "not-met" in found else "met" if found == {"met"} else "unknown"

    def reached(self, tier: str, run: str = "") -> bool:
        """Whether a run, or the whole, reached a tier. Raises MissingError for a run that is not given."""
        from diagnose.model.verdict import TIERS

        if run and run not in self.arms:
            raise MissingError(f"run {run}, which is not given")
        got = self.tiers.get(run, "")
        return got in TIERS and TIERS.index(got) >= TIERS.index(tier)

    def materialised(self, risk: str) -> bool:
        """Whether a risk has materialised. Raises MissingError if it cannot be told."""
        status = self.risks.get(risk, "unknown")
        if status == "unknown":
            raise MissingError(f"risk {risk}, which cannot be told")
        return status == "materialised"

    def quotes(self) -> Quotes:
        """Return what looks up lines in all files that were read."""
        arms = [*self.arms.values(), *([self.baseline] if self.baseline is not None else [])]
        return Quotes({path: source for arm in arms for path, source in arm.sources.items()})


def _counterpart(arm: Arm, segment: Segment) -> Segment:
    """Return the segment of a run that belongs to a segment of another: of the same name, else its last that counts."""
    chosen: Sequence[Segment] = arm.fitting("")
    return next((one for one in chosen if one.name == segment.name and one.name), chosen[-1])


def segments_of(arm: Arm, glob: str, over: str) -> Iterator[Segment]:
    """Yield the segments that a criterion speaks of. Raises MissingError if there is none."""
    found = arm.fitting(glob)
    yield from found[:1] if over == "first" else found[-1:] if over == "last" else found
