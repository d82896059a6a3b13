"""The commented skeleton of an experiment, begun from the run that is to be bettered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnose.engine.expect.bench import Arm
from diagnose.engine.expect.conditions import ExpectScope, figure
from diagnose.language import MissingError
from diagnose.language.functions import TABLE
from diagnose.model import SEVERITIES, Finding, Point, Segment, Series
from diagnose.names import traits
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
PLAIN = re.compile(r"(train|val|test)/[A-Za-z_][\w.:@~-]*")
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
    """Return what speaks for the run: the last segment with a score, else the last with a loss."""
    for function, split in (
        ("main_score", "val"),
        ("main_score", "test"),
        ("main_loss", "val"),
        ("main_loss", "train"),
    ):
        for segment in reversed(arm.run.segments):
            scope = ExpectScope(segment, segments=arm.run.segments)
            try:
                series = TABLE[function].call(scope, split)
                return Main(segment, series, TABLE["best"].call(series))
            except MissingError:
                continue
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
