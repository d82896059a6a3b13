"""Compares kernel, pure path and Lark on generated lines of all grammars: ``python tests/scan/millions.py LINES SEED``.

Lark parses each single line, so that a million of them takes some minutes of a processor. It exits with status 1 at the
first line of a grammar on which they differ, and prints the line.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import NamedTuple

import difference

from diagnose.parsers import parser
from diagnose.reader.learning import parse_line
from diagnose.scan import Shapes, pure
from diagnose.scan.engine import engine

CHUNK = 20_000
"""Lines between two seeds: templates are learned anew, in another order."""


class Compared(NamedTuple):
    """Lines that were compared, how many of them a template took, the templates, and the first line that differs."""

    lines: int
    taken: int
    templates: int
    wrong: str = ""


def compared(name: str, lines: int, seed: int) -> Compared:
    """Compare what the engines make of generated lines of a grammar."""
    lark = parser(name)
    shapes = Shapes(name, lambda text: parse_line(lark, text))
    shapes.enough = 2
    python = pure.Scanner()
    done = taken = known = 0
    for line in difference.generated(name, lines, seed):
        done += 1
        parsed = parse_line(lark, line)
        found = shapes.match(line)
        if known != len(shapes.templates):
            known = len(shapes.templates)
            python.learn(shapes.templates)
        other = python.match(line.encode())
        if found is None and other is None:
            if parsed is not None:
                shapes.note(line, parsed)
            continue
        taken += 1
        wanted = parsed and (parsed[0], tuple((kind, line[start:end]) for kind, start, end in parsed[1]))
        both = []
        if found is not None:
            both.append((found[0].kind, found[1]))
        if other is not None:
            template = shapes.templates[other[0]]
            both.append((template.kind, template.tokens(line, other[1])))
        if len(both) < 2 or any(one != wanted for one in both):
            return Compared(done, taken, known, line)
    return Compared(done, taken, len(shapes.templates))


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
