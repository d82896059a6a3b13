"""The records of ``diagnose/findings-v1``, one a line: the findings, then the changes, then the summary.

A finding has ``code``, a change has ``key``, the last line has ``schema``.
"""

from __future__ import annotations

from diagnose.emit.context import Context
from diagnose.model import Report
from diagnose.text import document, escape

NAME = "jsonl"
TITLE = "JSON lines: one finding a line, then a summary"
SUFFIX = ".jsonl"


def emit(report: Report, context: Context) -> str:
    """Return one line per finding and per change, and a last line with schema, version, files, rules and the rest."""
    whole = document.document(report, context.version, comparing=context.comparing)
    findings, changes = whole.pop("findings"), whole.pop("changes", [])
    return "".join(escape.json(record) + "\n" for record in [*findings, *changes, whole])
