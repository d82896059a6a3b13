"""What a terminal shows: columns, shortening, wrapping, and the few ANSI codes that are used."""

from __future__ import annotations

from diagnose.records import dataclass

CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
SEVERITY_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold blue", "hint": "bold cyan"}
RISK_STYLES = {"critical": "bold red", "high": "bold yellow", "medium": "bold blue", "low": "cyan", "none": "dim"}
VERDICT_STYLES = {"worse": "bold red", "better": "green", "same": "dim", "within noise": "dim"}
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, or leaves it as it is."""

    colour: bool = False
    hyperlinks: bool = False

    def paint(self, text: str, style: str) -> str:
        """Return *text* in a style such as ``bold red``."""
        if not self.colour or not text:
            return text
        return f"\x1b[{';'.join(CODES[word] for word in style.split())}m{text}\x1b[0m"

    def severity(self, text: str, severity: str) -> str:
        """Return *text* in the colour of a severity."""
        return self.paint(text, SEVERITY_STYLES.get(severity, "bold"))

    def risk(self, text: str, risk: str) -> str:
        """Return *text* in the colour of a risk."""
        return self.paint(text, RISK_STYLES.get(risk, "bold"))

    def verdict(self, text: str, verdict: str) -> str:
        """Return *text* in the colour of how a result compares."""
        return self.paint(text, VERDICT_STYLES.get(verdict, "bold"))

    def link(self, text: str, url: str) -> str:
        """Return *text* as a hyperlink (OSC 8) to *url*."""
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if self.hyperlinks and url else text


def columns(text: str) -> int:
    """Return how many terminal columns *text* takes."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if char.isascii():
        return 1
    import unicodedata

    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shorten(text: str, width: int, at: int = 0) -> tuple[str, int]:
    """Cut *text* to *width* columns around the character *at*.

    Returns:
        The text, with an ellipsis where something was cut, and how many characters are missing at its start (less
        the one of the ellipsis), so that a position in *text* minus that number is its position in the result.
    """
    width = max(width, 8)
    if columns(text) <= width:
        return text, 0
    at = min(max(at, 0), len(text) - 1)
    start, room = at, width // 3
    while start and (room := room - _columns_of(text[start - 1])) >= 0:
        start -= 1
    start = _earlier(text, start, width - 1)
    head = ELLIPSIS if start else ""
    end, room = start, width - len(head)
    while end < len(text) and (room := room - _columns_of(text[end])) >= 0:
        end += 1
    if end < len(text):
        end -= 2 if end and _columns_of(text[end - 1]) == 0 else 1
        return head + text[start:end] + ELLIPSIS, start - len(head)
    return head + text[start:], start - len(head)


def _earlier(text: str, start: int, room: int) -> int:
    """Return the start moved to the left as far as the end of the text stays in view."""
    tail = columns(text[start:])
    while start and (tail := tail + _columns_of(text[start - 1])) <= room:
        start -= 1
    return 0 if start == 1 else start


def wrap(text: str, width: int, indent: int = 0) -> list[str]:
    """Break *text* at white space into lines of *width* columns; all but the first are indented."""
    gap = " " * indent
    import textwrap

    return textwrap.wrap(
        text, max(width, 24), subsequent_indent=gap, break_long_words=False, break_on_hyphens=False
    ) or [""]
