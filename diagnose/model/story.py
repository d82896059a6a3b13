"""What a report shows, as plain data: what was measured, what was made of it, and what was not tested."""

from __future__ import annotations

from diagnose.model.cause import Cause
from diagnose.model.comparison import Comparison
from diagnose.model.finding import FileReport, Finding
from diagnose.model.place import Place
from diagnose.records import dataclass, field

MEASURED, INTERPRETED, UNTESTED = "measured", "interpreted", "not tested"
"""Where a statement comes from: it stands in what was read, it follows from a rule, or no run has shown it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence with where it comes from and the lines that show it."""

    text: str
    kind: str = MEASURED
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the story of a run.

    Attributes:
        place: the line, with its text.
        segment: the part of the run it belongs to.
        when: ``epoch 21``; empty if it is not known.
        what: what happened, in words.
        kind: ``start``, ``event``, ``best``, ``last`` or ``finding``.
        severity: of the worst finding here; empty if there is none.
        findings: numbers of the findings that stand here.
        times: how many lines of this kind it stands for.
    """

    place: Place
    segment: str
    when: str
    what: str
    kind: str = "event"
    severity: str = ""
    findings: tuple[int, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to be seen on a chart.

    Attributes:
        x, y: where; y None for a line from top to bottom.
        label: numbers of findings, or a word.
        kind: ``finding``, ``best`` or ``event``.
        severity: of the worst finding; empty for others.
        findings: their numbers.
        told: what it says, for those who do not see it.
    """

    x: float
    y: float | None
    label: str
    kind: str
    severity: str = ""
    findings: tuple[int, ...] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """One series of one segment, thinned to what can be seen.

    Attributes:
        name, printed: the series.
        label: what tells it from the others of the chart.
        style: ``main``, ``second`` (the training data) or ``baseline``.
        x, y: finite points; None in y where the line breaks.
        lines: of the points; 0 where the line breaks.
        points: how many there were before thinning.
        not_finite: x and line of NaN and infinity.
        path: the file.
    """

    name: str
    printed: str
    label: str
    style: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    lines: tuple[int, ...]
    points: int
    not_finite: tuple[tuple[float, int], ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves of one quantity."""

    title: str
    unit: str
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...] = ()
    log: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series in numbers."""

    name: str
    printed: str
    segment: str
    points: int
    first: str
    best: str
    best_at: str
    last: str
    low: str
    high: str
    not_finite: int
    place: Place


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting of the run."""

    key: str
    title: str
    role: str
    value: str
    place: Place
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was planned or may be expected, and what the log shows."""

    what: str
    expected: str
    happened: str
    verdict: str
    segment: str = ""
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """One run.

    Attributes:
        summary: what happened, in a few sentences.
        findings: each with its number in the report.
        causes: suspects in order; ``judged`` tells whether rules on causes weighed them, or the findings name them.
        more_series, more_settings, more_expectations: how many the tables leave out.
        healthy: whether no rule found an error or a warning.
        formulas: what the run's numbers come to by a known formula.
    """

    file: FileReport
    segments: tuple[str, ...]
    summary: tuple[Statement, ...]
    findings: tuple[tuple[int, Finding], ...] = ()
    causes: tuple[Cause, ...] = ()
    judged: bool = False
    timeline: tuple[Moment, ...] = ()
    charts: tuple[Chart, ...] = ()
    series: tuple[SeriesRow, ...] = ()
    more_series: int = 0
    settings: tuple[SettingRow, ...] = ()
    more_settings: int = 0
    expectations: tuple[Expectation, ...] = ()
    more_expectations: int = 0
    healthy: bool = True
    formulas: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One run of a plan.

    Attributes:
        title: what is changed.
        why: what it decides; Markdown as in advice.
        command: to run it; empty if there is none.
        file: of the plan; empty if none is written.
        epochs: to give it; 0 if that cannot be told.
    """

    title: str
    why: str = ""
    command: str = ""
    file: str = ""
    epochs: int = 0


@dataclass(frozen=True, slots=True)
class Phase:
    """Runs that are made together, and what they are for."""

    title: str
    purpose: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """If this, then that."""

    when: str
    then: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """What to run next.

    Attributes:
        basis: how the numbers were chosen.
        command_source: the line that tells the command; None if it is a template.
        template: whether the commands must be filled in.
        stop: the early-stop limit in words.
        lookups: what settles a suspect without a run.
    """

    phases: tuple[Phase, ...]
    decisions: tuple[Decision, ...]
    basis: tuple[Statement, ...] = ()
    command_source: Place | None = None
    template: bool = True
    stop: tuple[Statement, ...] = ()
    folder: str = ""
    lookups: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    """By what the next run is judged.

    Attributes:
        tier: ``minimum``, ``target`` or ``exceptional``.
        condition: the same in the language of conditions; empty if it cannot be said there.
        basis: what it was derived from.
        segment: a glob of the parts of the run it speaks of; empty for all.
    """

    id: str
    tier: str
    text: str
    condition: str
    basis: str
    segment: str = ""


@dataclass(slots=True)
class Story:
    """The whole report.

    Attributes:
        title: what it is about.
        baseline: the run that was compared with; empty without one.
        expect: a skeleton of EXPECT.yaml; empty if there is nothing to register.
        untested: what nobody has tested.
    """

    title: str
    chapters: list[Chapter] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    findings: list[tuple[int, Finding]] = field(default_factory=list)
    baseline: str = ""
    files: list[FileReport] = field(default_factory=list)
    recovery: Recovery | None = None
    scenarios: list[Decision] = field(default_factory=list)
    criteria: list[Criterion] = field(default_factory=list)
    lessons: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    untested: list[Statement] = field(default_factory=list)
    expect: str = ""
