"""One page for the browser: no script, nothing fetched, light and dark, and good on paper."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from diagnose.emit.context import Context
from diagnose.model import Report
from diagnose.text import changes, escape, excerpt, markup, wording
from diagnose.text.templates import environment

if TYPE_CHECKING:
    from jinja2 import Template

NAME = "html"
TITLE = "a page for the browser"
SUFFIX = ".html"


def emit(report: Report, context: Context) -> str:
    """Return the page."""
    page = _template().render(
        report=report,
        findings=wording.worst_first(report.findings),
        files=wording.by_file(report),
        lacks=wording.lacks(report),
        found=wording.found(report),
        version=context.version,
        url=context.url,
        rows=lambda finding: list(excerpt.rows(finding, 2000)),
        position=wording.position,
        problem=wording.problem,
        counts=wording.counts,
        read=wording.read,
        plural=wording.plural,
        changes=changes,
    )
    return page.rstrip("\n") + "\n"


@cache
def _template() -> Template:
    made = environment("findings", html=True)
    made.filters.update(blocks=markup.blocks, spans=markup.spans, score=wording.score, line=escape.line)
    return made.get_template("page.html.j2")
