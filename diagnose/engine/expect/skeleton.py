"""The commented skeleton of an experiment, begun from the run that is to be bettered."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnose.engine.expect.bench import Arm
from diagnose.engine.expect.conditions import ExpectScope, figure
from diagnose.engine.expect.scale import on_natural_scale
from diagnose.language import MissingError
from diagnose.language.functions import TABLE
from diagnose.model import SEVERITIES, Finding, Point, Segment, Series
from diagnose.names import traits
from diagnose.patterns import lazy
from diagnose.records import dataclass
from diagnose.text import escape
from diagnose.text.templates import environment

if TYPE_CHECKING:
    from jinja2 import Template

MOST_RISKS = 8
USUAL_RISKS = (
    ("loss-nan", "The loss becomes NaN or infinite."),
    ("loss-diverging", "The loss diverges."),
    ("metric-regression", "The score falls after its best epoch."),
)
"""What may go wrong with any run; offered if the baseline has nothing to warn of."""
PLAIN = lazy(r"(train|val|test)/[A-Za-z_][\w.:@~-]*")
"""Names of series that an expression can hold without `metric(...)`."""
LEAST_FOR_NOISE = 5


@dataclass(frozen=True, slots=True)
class Main:
    """The score, or else the loss, that speaks for a run."""

    segment: Segment
    series: Series
    best: Point

    @property
    def name(self) -> str:
        """How an expression names the series."""
        name = self.series.name
        return name if PLAIN.fullmatch(name) else f"metric({escape.json(name)})"

    @property
    def target(self) -> str:
        """A condition for being clearly better: by a twentieth, or half of the way to the bound; empty beyond it."""
        high, best = traits(self.series.name).high, float(self.best)
        if high is None or best * 1.05 <= high:
            return f'better_by({self.name}, "share") >= 5%'
        return f"better_by({self.name}) >= {figure((high - best) / 2)}" if best < high else ""

    @property
    def noise(self) -> float:
        """How far its later half jitters from one point to the next; 0 if it has too few points to tell."""
        later = self.series.take(slice(len(self.series) // 2, None))
        if len(later) < LEAST_FOR_NOISE:
            return 0.0
        try:
            return float(TABLE["noise"].call(later))
        except MissingError:
            return 0.0


def skeleton(arm: Arm, path: str) -> str:
    """Return the file of an experiment that is to better a run; it is valid as it stands.

    Args:
        arm: the run, read with the rules that lint it.
        path: the run as the file names it.
    """
    main = _main(arm)
    findings = _worst(arm)
    page = _template().render(
        name=re.sub(r"[^\w.-]+", "-", Path(path).stem).strip("-.") or "experiment",
        path=path,
        main=main,
        better="higher" if main and traits(main.series.name).better == "higher" else "lower",
        best=figure(main.best) if main else "",
        epoch=figure(main.best.epoch) if main and main.best.epoch == main.best.epoch else "",
        margin=f"{main.noise:.2g}" if main and main.noise else "0",
        segment=main.segment.name.replace("[", "[[]") if main and len(arm.run.segments) > 1 else "",
        count=len(arm.run.segments),
        findings=findings,
        risks=[(one.name, one.message) for one in findings] or USUAL_RISKS,
    )
    return page.rstrip("\n") + "\n"


def _main(arm: Arm) -> Main | None:
    """Return what speaks for the run: the best score of a segment, else the best loss; of equals the last."""
    for function, split in (
        ("main_score", "val"),
        ("main_score", "test"),
        ("main_loss", "val"),
        ("main_loss", "train"),
    ):
        found: list[Main] = []
        for segment in map(on_natural_scale, arm.run.segments):
            try:
                series = TABLE[function].call(ExpectScope(segment, segments=arm.run.segments), split)
                found.append(Main(segment, series, TABLE["best"].call(series)))
            except MissingError:
                continue
        found = [one for one in found if one.series.name == found[-1].series.name]
        if found:
            sign = -1.0 if traits(found[0].series.name).better == "lower" else 1.0
            return max(reversed(found), key=lambda one: sign * float(one.best))
    return None


def _worst(arm: Arm) -> list[Finding]:
    """Return the findings that are no mere remarks, one per rule, the worst first."""
    arm.found("")
    found: dict[str, Finding] = {}
    for one in sorted(arm.findings, key=lambda finding: SEVERITIES.index(finding.severity)):
        if one.severity in SEVERITIES[:2]:
            found.setdefault(one.name, one)
    return list(found.values())[:MOST_RISKS]


@cache
def _template() -> Template:
    made = environment("verify")
    made.filters.update(quoted=_quoted, comment=lambda value: escape.line(str(value)))
    return made.get_template("skeleton.yaml.j2")


def _quoted(value: Any) -> str:
    """Return a text as YAML: a JSON string is one."""
    return escape.json(escape.line(str(value)))
