"""Tells runs on other machines that we live, by rewriting a file."""

from __future__ import annotations

import contextlib
import threading
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

BEATS = 8
"""Beats in a lease: some may be lost on a slow disk."""


class Heart:
    """Beats from a thread of its own, so that reading a long log does not end the runs."""

    def __init__(self, path: str, lease: float) -> None:
        """Beat in a file that every node sees; without a lease do nothing."""
        self.path, self.lease, self.session = path, lease, uuid.uuid4().hex
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._number = 0

    def __enter__(self) -> Self:
        if self.lease:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            self._write(self.session)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.lease:
            self._done.set()
            self._thread.join()
            self._write("closed")  # who still runs ends at once

    def _beat(self) -> None:
        while not self._done.wait(self.lease / BEATS):
            self._write(self.session)

    def _write(self, name: str) -> None:
        self._number += 1
        with contextlib.suppress(OSError):
            Path(self.path).write_text(f"{name} {self._number}\n", encoding="utf-8")
