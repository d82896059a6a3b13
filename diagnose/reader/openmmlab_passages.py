"""Lines between two stamped ones of an OpenMMLab log: what they say is found once, as each start prints them again."""

from __future__ import annotations

import re
from collections import deque
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from diagnose.patterns import lazy

if TYPE_CHECKING:
    from diagnose.model import Fact, Setting

FAMILY = {"MMEngine": 0, "MMDetection": 1, "MMDetection3D": 1, "MMSegmentation": 1, "MMPose": 1, "MMPretrain": 1,
          "MMClassification": 1, "MMAction2": 1, "MMRotate": 1, "MMYOLO": 1, "MMCV": 2}  # fmt: skip
"""Packages that make up the framework, and their order in the fact."""
TELLING = frozenset({"Python", "CUDA available", "GPU number", "seed", *FAMILY})
"""What of an environment is stated, with the first GPU."""
RULE = lazy(r"-{20,}\s*")
ENVIRONMENT = lazy(r"\s*(GPU [\d,]+|[A-Za-z_][\w .]*): (.*)")
CONTROL = bytes((*range(9), *range(11, 32), 127))
MARK = "\ufeff".encode()
LONGEST_MEMO, MOST_MEMOS = 1 << 18, 64
"""Bytes of a passage that is remembered in case that it comes again, and how many are."""


class Told(NamedTuple):
    """What lines say as an environment.

    Attributes:
        taken: how many of them belong to it.
        begins: whether it begins at all.
        rules: how many of its two rules there are.
        lines: those that state something, each with how many lines stand above it.
    """

    taken: int
    begins: bool
    rules: int
    lines: tuple[tuple[int, str], ...]


class Passage:
    """Whole lines, the same object for the same bytes.

    Attributes:
        raw: their bytes.
        lines: the same without carriage returns at their ends.
    """

    def __init__(self, raw: bytes) -> None:
        """Take lines of which nothing is known."""
        self.raw = raw
        self.lines = raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw

    @cached_property
    def count(self) -> int:
        """How many lines there are."""
        return self.lines.count(b"\n")

    @cached_property
    def is_plain(self) -> bool:
        """Whether they show just what they hold: without terminal control, or a mark of byte order."""
        return len(self.lines.translate(None, CONTROL)) == len(self.lines) and MARK not in self.lines

    @cached_property
    def told(self) -> Told:
        """What they say as an environment."""
        rules, told = 0, []
        for at, text in enumerate(texts := self._texts()):
            rules += RULE.fullmatch(text) is not None
            if not rules and text.strip():
                return Told(at, False, 0, ())  # a blank record that opened nothing
            if (found := ENVIRONMENT.match(text)) and (found[1].strip() in TELLING or found[1].startswith("GPU 0")):
                told.append((at, text))
            if rules > 1:
                return Told(at + 1, True, rules, tuple(told))
        return Told(len(texts), rules > 0, rules, tuple(told))

    @cached_property
    def dump(self) -> tuple[int, str]:
        """How many of the lines below ``Config:`` belong to it, and those lines."""
        blank_above = False
        for at, text in enumerate(texts := self._texts()):
            if ends_dump(text, blank_above=blank_above):
                return at, "\n".join(texts[:at])
            blank_above = not text.strip()
        return len(texts), "\n".join(texts)

    @cached_property
    def report(self) -> tuple[int, str]:
        """The same of the lines below a state dict that does not match."""
        texts = self._texts()
        taken = next((at for at, text in enumerate(texts) if ends_report(text)), len(texts))
        return taken, "\n".join(texts[:taken])

    def _texts(self) -> list[str]:
        return self.lines.decode(errors="replace").split("\n")[:-1]


_recent: deque[Passage] = deque(maxlen=MOST_MEMOS)


def passage_of(raw: bytes) -> Passage:
    """Return a passage of these lines: the one before that was the same, if that is not long ago."""
    for at, one in enumerate(_recent):
        if one.raw == raw:  # which takes less than a hash of it
            del _recent[at]
            _recent.appendleft(one)
            return one
    passage = Passage(raw)
    if len(raw) <= LONGEST_MEMO:
        _recent.appendleft(passage)
    return passage


@lru_cache(maxsize=16)
def printed(dump: str) -> tuple[dict[str, Setting], tuple[Fact, ...]]:
    """Return the settings of a config dump and the facts that follow from them, as if it were a file of its own."""
    from diagnose.configs.openmmlab import config_facts
    from diagnose.configs.python_config import read_printed_config

    settings = read_printed_config(dump, "").settings
    return settings, tuple(config_facts(settings))


def ends_dump(text: str, *, blank_above: bool) -> bool:
    """Whether a line below ``Config:`` no longer belongs to it."""
    if re.match(r"Traceback \(most|<<<<<<<|=======|>>>>>>>|srun: |slurmstepd", text):
        return True
    # mmcv before 1.0 dumps the file itself, with its name, comments and blank lines.
    return (
        blank_above and bool(text) and not re.match(r"[\s\])}#'\"]|\w+\s*=|(import|from|with|del|if|for) |_base_", text)
    )


def ends_report(text: str) -> bool:
    """Whether a line below a state dict that does not match tells of something else."""
    return re.match(r"\s*$|.*state_dict|.*size mismatch|\s|[+|]", text) is None


@lru_cache(maxsize=16)
def mismatches(report: str) -> tuple[dict[str, int], str]:
    """Return how many parameters a model lacks, has too many, and has in another size, and the lines that tell it."""
    counts = {"missing": 0, "unexpected": 0, "mismatched": 0}
    quoted: list[str] = []
    for line in report.split("\n"):
        head, _, names = line.strip().partition(":")
        count = sum(1 for name in names.split(",") if name.strip())
        if head.startswith("size mismatch"):
            counts["mismatched"] += 1
        elif head.startswith("missing key"):
            counts["missing"] += count
        elif head.startswith("unexpected key"):
            counts["unexpected"] += count
        else:
            continue
        quoted.append(line.strip())
    return counts, "; ".join(quoted)[:400]


@lru_cache(maxsize=1024)
def stated(text: str) -> tuple[str, str | float] | None:
    """Return the fact that one line of the environment states; of a package, its name and version."""
    found = ENVIRONMENT.match(text)
    if not found:
        return None
    key, value = found[1].strip(), found[2].strip()
    if key == "Python":
        return "python", value.split(" ")[0]
    if re.match(r"GPU 0\b", key):
        return "device", value
    if key == "CUDA available" and value == "False":
        return "device", "cpu"
    if key == "GPU number" and re.fullmatch(r"[0-9]{1,6}", value) and int(value):
        return "devices", float(value)
    if key == "seed" and re.fullmatch(r"[0-9]{1,12}", value):
        return "seed", float(value)
    return ("framework", f"{key} {value}") if key in FAMILY else None


@lru_cache(maxsize=1024)
def framework_with(known: str, package: str) -> str:
    """Return the packages of a framework with one more, or with another version of it."""
    name = _name(package)
    words = [word for word in known.split(", ") if word and _name(word) != name] + [package]
    words.sort(key=lambda word: FAMILY.get(_name(word), 9))
    return ", ".join(words)


def _name(package: str) -> str:
    return package.partition(" ")[0]
