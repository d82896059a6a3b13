"""A study as text for a terminal, as Markdown, as one self-contained page, and as ``diagnose/confirm-v1``."""

from __future__ import annotations

from pathlib import PurePath

from diagnose.confirm.confirmation import Confirmation, Planned
from diagnose.confirm.show.words import run_line
from diagnose.text.terminal import Style

__all__ = ["kind_of", "run_line", "show", "show_plan"]

SUFFIXES = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".json": "json"}


def kind_of(file: str) -> str:
    """Return the format that the suffix of a file asks for; text for any other."""
    return SUFFIXES.get(PurePath(file).suffix.lower(), "full")


def show(found: Confirmation, format: str, *, colour: bool = False, width: int = 100) -> str:
    """Return a study as ``full``, ``markdown``, ``html`` or ``json``."""
    if format == "json":
        from diagnose.confirm.show.record import as_json

        return as_json(found)
    if format == "full":
        from diagnose.confirm.show.terminal import as_text

        return as_text(found, Style(colour), width)
    from diagnose.confirm.show.page import as_html, as_markdown

    return as_html(found) if format == "html" else as_markdown(found)


def show_plan(planned: Planned, format: str) -> str:
    """Return a dry run as ``full`` or ``json``."""
    if format == "json":
        from diagnose.confirm.show.record import plan_as_json

        return plan_as_json(planned)
    from diagnose.confirm.show.terminal import plan_as_text

    return plan_as_text(planned)
