"""The environment in which our own templates are filled: strict, in a sandbox, and in HTML with everything escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.assets import template_folder
from diagnose.text import escape

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(*folders: str, html: bool = False) -> Environment:
    """Return an environment over folders below ``templates/``; the caller adds its filters, and keeps it.

    Args:
        folders: where templates are looked for, in this order.
        html: whether what templates write is escaped; for Markdown and YAML the filters do that.
    """
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([template_folder() / folder for folder in folders]),
        undefined=StrictUndefined,
        autoescape=html,
        finalize=_harmless if html else None,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    if not html:
        made.filters.update(
            text=lambda value: escape.markdown(str(value)),
            code=lambda value: escape.code_span(str(value)),
            cell=lambda value: escape.code_span(str(value), cell=True),
        )
    return made


def _harmless(value: Any) -> Any:
    """Escape whatever the template writes, also control characters, which autoescape would let through."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) else Markup(escape.html(str(value)))  # noqa: S704 - escaped here
