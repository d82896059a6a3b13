"""Twice as much in a log is about twice the work, counted in steps of Python: seconds depend on the hour."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diagnose.engine.lint import Options, lint_run
from diagnose.kit.cases import run_of
from diagnose.model import FileReport
from diagnose.names import event_kinds
from diagnose.rules import builtin

LINEAR = 2
"""What is quadratic grows by 4."""
FIELDS = {"value": 0.5, "path": "a", "count": 2, "step": 5, "text": "x"}


def steps(work: Callable[[], object]) -> int:
    """Return how many instructions of Python it takes."""
    count = 0

    def trace(frame: Any, what: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += what == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], object]], size: int) -> float:
    """Return how many times as much the steps grow from twice to four times a size as from once to twice."""
    work(4 * size)()  # what is loaded and learned once
    once, twice, more = (steps(work(size * times)) for times in (1, 2, 4))
    return (more - twice) / max(twice - once, 1)


@pytest.mark.parametrize("kind", sorted(event_kinds()))
def test_events_of_a_kind(kind: str) -> None:
    """Rules about each event compare it with no other one by one."""
    options = Options(builtin())

    def work(size: int) -> Callable[[], object]:
        events = [
            {"kind": one, "metric": "m", "epoch": at, "line": at + 1, **FIELDS}
            for at in range(size)
            for one in (kind, "best_summary")  # that others are compared with
        ]
        run = run_of({"train/loss": "2-0.01x40", "val/loss": "2-0.01x40", "events": events})
        return lambda: lint_run(run, FileReport(run.path), options, {})

    assert growth(work, 20) < 1.25 * LINEAR


@pytest.mark.parametrize(
    "work",
    [
        "from diagnose.logs.config_toml import LONG_KEY as long; long.search('w' * 600_000 + ' = 1')",
        "from diagnose.logs.config_toml import LONG_KEY as long; long.search('a = 1' + chr(34) * 600_000)",
        "from diagnose.reader.table import value_of; value_of('1' + ' ' * 400_000 + 'x')",
    ],
)
def test_long_words_are_told_at_once(work: str) -> None:
    """Patterns count no steps, so that a process is given a minute: those that are quadratic take several."""
    subprocess.run([sys.executable, "-c", work], check=True, timeout=60)


@pytest.mark.parametrize("modules", ["logs", "reader", "engine", "configs", "(?!logs|reader|engine|configs)"])
def test_no_pattern_tries_text_again_and_again(modules: str) -> None:
    """Each is tried on texts of 100,000 characters: those that are quadratic on several take longer than is given."""
    pump = Path(__file__).with_name("pump.py")
    subprocess.run([sys.executable, pump, rf"diagnose\.{modules}"], check=True, timeout=120, stdout=subprocess.DEVNULL)
