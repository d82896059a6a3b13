"""Other linters of training runs over the same files, each as its users call it, start-up included.

    pip install . trainproof losslint runmedic             # not -e: a wheel holds rules and grammars made ready
    python benchmarks/peers.py [RECORDS] [--runs N]        # a million records, once

The files are one healthy run as JSON lines and as CSV, and a tenth as much of other formats: an event file, mmengine
text and Keras bars. What a tool cannot read it says in words, so its first words stand in the table: a fast refusal is
no speed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from benchmarks.make_logs import write  # noqa: E402

TOOLS = {
    "diagnose-ml": ("diagnose", "lint", "--isolated", "--no-cache", "-q"),
    "trainproof": ("trainproof", "doctor"),
    "losslint": ("losslint", "check"),
    "runmedic": ("runmedic", "diagnose"),
}
"""The command of each distribution that looks at a log."""
BYTES_A_LINE = {"mmengine": 180, "keras": 110}


def records(count: int) -> Iterator[dict[str, float]]:
    """Yield the records of a run that nothing is wrong with."""
    draw = random.Random(1)
    for step in range(1, count + 1):
        loss = 2 * math.exp(-3 * step / count) * (0.9 + 0.2 * draw.random())
        rate = 1e-3 * (1 - step / (count + 1))
        yield {"step": step, "loss": round(loss, 5), "lr": float(f"{rate:.6g}"), "grad_norm": round(draw.random(), 4)}


def make(folder: Path, count: int) -> Iterator[Path]:
    """Write the files, and yield each."""
    lines, table = folder / "records.jsonl", folder / "records.csv"
    with lines.open("w") as one, table.open("w") as other:
        other.write("step,loss,lr,grad_norm\n")
        for record in records(count):
            one.write(json.dumps(record) + "\n")
            other.write(",".join(map(str, record.values())) + "\n")
    yield from (lines, table)
    events = folder / "events.out.tfevents.1.here"
    write("tfevents", count / 10, events)
    yield events
    for kind, size in BYTES_A_LINE.items():
        write(kind, count / 10 * size, folder / f"{kind}.log")
        yield folder / f"{kind}.log"


def run(command: list[str], file: Path) -> tuple[float, int, int, str]:
    """Return CPU seconds, peak bytes, exit status and the first words of a command that is given a file."""
    with tempfile.TemporaryFile("w+", errors="replace") as told:
        process = subprocess.Popen([*command, file.name], stdout=told, stderr=subprocess.STDOUT, cwd=file.parent)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        words = " ".join(told.read(4000).split()).strip("= ")[:60]
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, process.returncode, words


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("records", nargs="?", type=int, default=1_000_000)
    options.add_argument("--runs", type=int, default=1, help="the best counts")
    given = options.parse_args()
    scripts = Path(sys.executable).parent
    say = sys.stdout.write
    say("| file | tool | CPU s | times ours | peak MB | exit | first words |\n|---|---|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        for file in make(Path(folder), given.records):
            ours = 0.0
            for name, (script, *arguments) in TOOLS.items():
                if not (scripts / script).exists():
                    continue
                command = [str(scripts / script), *arguments]
                cpu, memory, status, words = min(run(command, file) for _ in range(given.runs))
                ours = ours or cpu
                tool = f"{name} {version(name)}"
                row = (file.name, tool, f"{cpu:.2f}", f"{cpu / ours:.1f}", f"{memory / 1e6:.0f}", status, words)
                say("| " + " | ".join(str(cell).replace("|", "") for cell in row) + " |\n")
                sys.stdout.flush()
            file.unlink()


if __name__ == "__main__":
    main()
