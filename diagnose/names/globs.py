"""Globs without regular expressions where they are simple, as nearly all in the rules are."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache


def fits(name: str, glob: str) -> bool:
    """Return what ``fnmatch.fnmatchcase`` does."""
    kind, text = _simple(glob)
    match kind:
        case "=":
            return name == text
        case "^":
            return name.startswith(text)
        case "$":
            return name.endswith(text)
        case "*":
            return text in name
    return fnmatchcase(name, glob)


@lru_cache(maxsize=1024)
def _simple(glob: str) -> tuple[str, str]:
    """Return where in a name the text of a glob must stand, and the text; no place if that is not all."""
    text = glob.strip("*")
    if any(mark in text for mark in "*?["):
        return "", text
    if text == glob:
        return "=", text
    if glob.endswith("*"):
        return "*" if glob.startswith("*") else "^", text
    return "$", text
