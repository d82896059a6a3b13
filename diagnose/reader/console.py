"""Events that any console may show: tracebacks, memory, signals, error lines (``grammars/console.lark``)."""

from __future__ import annotations

import re

from diagnose.reader.builder import RunBuilder
from diagnose.reader.grammar import LineGrammar
from diagnose.sources import Line

EXCEPTION = re.compile(r"(?P<error>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")
FRAMES = 400
"""Lines a traceback may have before it is given up as text that merely quotes one."""


class ConsoleEvents:
    """Feeds crash phrases of any text log to a builder."""

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._grammar = LineGrammar(
            "console",
            gate=r"(?i)traceback|error|exception|memory|exit|killed|interrupt|\bOOM|alloc|sigterm|sigint|\^C|"
            r"segmentation|core dumped|time limit|critical|fatal|cancelled",
        )
        self._opened: Line | None = None
        self._age = 0

    def feed(self, line: Line) -> bool:
        """Report what the line shows, if anything; return whether it was such a line."""
        if self._opened is not None:
            self._age += 1
            if self._age > FRAMES:
                self._end_traceback("", "")
        match = self._grammar.parse(line.text)
        if match is None:
            return False
        text = line.text.strip()
        if match.kind == "traceback":
            if self._opened is not None:
                self._end_traceback("", "")
            self._opened, self._age = line, 0
            return True
        in_traceback = self._opened is not None and not line.text.startswith("  ")
        found = EXCEPTION.match(text) if in_traceback else None
        if match.kind == "out_of_memory":
            device = "gpu" if re.search(r"(?i)cuda|gpu|cublas|cudnn|OOM when|RESOURCE_?EXHAUSTED", text) else "host"
            self._build.event("out_of_memory", line.number, text, device=device, message=text[:200])
        elif match.kind == "interrupted":
            self._build.event("interrupted", line.number, text, signal="KeyboardInterrupt")
        elif match.kind == "killed":
            self._build.event("killed", line.number, text, message=text[:200])
        elif match.kind == "error_line":
            self._build.event("error_line", line.number, text, message=text[:200])
        if found and match.kind in ("exception", "out_of_memory", "interrupted"):
            self._end_traceback(found["error"].rpartition(".")[2], (found["message"] or "")[:200])
        return match.kind != "exception" or in_traceback

    def finish(self) -> None:
        """Report a traceback that the end of the file cut off."""
        if self._opened is not None:
            self._end_traceback("", "")

    def _end_traceback(self, error: str, message: str) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            self._build.event("traceback", opened.number, opened.text.strip(), error=error, message=message)
