"""Tables that take several lines: samples per class, confusion matrices."""

from __future__ import annotations

import re

from diagnose.reader.builder import RunBuilder
from diagnose.reader.grammar import Match
from diagnose.sources import Line

PATIENCE = 4
"""Lines that may stand between the title of a confusion matrix and its first row."""


class ClassCounts:
    """Collects ``Class 0: 157`` lines; what they count is told by the title above them."""

    def __init__(self) -> None:
        """Start without a title."""
        self._title = ""
        self._counts: dict[str, int] = {}
        self._line = 0
        self._text = ""
        self.is_open = False
        """Whether the next line may end a list."""

    def title(self, text: str) -> None:
        """Note a line that may be the title of the next list."""
        self._title = text
        self.is_open = bool(self._counts) or text == "no"

    def add(self, label: str, count: int, unit: str, line: Line, text: str) -> None:
        """Add one class; a unit other than samples (patients, rows) spoils the list."""
        if unit and unit.split(maxsplit=1)[0].lower().rstrip(",;") not in ("samples", "sample", "images", "examples"):
            self._counts, self._title, self.is_open = {}, "no", True
            return
        if self._title != "no":
            self._line, self._text = self._line or line.number, self._text or text
            self._counts[label] = count
            self.is_open = True

    def end(self) -> tuple[dict[str, float], int, str, bool] | None:
        """Return counts, line and text of a finished list of training samples, and whether they are the original."""
        counts, title = self._counts, self._title.lower()
        line, text = self._line, self._text
        if counts or title == "no":
            self._counts, self._line, self._text, self._title, self.is_open = {}, 0, "", "", False
        if len(counts) < 2 or re.search(r"valid|\bval\b|test|exclu|remov|filter|predict|patients", title):
            return None
        original = re.search(r"\boriginal\b|\bbefore\b.*(sampl|balanc)", title) is not None
        return {label: float(count) for label, count in counts.items()}, line, text, original


class ConfusionMatrix:
    """Collects a printed confusion matrix: nested brackets on one or more lines, or ``Actual x:`` rows."""

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._title: Line | None = None
        self.is_open = False
        """Whether a title has been read and rows may follow."""
        self._rows: list[list[int]] = []
        self._waited = 0

    def feed(self, match: Match | None, line: Line) -> bool:
        """Take a line that belongs to a matrix; return whether it does."""
        kind = match.kind if match else ""
        if match is not None and kind == "confusion":
            self.finish()
            self._title, self._waited, self.is_open = line, 0, True
            if matrix := match.get("MATRIX"):
                self._rows = [_integers(row) for row in re.findall(r"\[([^\[\]]*)\]", matrix)]
                self.finish()
            return True
        if self._title is None:
            return False
        if match is not None and kind in ("matrix_row", "actual_row"):
            self._rows.append([int(text) for text in match.all("INT")] or _integers(match.get("ROW") or ""))
            if "]]" in line.text:
                self.finish()
            return True
        self._waited += 1
        if self._rows or self._waited > PATIENCE:
            self.finish()
        return False

    def finish(self) -> None:
        """Report the matrix if it is one; forget its title."""
        title, rows = self._title, self._rows
        self._title, self._rows, self.is_open = None, [], False
        if title is not None and len(rows) > 1 and all(len(row) == len(rows) for row in rows):
            self._build.event("confusion_matrix", title.number, title.text.strip(), rows=rows)


def _integers(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", text)]
