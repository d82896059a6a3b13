"""Where something stands: a file, a line and the text found there."""

from diagnose.records import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    r"""A position in a file that was read.

    Attributes:
        path: the file as the user named it.
        line: 1-based physical line (``\n`` ends a line); 0 means the file as a whole.
        column: 1-based column.
        text: the line itself without control characters, possibly shortened; never escaped.
    """

    path: str
    line: int = 0
    column: int = 1
    text: str = ""
