"""The contract ``diagnose/findings-v1`` as one document."""

from __future__ import annotations

from diagnose.emit.context import Context
from diagnose.model import Report
from diagnose.text import document, escape

NAME = "json"
TITLE = "JSON, schema diagnose/findings-v1"
SUFFIX = ".json"


def emit(report: Report, context: Context) -> str:
    """Return the whole report as one JSON document."""
    return escape.json(document.document(report, context.version, comparing=context.comparing), indent=2) + "\n"
