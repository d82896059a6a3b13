"""Everything that is installed over the same files in one run, as Markdown tables of ratios.

    python benchmarks/speed.py [MEGABYTES] [--runs N] [--fleet N]        # 100 MB, 3 runs, 1,000 small logs
    python benchmarks/speed.py [MEGABYTES] --only --fleet 0 --logs LOG...    # logs of your own, repeated to that size

All figures are CPU time (user and system) of the work, without start-up; the median of the runs. Measured is the
diagnose that is installed for this Python, else this checkout. What is not installed is left out: ripgrep, orjson,
polars, tensorboard, tbparse. Absolute figures are those of the machine at that moment, so compare ratios.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSTALLED = find_spec("diagnose") is not None
"""Whether there is a package to measure: a wheel holds tables of grammars and compiled modules, a checkout none."""
sys.path.insert(0, str(HERE.parent))
from benchmarks.make_logs import write  # noqa: E402

FILES = {
    "mmengine": ("mmengine.log", r"Epoch\(train\)"),
    "keras": ("keras.log", "val_loss"),
    "yolo": ("yolo.log", "mAP50"),
    "jsonl": ("log.jsonl", "loss"),
    "csv": ("results.csv", "^[0-9]+,"),
    "tfevents": ("events.out.tfevents.1", ""),
    "tfevents2": ("events.out.tfevents.2", ""),
}
"""Each kind's file, and what ripgrep counts in it."""
PEERS = {
    "jsonl": ("orjson", "json"),
    "csv": ("polars", "csv"),
    "tfevents": ("EventAccumulator", "tbparse"),
    "tfevents2": ("EventAccumulator", "tbparse"),
}
PLAIN_LARK = ("mmengine", "keras")
BARS = ("keras", "yolo")
MODULES = {"orjson": "orjson", "polars": "polars", "EventAccumulator": "tensorboard", "tbparse": "tbparse"}
SCALARS = 1000
"""Scalars of an event file per megabyte that was asked for: readers of others take a minute for a million."""


@dataclass(frozen=True)
class Took:
    """What one reader took for one file."""

    name: str
    cpu: float
    size: int
    count: int = 0
    rss: int = 0

    @property
    def speed(self) -> float:
        """Bytes per second of CPU."""
        return self.size / max(self.cpu, 1e-6)


def tool(name: str, command: list[str], file: Path) -> Took:
    """Time another program."""
    with file.open("rb") as stdin, Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE if "-c" in command else nowhere)
        if process.stdout:
            process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Took(name, used.ru_utime + used.ru_stime, file.stat().st_size, rss=used.ru_maxrss * 1024)


