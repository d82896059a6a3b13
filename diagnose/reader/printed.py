"""Configs that a log prints: ``Namespace(lr=0.1, ...)`` on one line, ``TrainingArguments(`` over many."""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.model import Place, Setting
from diagnose.patterns import lazy
from diagnose.reader.builder import TEXT, RunBuilder
from diagnose.sources import Line

ONE_LINE = lazy(r"\b(?:Namespace|AttrDict|EasyDict|SimpleNamespace)\((?=\s*[A-Za-z_]\w*\s*=)")
BEGIN = lazy(r"(?:\b(?:\w*TrainingArguments|\w*Config|Namespace)\()\s*$")
WANTED = frozenset({"Namespace(", "Dict(", "TrainingArguments(", "Config("})
"""Texts one of which every line contains by which a printed config begins."""
PAIR = lazy(r"\s*[A-Za-z_]\w*\s*=")
LONGEST = 500
"""Lines of a printed config."""


class PrintedConfig:
    """Takes the lines of printed configs, and makes settings and facts of them."""

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self.left = 0
        """Lines that a printed config that has begun may still have."""

    def feed(self, line: Line) -> bool:
        """Return whether the line belongs to a printed config; report what it says."""
        text = line.text
        if self.left:
            self.left -= 1
            if PAIR.match(text):
                self._take(_pairs(text), line)
                return True
            self.left = 0
            return text.strip().rstrip(",") in (")", "")
        if "(" not in text:
            return False
        if ("Namespace(" in text or "Dict(" in text) and ONE_LINE.search(text):
            self._take(printed_settings(line, self._build.path), line)
            return True
        if text.rstrip().endswith("(") and BEGIN.search(text):
            self.left = LONGEST
        return False

    def _take(self, settings: Iterable[Setting], line: Line) -> None:
        from diagnose.reader.stated import state

        for setting in settings:
            where = Place(self._build.path, line.number, setting.place.column, line.text.strip()[:TEXT])
            self._build.adopt(Setting(setting.key, setting.value, where, setting.literal))
            if "." not in setting.key:
                state(self._build, setting.key, setting.value, line.number, line.text.strip())


def printed_settings(line: Line, path: str) -> list[Setting]:
    """Return the settings of a namespace that a line of a log prints."""
    from diagnose.configs.namespace import printed_namespace

    place = Place(path, line.number, 1, line.text.strip()[:TEXT])
    return [
        Setting(pair.key, pair.value, place, line.text[pair.start : pair.end]) for pair in printed_namespace(line.text)
    ]


def _pairs(text: str) -> list[Setting]:
    from diagnose.configs.namespace import printed_pairs

    return [
        Setting(pair.key, pair.value, Place("", 0, pair.at + 1), text[pair.start : pair.end])
        for pair in printed_pairs(text)
    ]
