"""One page for the browser: no script, nothing fetched, light and dark, and good on paper."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from diagnose.assets import template_folder
from diagnose.emit.context import Context
from diagnose.model import Report
from diagnose.text import changes, escape, excerpt, markup, wording

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
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(template_folder() / "findings"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(blocks=markup.blocks, spans=markup.spans, score=wording.score, line=escape.line)
    return environment.get_template("page.html.j2")


def _harmless(value: Any) -> Any:
    """Escape whatever the template writes, also control characters, which autoescape would let through."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) else Markup(escape.html(str(value)))  # noqa: S704 - escaped here
