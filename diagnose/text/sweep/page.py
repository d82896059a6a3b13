"""A sweep as a section of the page for the browser: tables, and the curves as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from diagnose.assets import template_folder
from diagnose.model import Sweep, Trial
from diagnose.records import dataclass
from diagnose.text.sweep import words
from diagnose.text.templates import environment

if TYPE_CHECKING:
    from jinja2 import Template

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 34
SHADES = 8
TICKS = 5
MOST_POINTS = 400
MOST_RUNS = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of the chart: its points in the picture, and the colour's number."""

    run: str
    points: tuple[tuple[float, float], ...]
    shade: int
    value: str

    @property
    def path(self) -> str:
        """The points as SVG writes them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves on shared axes."""

    lines: tuple[Line, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(trials: Sequence[Trial]) -> Chart | None:
    """Return the curves of several runs; None if there are not two."""
    if len(trials) < 2:
        return None
    low, high = words.bounds(trials)
    first = min(epoch for one in trials for epoch, _ in one.curve)
    last = max(epoch for one in trials for epoch, _ in one.curve)

    def x(epoch: float) -> float:
        return LEFT + (epoch - first) / ((last - first) or 1.0) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / ((high - low) or 1.0) * (HEIGHT - TOP - BOTTOM)

    lines = []
    for index, one in enumerate(trials):
        every = max(1, len(one.curve) // MOST_POINTS)
        points = tuple((x(epoch), y(value)) for epoch, value in one.curve[::every])
        lines.append(Line(one.run, points, index % SHADES, words.number(one.value)))
    across = tuple((x(epoch), f"{epoch:g}") for epoch in words.shared_epochs(trials))
    up = tuple((y(value), words.number(value)) for value in (low + (high - low) * n / TICKS for n in range(TICKS + 1)))
    return Chart(tuple(lines), across, up)


def section(sweep: Sweep) -> str:
    """Return the section as HTML."""
    return _template().render(
        sweep=sweep, words=words, chart=chart(words.with_curves(sweep)), rows=words.rows(sweep)[:MOST_RUNS]
    )


def into(page: str, sweep: Sweep) -> str:
    """Return the page of the findings with the sweep in front of them."""
    css = (template_folder() / "sweep" / "section.css").read_text(encoding="utf-8")
    page = page.replace("</style>", f"{css}</style>", 1)
    return page.replace("<main>", f"<main>\n{section(sweep)}", 1)


@cache
def _template() -> Template:
    return environment("sweep", html=True).get_template("section.html.j2")
