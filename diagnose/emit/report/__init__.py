"""The story of runs as Markdown, as one self-contained page, and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from diagnose.model.story import Story

SUFFIXES = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".json": "json"}


def kind_of(file: str) -> str | None:
    """Return the format that the suffix of a file asks for; None if it is none of them."""
    return SUFFIXES.get(PurePath(file).suffix.lower())


def render(story: Story, kind: str, version: str, url: Callable[[str], str]) -> str:
    """Return the report as text that ends with a newline.

    Args:
        story: what it shows.
        kind: ``markdown``, ``html`` or ``json``.
        version: of diagnose.
        url: the address of a rule's page.
    """
    if kind == "json":
        from diagnose.emit.report.record import as_json

        return as_json(story, version)
    from diagnose.emit.report.page import as_html, as_markdown

    return as_html(story, version, url) if kind == "html" else as_markdown(story, version, url)
