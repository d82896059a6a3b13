"""Headings that nest (configuration, run, fold, stage), and facts that hold only under their heading."""

from __future__ import annotations

from typing import Any, NamedTuple

from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder

FIRST, NUMBERED = lazy(r"\D*1\b"), lazy(r"\w+ \d+")
CONFIG, RUN, FOLD, STAGE = 1, 2, 3, 4
"""Levels of headings, outermost first; facts stated before any heading have level 0."""


class _Stated(NamedTuple):
    value: Any
    line: int
    text: str


class Scopes:
    """States facts to a builder and takes them back when the heading they stood under ends.

    A learning rate printed under "Stage 2" says nothing of the next fold's stage 1, but the class distribution printed
    under "Fold 1" holds for all its stages. What is stated between the end of a fit and the next heading is about the
    fit to come, and where that heading begins a new count ("Fold 1/3" after "Fold 3/3"), about all that it counts.
    """

    def __init__(self, build: RunBuilder) -> None:
        """State to *build*."""
        self._build = build
        self._titles: dict[int, str] = {}
        self._title = ""  # all of them
        self.level = 0
        """The level of the innermost heading in force."""
        self._facts: dict[str, dict[int, _Stated]] = {}
        self._between = False
        self._fits = 0
        self._begun: dict[int, int] = {}
        self._ahead: dict[str, _Stated] = {}

    def heading(self, level: int, title: str, line: int) -> None:
        """Enter a heading: it ends those of its own and of deeper levels, and names the next segment."""
        if self._is_announced(level, title):
            self._enter({**self._titles, level: title})
            self._build.heading(self._title, line)
            return
        again = level < STAGE and level in self._titles and FIRST.match(title) is not None
        self._enter({outer: text for outer, text in self._titles.items() if outer < level} | {level: title})
        self._fits = 0
        idle = self._begun.get(level) == self._build.started
        self._begun[level] = self._build.started
        # One of several titles without a fit between them heads a section of a summary, it announces none.
        self._build.heading(self._title, 0 if idle else line)
        for name, stated in self._facts.items():
            if stated and max(stated) >= level:
                self._facts[name] = {where: fact for where, fact in stated.items() if where < level}
                self._restate(name)
        ahead, self._ahead, self._between = self._ahead, {}, False
        for name, fact in ahead.items():
            self._facts.setdefault(name, {})[level - 1 if again else level] = fact
            self._restate(name)

    def _is_announced(self, level: int, title: str) -> bool:
        """Whether the heading in force has only announced this one: ``... FOR STAGE 1`` and then ``STAGE 1: ...``."""
        number = NUMBERED.match(title)
        announced = number is not None and self._titles.get(level, "").upper().endswith(f" FOR {number[0].upper()}")
        return announced and self._begun.get(level) == self._build.started

    def over(self, level: int) -> None:
        """Leave the headings from a level inwards: what they announced is done, or was skipped."""
        self._enter({outer: text for outer, text in self._titles.items() if outer < level})
        self._build.heading(self._title, 0)

    def ended(self) -> None:
        """Note that a fit has ended under the heading in force; the next one there is named after it, too."""
        self._between = True
        self._ahead.clear()
        self._fits += 1
        if self._titles:
            self._build.heading(f"{self._title}, fit {self._fits + 1}", 0)

    def fact(self, name: str, value: Any, line: int, text: str = "") -> None:
        """State a fact under the heading in force."""
        stated = _Stated(value, line, text)
        self._facts.setdefault(name, {})[self.level] = stated
        if self._between and not self._build.is_open:
            self._ahead[name] = stated
        self._build.fact(name, value, line, text)

    def forget(self, name: str) -> None:
        """Take a fact back, whoever stated it."""
        self._facts.pop(name, None)
        self._ahead.pop(name, None)
        self._build.forget(name)

    def _enter(self, titles: dict[int, str]) -> None:
        self._titles, self.level = titles, max(titles, default=0)
        self._title = ", ".join([titles[level] for level in sorted(titles)])

    def _restate(self, name: str) -> None:
        stated = self._facts[name]
        if stated:
            fact = stated[max(stated)]
            self._build.fact(name, fact.value, fact.line, fact.text)
        else:
            self._build.forget(name)
