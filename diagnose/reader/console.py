"""Events that any console may show: tracebacks, memory, signals, error lines (``grammars/console.lark``)."""

from __future__ import annotations

import re

from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.reader.grammar import LineGrammar
from diagnose.reader.printed import PrintedConfig
from diagnose.sources import Line

EXCEPTION = lazy(r"(?P<error>(?:[A-Za-z_]\w*\.)*[A-Z_]\w*)(?::(?: (?P<message>.*))?)?$")
RAISED = lazy(r"\w*(Error|Exception|Interrupt|Exit|Fault|Warning|StopIteration)$")
BANNER = lazy(r"\s*(\w+)\s{2,}Traceback")
GATE = (
    r"(?i)traceback|error|exception|memory|exit|killed|interrupt|\bOOM|oom-kill|not_init|alloc|sigterm|sigint|\^C|"
    r"segmentation|core dumped|time limit|critical|fatal|cancelled|exhausted|watchdog|errno|^(?:<{7}|>{7}) |"
    r"fault: |fault$|File \"|\", line \d"
)
FRAMES = 400
"""Lines a traceback may have before it is given up as text that merely quotes one."""
SAME_FAILURE = 120
"""Lines within which reports of exhausted memory are one failure: it is told by op, by device and by exception."""
HEADLESS = 40
"""Lines within which two frames, or a frame and an exception, belong to one traceback."""
QUOTED = 200
"""Characters kept of a message."""
MOST_UNREAD = 5000
"""Lines about files that are not there which are reported one by one."""


class ConsoleEvents:
    """Feeds crash phrases of any text log to a builder."""

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._grammar = LineGrammar("console", gate=GATE)
        self._printed = PrintedConfig(build)
        self._opened: Line | None = None
        self._age = 0
        self._framed = False
        self._frames: list[int] = []  # line numbers of frames outside any traceback: its beginning may be cut off
        self._memory = (-SAME_FAILURE, 0)
        self._unread = 0
        self._last = 0
        self.failures = 0
        """How many tracebacks, interrupts and kills were seen."""
        self.idle = False
        """Whether the line fed last meant nothing, nor would any other that differs from it in digits only."""

    def feed(self, line: Line) -> bool:
        """Report what the line shows, if anything; return whether it was such a line."""
        self._last = line.number
        self.idle = False
        if self._opened is None and self._printed.feed(line):
            return False
        match = self._grammar.parse(line.text)
        if match is None and not self.attentive:
            self.idle = True
            return False
        text = line.text.strip()
        if match is not None and match.kind == "traceback":
            self.finish()
            self._opened, self._age, self._framed = line, 0, False
            self.failures += 1
            return True
        if match is not None and match.kind == "frame":
            self._frames = [number for number in self._frames if line.number - number < HEADLESS] + [line.number]
            match = None
        if match is not None and match.kind == "exception" and self._opened is None and self._is_headless(line):
            self._opened, self._age, self._framed = line, 0, True
            self.failures += 1
        raised = self._raised(line, text) if self._opened is not None else None
        if match is not None:
            self._report(match.kind, line.number, text)
        if raised is not None:
            self._end_traceback(raised["error"].rpartition(".")[2], (raised["message"] or "")[:QUOTED], line.number)
        return raised is not None or (match is not None and match.kind != "exception")

    def passed(self, line: int) -> None:
        """Lines up to this one showed nothing."""
        if self._last < line:
            self._last = line

    @property
    def attentive(self) -> bool:
        """Whether the lines that come may mean something whatever they hold."""
        return self._opened is not None or self._printed.left > 0

    @property
    def in_traceback(self) -> bool:
        """Whether a traceback has begun and its last line has not come yet."""
        return self._opened is not None

    def _is_headless(self, line: Line) -> bool:
        """Whether an exception ends a traceback of which the log, or a copy of the screen, holds only the last part."""
        frames, self._frames = self._frames, []
        return len(frames) > 1 and line.number - frames[-1] < HEADLESS and not line.text.startswith(" ")

    def finish(self) -> None:
        """Report a traceback that the end of the file cut off, and how far lines follow one."""
        if self._opened is not None:
            self._end_traceback("", "", 0)
        if self.failures:
            self._build.reach(self._last)

    def _report(self, kind: str, number: int, text: str) -> None:
        message = text[:QUOTED]
        if kind == "out_of_memory":
            segment = self._build.started + (not self._build.is_open)
            last, where = self._memory
            self._memory = (number, segment)
            if segment != where or number - last >= SAME_FAILURE:
                device = "gpu" if re.search(r"(?i)cuda|gpu|cublas|cudnn|OOM when|RESOURCE_?EXHAUSTED", text) else "host"
                self._build.event("out_of_memory", number, text, device=device, message=message)
        elif kind == "interrupted":
            self.failures += 1
            self._build.event("interrupted", number, text, signal="KeyboardInterrupt")
        elif kind == "killed":
            self.failures += 1
            self._build.event("killed", number, text, message=message)
        elif kind == "unread" and self._opened is None and self._unread < MOST_UNREAD:
            self._unread += 1
            self._build.event("missing_files", number, text, count=1, message=message)
        elif kind == "conflict":
            self._build.event("damaged", number, text, what="merge conflict", message=message)
        elif kind == "error_line":
            self._build.event("error_line", number, text, message=message)

    def _raised(self, line: Line, text: str) -> re.Match[str] | None:
        """Return the exception that ends the open traceback, if this line is it.

        It stands no deeper than the traceback's first line. IPython's frames do so, too, but they are no exceptions.
        """
        self._age += 1
        if self._age > FRAMES:
            self.finish()
        if self._opened is None or not text:
            return None
        if _indent(line.text) > _indent(self._opened.text):
            self._framed = True
            return None
        found = EXCEPTION.match(text)
        if found is None:
            return None
        notebook = BANNER.match(self._opened.text)
        if notebook is not None:
            return found if found["error"].rpartition(".")[2] == notebook[1] else None
        return found if self._framed or RAISED.match(found["error"]) else None

    def _end_traceback(self, error: str, message: str, end: int) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            notebook = BANNER.match(opened.text)
            error = error or (notebook[1] if notebook else "")
            ends = {"ends": float(end)} if end > opened.number else {}
            self._build.event("traceback", opened.number, opened.text.strip(), error=error, message=message, **ends)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
