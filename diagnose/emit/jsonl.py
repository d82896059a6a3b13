"""The records of ``diagnose/findings-v1``, one a line: the findings, then the summary."""

from __future__ import annotations

from diagnose.emit.context import Context
from diagnose.model import Report
from diagnose.text import document, escape

NAME = "jsonl"
TITLE = "JSON lines: one finding a line, then a summary"
SUFFIX = ".jsonl"


def emit(report: Report, context: Context) -> str:
    """Return one line per finding and a last line with schema, version, files, rules, notes and summary."""
    whole = document.document(report, context.version)
    findings = whole.pop("findings")
    return "".join(escape.json(record) + "\n" for record in [*findings, whole])
