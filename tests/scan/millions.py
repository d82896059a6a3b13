"""Compares kernel, pure path and Lark on generated lines of all grammars: ``python tests/scan/millions.py LINES SEED``.

Lark parses each single line once, which is most of what it costs: ten minutes of a processor for a million lines.
Lines that no template takes are read by Lark's tables as well, as those of a log are. It exits with status 1 if there
is a line on which they differ, and prints the first one of each part.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import NamedTuple

import difference

from diagnose.parsers import parser, tables
from diagnose.reader.learning import parse_line
from diagnose.scan import LineParser, Shapes, pure
from diagnose.scan.engine import engine

CHUNK = 20_000
"""Lines between two seeds: templates are learned anew, in another order."""
LEARNED = 2_000
"""Lines of them that templates are learned of, by Lark's tables, before all are compared."""


class Compared(NamedTuple):
    """Lines that were compared, how many of them a template took, the templates, and the first line that differs."""

    lines: int
    taken: int
    templates: int
    wrong: str = ""


def compared(name: str, lines: int, seed: int) -> Compared:
    """Compare what the engines make of generated lines of a grammar."""
    lark, read = parser(name), LineParser(tables(name))
    shapes = learned(name, difference.generated(name, min(lines, LEARNED), seed), read)
    scanner, python = shapes.scanner(), pure.Scanner()  # that of `shapes` itself may lag behind what was learned
    python.learn(shapes.templates)
    done = taken = 0
    for line in difference.generated(name, lines, seed):
        done += 1
        parsed = parse_line(lark, line)
        found, other = scanner.match(line.encode()), python.match(line.encode())
        taken += found is not None
        wanted = parsed and (parsed[0], tuple((kind, line[start:end]) for kind, start, end in parsed[1]))
        if found is None and other is None:
            worded = shapes.match(line)
            right = read(line) == parsed and (worded is None or (worded[0].kind, worded[1]) == wanted)
        else:
            both = [one and (shapes.templates[one[0]], one[1]) for one in (found, other)]
            right = all(one and (one[0].kind, one[0].tokens(line, one[1])) == wanted for one in both)
        if not right:
            return Compared(done, taken, len(shapes.templates), line)
    return Compared(done, taken, len(shapes.templates))


def learned(name: str, lines: Iterable[str], read: LineParser) -> Shapes:
    """Return templates of some lines."""
    shapes = Shapes(name, read)
    shapes.enough = 2
    for line in lines:
        if shapes.match(line) is None and (parsed := read(line)) is not None:
            shapes.note(line, parsed)
    return shapes


def main(lines: int, seed: int) -> int:
    """Compare *lines* in all, in as many processes as there are processors, and say how it goes."""
    each = -(-lines // len(difference.GRAMMARS))
    work = [
        (name, min(CHUNK, each - start), seed * 1_000_003 + start)
        for start in range(0, each, CHUNK)
        for name in difference.GRAMMARS
    ]
    started, done, taken, wrong = time.monotonic(), 0, 0, 0
    print(f"{engine().name}: {len(difference.GRAMMARS)} grammars, {each} lines of each", flush=True)
    with ProcessPoolExecutor(int(os.environ.get("PROCESSES", os.cpu_count() or 1))) as pool:
        jobs = {pool.submit(compared, *one): one for one in work}
        for count, job in enumerate(as_completed(jobs), 1):
            name, _, chosen = jobs[job]
            found = job.result()
            done, taken = done + found.lines, taken + found.taken
            if found.wrong:
                wrong += 1
                print(f"{name}, seed {chosen}: {found.wrong!r}", flush=True)
            if found.wrong or count % len(difference.GRAMMARS) == 0:
                print(
                    f"{done} lines, {taken} by template, {wrong} wrong, {time.monotonic() - started:.0f} s", flush=True
                )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word.replace("_", "")) for word in (sys.argv[1:] + ["100_000", "1"][len(sys.argv) - 1 :]))))
