"""Lines of every grammar, as they stand in samples and fixtures, and damaged ones made of them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from diagnose import assets, packs
from diagnose.logs import formats

ROOT = Path(__file__).parents[2]
GRAMMARS = tuple(
    sorted(
        path.stem
        for path in assets.grammar_folder().glob("*.lark")
        if packs.START.search(assets.grammar(path.stem)) and path.stem != "condition"
    )
)
MARKS = tuple(" :.-/0159eEnaif[]_xd,%|\té�\x00━")
NUMBERS = "nan", "-inf", "1e-400", "1e5", "00", "12345678901234567890", "0.1234567890123456789", "1.", ".5", "+3", "1e"
WORDS = "  ", "\x1b[0m", "INFO", "12345678901234567", "loss: 0.5", "2024/01/02 03:04:05"
PIECES = MARKS + NUMBERS + WORDS
WIDTHS = 1, 1, 2, 3, 4, 5, 7, 12, 17, 19, 25
TEXTS = (".log", ".txt", ".csv", ".json", ".out")


@cache
def samples() -> tuple[str, ...]:
    """Return lines of all formats' samples and of the fixtures, without those that differ in digits only."""
    texts = [text for format in formats().values() for text in format.SAMPLES if isinstance(text, str)]
    files = (path for path in sorted((ROOT / "fixtures").rglob("*")) if path.suffix in TEXTS and path.is_file())
    texts += [path.read_bytes()[:3_000_000].decode("utf-8", "replace") for path in files]
    lines = (line for text in texts for line in re.split(r"[\n\r\b]+", text) if len(line) < 600)
    return tuple({re.sub(r"\d", "0", line): line for line in lines}.values())


def accepted(name: str) -> list[str]:
    """Return the samples that a grammar accepts."""
    from diagnose.parsers import parser
    from diagnose.reader.learning import parse_line

    return [line for line in samples() if parse_line(parser(name), line) is not None]


def varied(line: str, chance: random.Random) -> str:
    """Return a line with other numbers and blanks."""
    as_wide = chance.random()  # how many of the numbers keep their width

    def digits(found: re.Match[str]) -> str:
        width = len(found[0]) if chance.random() < as_wide else chance.choice(WIDTHS)
        return f"{chance.randrange(10**width):0{width}d}"

    if chance.random() < 0.6:  # dates and times as they are
        line = re.sub(
            r"[0-9]+(?:[-/:][0-9]+){2}|[0-9]+", lambda found: digits(found) if found[0].isdigit() else found[0], line
        )
    else:
        line = re.sub(r"[0-9]+", digits, line)
    if chance.random() < 0.4:
        line = re.sub(r" +", lambda found: " " * max(1, len(found[0]) + chance.choice((-2, -1, 0, 0, 0, 1, 5))), line)
    if chance.random() < 0.2:
        line = re.sub(
            r"(?<=[ :=,])[0-9]+\.[0-9]+", lambda _: chance.choice(("nan", "1e-05", "3.2e+10", "-0.5", "7", "inf")), line
        )
    return line


def damaged(line: str, chance: random.Random) -> str:
    """Return a line with one to three places changed."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        at, change = chance.randrange(len(line) + 1), chance.random()
        if change < 0.35:
            line = line[:at] + line[at + 1 :]
        elif change < 0.7:
            line = line[:at] + chance.choice(PIECES) + line[at:]
        else:
            line = line[:at] + chance.choice(PIECES) + line[at + 1 :]
    return line.replace("\n", " ")


def generated(name: str, count: int, seed: int) -> Iterator[str]:
    """Yield lines near those that a grammar accepts."""
    chance = random.Random(f"{name} {seed}")
    lines = accepted(name)
    for _ in range(count if lines else 0):
        line = varied(chance.choice(lines), chance)
        yield damaged(line, chance) if chance.random() < 0.3 else line
