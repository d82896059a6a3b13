"""One reader over one file, in a process of its own; prints what it took as JSON.

python benchmarks/readers.py READER FILE
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

SLICE = 300_000
"""Bytes that plain Lark is given; it takes the same time per byte from the first to the last."""
Work = Callable[[], int]


def read(file: Path, *, frames: bool = False) -> Work:
    """Read a file into a run, as the command does, if *frames* with every state of its bars; count points."""
    import numpy  # noqa: F401, ICN001 - start-up, as the peers' modules are

    import diagnose.cli.main  # noqa: F401 - which also says how often Python looks for what is no longer used
    from diagnose import logs
    from diagnose.records import replace
    from diagnose.sources import open_source

    logs.formats()

    def work() -> int:
        run = logs.read(replace(open_source(file, file.stat().st_size), frames=frames))
        return sum(len(series) for segment in run.segments for series in segment.series.values()) if run else 0

    return work


def again(file: Path, *, frames: bool = False) -> Work:
    """Read a file that is like one that this process has read: grammars are loaded, shapes are learned."""
    work = read(file, frames=frames)
    work()
    return work


def lint(file: Path) -> Work:
    """Read a file and apply all rules, as the command does; count findings."""
    import numpy  # noqa: F401, ICN001 - as in `read`

    import diagnose.cli.main  # noqa: F401
    from diagnose import api

    api.Linter  # noqa: B018 - what start-up costs is another figure
    return lambda: len(api.lint(file, isolated=True, max_size=file.stat().st_size).findings)


def lark(file: Path) -> Work:
    """Parse every line of the beginning with the grammar, as Lark itself does it; count what it accepts."""
    from diagnose import logs
    from diagnose.parsers import parser
    from diagnose.reader.learning import parse_line
    from diagnose.sources import from_bytes, lines

    with file.open("rb") as start:
        source = from_bytes(file.name, start.read(SLICE))
    format = logs.detect(source)
    grammar = parser(format.NAME if format else "mmengine")
    texts = [line.text for line in lines(source)]
    return lambda: sum(parse_line(grammar, text) is not None for text in texts)


def orjson(file: Path) -> Work:
    """Parse every line with orjson."""
    import orjson

    def work() -> int:
        with file.open("rb") as lines:
            return sum(len(orjson.loads(line)) for line in lines)

    return work


def python_json(file: Path) -> Work:
    """Parse every line with Python's json."""

    def work() -> int:
        with file.open("rb") as lines:
            return sum(len(json.loads(line)) for line in lines)

    return work


def polars(file: Path) -> Work:
    """Read a CSV with polars."""
    import polars as pl

    return lambda: pl.read_csv(file).height


def python_csv(file: Path) -> Work:
    """Read a CSV with Python's csv, cells as floats."""
    import csv

    def work() -> int:
        with file.open(newline="") as lines:
            rows = csv.reader(lines)
            next(rows)
            return sum(len([float(cell) for cell in row]) for row in rows)

    return work


def tbparse(file: Path) -> Work:
    """Read the scalars of an event file with tbparse."""
    from tbparse import SummaryReader

    return lambda: len(SummaryReader(str(file)).scalars)


def event_accumulator(file: Path) -> Work:
    """Read the scalars of an event file with TensorBoard's own reader."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def work() -> int:
        events = EventAccumulator(str(file), size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        return sum(len(events.Scalars(tag)) for tag in events.Tags()["scalars"]) + sum(
            len(events.Tensors(tag)) for tag in events.Tags()["tensors"]
        )

    return work


READERS: dict[str, Callable[[Path], Work]] = {
    "read": read, "again": again, "frames": partial(again, frames=True), "lint": lint, "lark": lark,
    "orjson": orjson, "json": python_json, "polars": polars, "csv": python_csv,
    "tbparse": tbparse, "EventAccumulator": event_accumulator,
}  # fmt: skip


def main() -> None:
    """Read, and tell what it took."""
    name, file = sys.argv[1], Path(sys.argv[2])
    work = READERS[name](file)
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    count = work()
    told = {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "count": count,
        "bytes": min(file.stat().st_size, SLICE) if name == "lark" else file.stat().st_size,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
