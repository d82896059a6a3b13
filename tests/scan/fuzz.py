"""Fuzzes the kernel, built with AddressSanitizer and UBSan: ``python tests/scan/fuzz.py SECONDS``.

It exits with a status other than 0 if a sanitizer reports anything, or if kernel and pure path disagree.
"""

from __future__ import annotations

import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tests import sanitized  # noqa: E402

SOURCE = ROOT / "diagnose" / "scan" / "_kernel.c"
LONG = 100_000_000
MASKS = 255, 4, 8, 12, 20, 24, 31
ALPHABET = b"0123456789.eE+- :,/[]\r\b\x1b\x00aEpoch loss\xe2\x94\x81"


def run(seconds: float, folder: Path) -> subprocess.CompletedProcess[str]:
    """Fuzz in a process of its own. Raises CalledProcessError or FileNotFoundError without sanitizers."""
    return sanitized.run(__file__, SOURCE, seconds, folder)


def inside(library: str, seconds: float) -> None:
    """Call the kernel with random programs, blocks and gates until the time is up."""
    kernel = sanitized.loaded(library)
    chance = random.Random(os.environ.get("FUZZ_SEED", "1"))
    long_lines(kernel, LONG if seconds >= 30 else LONG // 100)
    until = time.monotonic() + seconds
    rounds = 0
    while time.monotonic() < until:
        one_round(kernel, chance)
        rounds += 1
    print(f"{rounds} rounds")


def one_round(kernel, chance) -> None:
    from diagnose.scan.gate import Gate
    from diagnose.scan.powers import powers
    from diagnose.scan.pure import Scanner
    from diagnose.scan.trie import Trie

    trie = Trie()
    for _ in range(chance.randint(1, 12)):
        is_rival = trie.templates and chance.random() < 0.4
        trie.add(rival(chance, chance.choice(trie.templates)) if is_rival else template(chance))
    nodes, texts = trie.program()
    compiled, pure = kernel.Scanner(), Scanner()
    compiled.set_powers(powers())
    compiled.load(nodes, texts, len(trie.templates))
    pure.learn(trie.templates)
    gate = Gate(["error", "loss", "x\n"])
    compiled.set_gate(*gate.table())
    compiled.set_gate(*Gate(["epoch", "a"]).table(), True)
    pure.gate(gate)
    pure.gate(Gate(["epoch", "a"]), borders=True)
    enabled = []
    for number, known in enumerate(trie.templates):
        variable = [
            at for at, part in enumerate(part for part in known.parts if part.operation) if part.operation in (1, 2)
        ]
        if variable and chance.random() < 0.7:
            pick = [chance.choice(variable) for _ in range(3)]
            counters = (chance.choice([-1, pick[0]]), chance.choice([-1, pick[1]]), chance.choice([-1, pick[2]]))
            checks = tuple((chance.choice(variable), 5.0, chance.random() < 0.5) for _ in range(chance.randint(0, 3)))
            condition = (*counters, 5.0, chance.random() < 0.5, checks, chance.random() < 0.3)
            enabled.append((number, variable, condition))
            compiled.enable(number, tuple(variable), *condition)
            pure.enable(number, tuple(variable), *condition)
    told = trie.templates if chance.random() < 0.5 else chance.choices(trie.templates, k=2)
    block = b"".join(line(chance, told) + b"\n" for _ in range(chance.randint(0, 60)))
    both = (compiled, pure) if leaves_nothing(block) and is_clear(block, trie.templates) else (compiled,)
    seed = chance.random()
    for _ in range(2):
        assert len({str(walked(scanner, trie.templates, block, random.Random(seed))) for scanner in both}) == 1, block
        for number, variable, condition in enabled:  # once more, for the same columns or others
            variable = chance.choice([variable, variable[1:], variable[::-1]])
            compiled.enable(number, tuple(variable), *condition)
            pure.enable(number, tuple(variable), *condition)
    for text in block.split(b"\n"):
        found, other = compiled.match(text), pure.match(text)
        assert (found is None) == (other is None), (text, found, other)
    assert rows_of_all(kernel, nodes, texts, trie.templates, block, True) == rows_of_all(
        kernel, nodes, texts, trie.templates, block, False
    ), block
    folded = bytearray(block)
    lately = kernel.lately()
    kernel.fold(lately, folded, 0, len(folded))
    kernel.fold(lately, bytearray(block), chance.randint(0, len(block) // 2), len(block))
    kernel.part(bytearray(block), len(block), chance.random() < 0.5)
    damaged = bytearray(nodes)
    for _ in range(chance.randint(1, 4)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    try:
        compiled.load(bytes(damaged), texts, len(trie.templates))
    except ValueError:
        return
    compiled.walk(block, 0, len(block), 1, False)


def rows_of_all(kernel, nodes, texts, templates, block, joined):
    """Return the rows of all templates in the order of their lines, by how many numbers they have."""
    scanner, first, found = kernel.Scanner(), {}, {}
    scanner.load(nodes, texts, len(templates))
    for number, known in enumerate(templates):
        variable = [
            at for at, part in enumerate(part for part in known.parts if part.operation) if part.operation in (1, 2)
        ]
        like = first.setdefault(len(variable), number) if joined else number
        scanner.enable(number, tuple(variable), -1, -1, -1, 0.0, False, (), False, -1 if like == number else like)
    at, number, reason = 0, 0, 1
    while reason:
        reason, _, at, number, _ = scanner.walk(block, at, len(block), number + 1, 0)
    for number, known in enumerate(templates):
        variable = [part for part in known.parts if part.operation in (1, 2)]
        width = 8 * (3 + len(variable))
        rows = scanner.take(number)
        found.setdefault(width, []).extend(rows[at : at + width] for at in range(0, len(rows), width))
    in_order = {width: sorted(rows, key=lambda row: struct.unpack_from("d", row)) for width, rows in found.items()}
    return found if joined else in_order


def walked(scanner, templates, block, chance):
    """Return what a walk through a block in changing modes hands over, and all that it stores."""
    handed, at, number = [], 0, 0
    while True:
        mode = chance.choice((0, 0, 0, 1, 2, 3))
        reason, start, at, number, which = scanner.walk(block, at, len(block), number + 1, mode)
        handed.append((reason, start, at, number))
        if reason == 0:
            break
        if reason == 2:
            handed.append((scanner.lines(which), scanner.take(which)))
            at, number = start, number - 1
        elif chance.random() < 0.2:
            scanner.ignore(block[start : at - 1])
    return handed, [(scanner.lines(which), scanner.take(which)) for which in range(len(templates))]


def leaves_nothing(block) -> bool:
    """Whether the kernel leaves no number of a block to Python."""
    return not re.search(rb"[0-9.]{17}|[eE][+-]?[0-9]{2}|\r|[0-9][eE]", block)


def is_clear(block, templates) -> bool:
    """Whether no line is of two templates, of which either is right: those of a grammar make the same of it."""
    patterns = [re.compile(b"".join(part.pattern() for part in one.parts)) for one in templates]
    return all(sum(one.fullmatch(text) is not None for one in patterns) < 2 for text in block.split(b"\n"))


def template(chance):
    from diagnose.scan.template import BLANKS, LITERAL, NUMBER, RUN, Part, Template

    parts = []
    for _ in range(chance.randint(1, 9)):
        kind = chance.choice((LITERAL, LITERAL, RUN, NUMBER, BLANKS))
        if kind == LITERAL:
            if parts and parts[-1].operation == LITERAL:
                continue
            parts.append(
                Part(
                    LITERAL,
                    chance.choice(
                        [b"loss: ", b"Epoch ", b"the loss of it is:", b"a", b"e", b".", b"[", b"0", "━".encode()]
                    ),
                )
            )
        elif kind == NUMBER:
            parts.append(Part(NUMBER, low=chance.choice(MASKS)))
        else:
            low = chance.randint(0, 2) + (kind == RUN)
            parts.append(Part(kind, low=low, high=low + chance.randint(0, 5)))
    return Template("row", tuple(parts), ())


def rival(chance, one):
    """Return a template that begins as another does, with other numbers in one place."""
    from diagnose.scan.template import NUMBER, Part, Template

    parts = list(one.parts)
    numbers = [at for at, part in enumerate(parts) if part.operation == NUMBER]
    if numbers:
        parts[chance.choice(numbers)] = Part(NUMBER, low=chance.choice(MASKS))
    return Template("row", tuple(parts[: chance.randint(1, len(parts))]) + template(chance).parts[:2], ())


def line(chance, templates) -> bytes:
    """Return bytes at random, or a line that a template accepts, damaged now and then."""
    if chance.random() < 0.2:
        return bytes(chance.choices(ALPHABET, k=chance.randint(0, 60))).replace(b"\n", b"")
    text = bytearray()
    parts = chance.choice(templates).parts
    is_flush = chance.random() < 0.5  # then what stands behind blanks ends in the same places
    for before, part in zip((None, *parts), parts, strict=False):
        if part.operation == 0:
            text += part.text
        elif part.operation == 2:
            number = chance.choice(
                [
                    b"1",
                    b"0.5",
                    b"-3e-4",
                    b"1e400",
                    b"123456789012345678901",
                    b"9007199254740993",
                    b"007",
                    b"5.",
                    b"-12.5",
                    b"1e-05",
                    b"54e",
                ]
            )
            if is_flush and before is not None and before.operation == 3:
                blanks = max(before.low, min(before.high, 7 - len(number)))
                text = text.rstrip(b" ") + b" " * blanks
            text += number
        else:
            text += (b"7" if part.operation == 1 else b" ") * chance.randint(part.low, part.high)
    if chance.random() < 0.4 and text:
        at = chance.randrange(len(text))
        text[at : at + chance.randint(0, 2)] = bytes(chance.choices(ALPHABET, k=chance.randint(0, 3)))
    return bytes(text).replace(b"\n", b"")


def long_lines(kernel, length: int) -> None:
    from diagnose.scan.template import LITERAL, NUMBER, Part, Template
    from diagnose.scan.trie import Trie

    trie = Trie()
    trie.add(Template("row", (Part(NUMBER, low=255), Part(LITERAL, b"x")), ()))
    for text in (
        b"1" * length,
        b"0." + b"1" * length,
        b"1e" + b"9" * length,
        b" " * length,
        b"\r" * length,
        b"1/9 [=\r" * (length // 7),
        b"\0" * length,
    ):
        scanner = kernel.Scanner()
        scanner.load(*trie.program(), 1)
        scanner.enable(0, (0,), -1, 0, -1, 0.0, False)
        block = bytearray(text + b"\n")
        scanner.walk(block, 0, len(block), 1, False)
        kernel.fold(kernel.lately(), block, 0, len(block))


def report(seconds: float) -> Iterator[str]:
    """Yield what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        done = run(seconds, Path(folder))
        if done.returncode:
            yield done.stdout[-2000:] + done.stderr[-8000:]


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        inside(sys.argv[2], float(sys.argv[3]))
    else:
        problems = list(report(float(sys.argv[1])))
        print("\n".join(problems) or "nothing found")
        sys.exit(bool(problems))
