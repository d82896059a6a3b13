"""The comments of a config, found with what its format calls one: a ``#`` inside a quoted text is none."""

from __future__ import annotations

import io
import os
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping

from diagnose.patterns import lazy
from diagnose.records import dataclass

SYNTAXES = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".py": "python",
    ".sh": "shell",
    ".bash": "shell",
    ".zsh": "shell",
    ".slurm": "shell",
    ".sbatch": "shell",
}
"""By suffix. JSON has no comments."""
DEEPEST = 100
"""Brackets within brackets."""
ODD_BREAK = lazy("\r(?!\n)|[\x85\u2028\u2029]")
"""What ends a line in YAML and not in this program, nor in editors."""
TOML_PART = lazy(
    r'''"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)|"(?:\\.|[^"\\\n])*"?'''
    r"""|'{3}.*?(?:'{3,5}|\Z)|'[^'\n]*'?|#[^\n]*""",
    re.DOTALL,
)
SHELL_PART = lazy(
    r"""\\.|'[^']*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z)"""
    r"""|(?<!<)<<-?[ \t]*(?P<quote>['"]?)(?P<word>[A-Za-z_]\w*)(?P=quote)[^\n]*\n.*?(?:^\t*(?P=word)\r?$|\Z)"""
    r"""|(?:(?<=[\s;&|()])|\A|(?<=^))#[^\n]*""",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment, from its ``#`` to the end of the line.

    Attributes:
        alone: whether nothing stands before it on its line.
        covers: the line it speaks of: its own, or if it stands alone that of the code right below; 0 if there is none.
        until: the last line of what begins there: that of a shell command which goes on behind a backslash.
        top: whether no code stands above it.
    """

    line: int
    column: int
    text: str
    alone: bool
    covers: int
    until: int
    top: bool


def syntax_of(path: str, format: str = "") -> str:
    """Return the kind of comments of a file: by its suffix, else by the name of the format it was read as."""
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - a Path takes as long as all else that a review does
    if suffix in SYNTAXES or suffix == ".json":
        return SYNTAXES.get(suffix, "")
    kind = format.removeprefix("config").strip("-")
    if not format.startswith("config"):
        return ""
    return {"": "yaml", "yaml": "yaml", "toml": "toml", "python": "python", "shell": "shell"}.get(kind, "")


def comments(text: str, syntax: str) -> Iterator[Comment]:
    """Yield the comments of a text, in order. What is not valid in its syntax is read as far as it goes."""
    text = ODD_BREAK.sub(" ", text.removeprefix("\ufeff"))
    lines = text.split("\n")
    found = list(FINDERS[syntax](text, lines)) if syntax in FINDERS else []
    starts = dict(found)
    codes = (
        number for number, line in enumerate(lines, 1) if line.strip() and not _only_comment(line, starts.get(number))
    )
    first_code = next(codes, len(lines) + 1)
    for line, column in found:
        written = lines[line - 1]
        alone = not written[:column].strip()
        covers = _below(lines, starts, line) if alone else line
        until = covers
        while syntax == "shell" and alone and 0 < until < len(lines) and lines[until - 1].rstrip().endswith("\\"):
            until += 1
        yield Comment(line, column + 1, written[column:].rstrip(), alone, covers, until, line < first_code)


def _only_comment(line: str, column: int | None) -> bool:
    return column is not None and not line[:column].strip()


def _below(lines: list[str], starts: Mapping[int, int], line: int) -> int:
    for number in range(line + 1, len(lines) + 1):
        written = lines[number - 1]
        if not written.strip():
            return 0
        if not _only_comment(written, starts.get(number)):
            return number
    return 0


Found = Iterator[tuple[int, int]]
"""Lines, from 1, and columns, from 0, of ``#`` signs that begin a comment."""


def _python(text: str, _: list[str]) -> Found:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _yaml(text: str, lines: list[str]) -> Found:
    """PyYAML throws comments away, but its tokens say what is none: scalars, with their quotes or their blocks."""
    import yaml

    spans: dict[int, list[tuple[int, float]]] = {}
    last = len(lines)
    depth = 0
    try:
        for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            depth += isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken)
            depth -= isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken)
            if depth > DEEPEST:  # no config, and the time of the scanner grows with the square of it
                last = token.start_mark.line
                break
            if not isinstance(token, yaml.ScalarToken):
                continue
            start, end = token.start_mark, token.end_mark
            block = token.style in ("|", ">")
            for number in range(start.line, min(end.line, last - 1) + 1):
                if block and number == start.line:
                    continue  # the header of a block may carry a comment
                begin = start.column if number == start.line else 0
                stop = end.column if number == end.line else float("inf")
                spans.setdefault(number + 1, []).append((begin, stop))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        last = mark.line if mark else 0
    for number, line in enumerate(lines[:last], 1):
        for found in re.finditer("#", line):
            at = found.start()
            if at and not line[at - 1].isspace():
                continue
            if not any(begin <= at < stop for begin, stop in spans.get(number, ())):
                yield number, at
                break


def _by_parts(part: re.Pattern[str]) -> Callable[[str, list[str]], Found]:
    """Return a finder that walks over quoted texts and comments, whichever comes first."""

    def find(text: str, lines: list[str]) -> Found:
        starts = [0, *(found.end() for found in re.finditer("\n", text))]
        number = 0
        for found in part.finditer(text):
            if found[0].startswith("#"):
                while number + 1 < len(starts) and starts[number + 1] <= found.start():
                    number += 1
                yield number + 1, found.start() - starts[number]

    return find


FINDERS: Mapping[str, Callable[[str, list[str]], Found]] = {
    "python": _python,
    "yaml": _yaml,
    "toml": _by_parts(TOML_PART),
    "shell": _by_parts(SHELL_PART),
}
