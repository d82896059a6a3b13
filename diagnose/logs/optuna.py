"""Consoles of Optuna studies: every trial is a point of the objective and of each numeric parameter."""

from __future__ import annotations

import ast
import re

from diagnose.reader import ConsoleEvents, Head, LineGrammar, Match, RunBuilder, marked, number
from diagnose.scan import lines
from diagnose.sources import Line, Source

NAME = "optuna"
TITLE = "Optuna console"
SAMPLES: tuple[str | bytes, ...] = (
    "[I 2026-03-02 08:15:30,125] A new study created in memory with name: widths\n"
    "[I 2026-03-02 08:16:41,730] Trial 0 finished with value: 0.4315 and parameters: {'width': 48, 'lr': 0.002}. "
    "Best is trial 0 with value: 0.4315.\n"
    "[I 2026-03-02 08:17:02,114] Trial 1 pruned. \n",
    "Trial 3 failed with parameters: {'depth': 7} because of the following error: ValueError('depth').\n",
)
MARKS = (
    r"\bTrial \d+ finished with values?: ",
    r"\bTrial \d+ failed with parameters: \{",
    r"^\[I [\d-]+ [\d:,]+\] Trial \d+ pruned\.",
)


def sniff(head: Head) -> int:
    """Return 100 where trials are reported: a log that also shows a known trainer's epochs belongs to that trainer."""
    return 100 if marked(head, *MARKS) else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read trials as steps of the series ``objective`` and ``param/...``; a study that begins anew is a segment."""
    reader, console = _Reader(build), ConsoleEvents(build)
    grammar = LineGrammar("optuna", gate=r"Trial *\d|study")
    for line in lines(source):
        match = grammar.parse(line.text.strip())
        if match is None:
            console.feed(line)
        else:
            getattr(reader, f"on_{match.kind}")(match, line)
    console.finish()
    reader.summarise()


class _Reader:
    def __init__(self, build: RunBuilder) -> None:
        self._build = build
        self._seen: set[int] = set()
        self._best: tuple[float, int, Line] | None = None

    def on_study(self, match: Match, line: Line) -> None:
        self.summarise()
        self._seen.clear()
        self._build.close()
        self._build.heading(f"study {match.get('NAME')}", 0)

    def on_finished(self, match: Match, line: Line) -> None:
        trial = self._enter(match, line)
        values = [text for name, text in match.tokens if name in ("NUMBER", "NONFINITE", "LIST")]
        self._parameters(match, trial, line)
        objectives = re.findall(r"[-+\w.]+", values[0])
        for index, text in enumerate(objectives):
            name = f"objective/{index}" if len(objectives) > 1 else "objective"
            self._build.point("value", _value(text), line.number, name=name, step=float(trial))
        if len(values) > 1 and len(objectives) == 1:
            self._best = (_value(values[1]), int(match.all("INT")[1]), line)

    def on_failed(self, match: Match, line: Line) -> None:
        error = match.get("ERROR")
        if error is None:
            return
        trial = self._enter(match, line)
        self._parameters(match, trial, line)
        name, _, message = error.partition("(")
        self._build.event(
            "trial_failed",
            line.number,
            line.text.strip(),
            trial=trial,
            error=name.strip(" ."),
            message=message[:200].rstrip(". ").removesuffix(")"),
        )

    def on_pruned(self, match: Match, line: Line) -> None:
        trial = self._enter(match, line)
        self._build.event("trial_pruned", line.number, line.text.strip(), trial=trial)

    def summarise(self) -> None:
        """Report the best trial of the study that ends."""
        if self._best is not None:
            value, trial, line = self._best
            self._build.event(
                "best_summary", line.number, line.text.strip(), metric="objective", value=value, trial=trial
            )
            self._best = None

    def _enter(self, match: Match, line: Line) -> int:
        """Open a segment where none is, or where trials count anew; trials that run side by side end in any order."""
        trial = int(match.all("INT")[0])
        if trial in self._seen:
            self.summarise()
            self._build.close()
            self._seen.clear()
        if not self._build.is_open:
            self._build.start(line.number)
        self._seen.add(trial)
        return trial

    def _parameters(self, match: Match, trial: int, line: Line) -> None:
        try:
            parameters = ast.literal_eval(match.get("MAPPING") or "{}")
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return
        for key, value in parameters.items() if isinstance(parameters, dict) else ():
            if isinstance(value, int | float) and not isinstance(value, bool):
                self._build.point(str(key), float(value), line.number, name=f"param/{key}", step=float(trial))


def _value(text: str) -> float:
    try:
        return number(text)
    except ValueError:
        return float("nan")