def reader(name: str, file: Path, engine: str = "") -> Took:
    """Time a reader of ``readers.py``."""
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    env |= {} if INSTALLED else {"PYTHONPATH": str(HERE.parent)}
    env |= {"DIAGNOSE_ENGINE": engine} if engine else {}
    command = [sys.executable, str(HERE / "readers.py"), name, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    told = json.loads(done.stdout.splitlines()[-1])
    return Took(f"{name} ({engine})" if engine else name, told["cpu"], told["bytes"], told["count"], told["rss"])


def contenders(kind: str, file: Path, pattern: str) -> Iterator[tuple[str, list[str]]]:
    """Yield who reads a file: a name, and a command for programs that are none of ``readers.py``."""
    yield "wc -l", ["wc", "-l"]
    if pattern and shutil.which("rg"):
        yield "rg -c", ["rg", "-a", "-c", pattern, str(file)]
    yield "read", []
    yield "again", []
    if kind not in FILES:
        return
    if kind in BARS:
        yield "frames", []
    yield "lint", []
    yield "read:pure", []
    if kind in PLAIN_LARK:
        yield "lark", []
    for name in PEERS.get(kind, ()):
        if name not in MODULES or find_spec(MODULES[name]):
            yield name, []


def measured(kind: str, file: Path, pattern: str, runs: int) -> Iterator[Took]:
    """Yield what each contender took."""
    for name, command in contenders(kind, file, pattern):
        base, _, engine = name.partition(":")
        try:
            several = [tool(name, command, file) if command else reader(base, file, engine) for _ in range(runs)]
        except (RuntimeError, OSError) as error:
            sys.stderr.write(f"{kind}: {name}: {error}\n")
            continue
        yield sorted(several, key=lambda took: took.cpu)[len(several) // 2]


def rows(kind: str, took: list[Took]) -> Iterator[str]:
    """Yield the rows of a table; ratios are those of our reader's speed to the other's."""
    ours = next((one for one in took if one.name == "read"), None)
    for one in took:
        ratio = f"{ours.speed / one.speed:.3g}" if ours else ""
        memory = f"{one.rss / 1e6:.0f}" if one.rss else ""
        yield f"| {kind} | {one.name} | {one.speed / 1e6:,.4g} | {one.cpu:.3f} | {ratio} | {memory} |"


def repeat(log: Path, size: float, target: Path) -> None:
    """Write a log over and over, up to a size."""
    text = log.read_bytes().rstrip(b"\n") + b"\n"
    with target.open("wb") as file:
        for _ in range(math.ceil(size / len(text))):
            file.write(text)


def fleet(folder: Path, number: int) -> Iterator[str]:
    """Yield how long a folder of small logs takes, in one process and in several, without and with the cache."""
    for at in range(number):
        (folder / "fleet" / f"run{at:05d}").mkdir(parents=True)
        write("mmengine", 100_000, folder / "fleet" / f"run{at:05d}" / "train.log", at)
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    env |= {} if INSTALLED else {"PYTHONPATH": str(HERE.parent)}
    env.pop("DIAGNOSE_NO_CACHE", None)
    for title, options in (
        ("one process, no cache", ["--jobs", "1", "--no-cache"]),
        ("`--jobs auto`, no cache", ["--jobs", "auto", "--no-cache"]),
        ("one process, cache cold", ["--jobs", "1"]),
        ("one process, cache warm", ["--jobs", "1"]),
        ("`--jobs auto`, cache warm", ["--jobs", "auto"]),
    ):
        command = [sys.executable, "-P", "-m", "diagnose", "lint", str(folder / "fleet"), "--isolated", "-q", *options]
        before, start = os.times(), os.times().elapsed
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False, env=env)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        wall = after.elapsed - start
        yield f"| {title} | {cpu:.1f} | {wall:.1f} | {1e3 * cpu / number:.1f} |"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("megabytes", nargs="?", type=float, default=100)
    options.add_argument("--runs", type=int, default=3, help="odd")
    options.add_argument("--fleet", type=int, default=1000, help="small logs; 0 for none")
    options.add_argument("--only", nargs="*", default=list(FILES), help="kinds of files")
    options.add_argument("--logs", nargs="*", type=Path, default=[], help="logs to repeat")
    given = options.parse_args()
    say = sys.stdout.write
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, ")
        say(f"{given.megabytes:g} MB, median of {given.runs} runs\n\n")
        say("| file | reader | MB/s of CPU | CPU s | speed of `read` to its own | peak MB |\n")
        say("|---|---|---|---|---|---|\n")
        for kind in given.only:
            target = folder / FILES[kind][0]
            scale = SCALARS if kind.startswith("tf") else 1e6
            write(kind, given.megabytes * scale, target)
            for row in rows(kind, list(measured(kind, target, FILES[kind][1], given.runs | 1))):
                say(row + "\n")
                sys.stdout.flush()
            target.unlink()
        for log in given.logs:
            target = folder / log.name
            repeat(log, given.megabytes * 1e6, target)
            for row in rows(log.name, list(measured("", target, "loss", given.runs | 1))):
                say(row + "\n")
            target.unlink()
        if given.fleet:
            say(f"\n{given.fleet} mmengine logs of 100 KB, rules included\n\n")
            say("| how | CPU s | wall s | CPU ms per log |\n|---|---|---|---|\n")
            for row in fleet(folder, given.fleet):
                say(row + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
