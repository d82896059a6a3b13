"""A line on the terminal that tells what is being read, once it takes long."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

PATIENCE = 1.0
"""Seconds of work before anything is shown."""
PAUSE = 0.25


class Progress:
    """Shows the current input on stderr from a thread of its own, so that one long file shows as well."""

    def __init__(self, wanted: bool, doing: str = "reading") -> None:
        """Show nothing unless it is wanted and stderr is a terminal; *doing* is the word for what takes long."""
        self.shown, self.doing = wanted and sys.stderr.isatty(), doing
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)
        self._number, self._name = 0, ""

    def step(self, name: str) -> None:
        """Say what is read now."""
        self._number, self._name = self._number + 1, name

    def __enter__(self) -> Self:
        if self.shown:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.shown:
            self._done.set()
            self._thread.join()

    def _show(self) -> None:
        from diagnose.cli.console import width
        from diagnose.text.escape import plain

        if self._done.wait(PATIENCE):
            return
        while not self._done.wait(PAUSE):
            if self._number:
                line = f"{self.doing} {self._number}: {plain(self._name)}"
                sys.stderr.write(f"\r\x1b[K{line[: width(sys.stderr) - 1]}")
                sys.stderr.flush()
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
