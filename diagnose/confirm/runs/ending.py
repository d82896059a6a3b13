"""How a run stands, as its supervisor wrote it down."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from pathlib import Path

LARGEST = 1 << 14
TAIL = 4096
FULL = ("No space left on device", "Disk quota exceeded", "[Errno 28]", "[Errno 122]")


@dataclass(frozen=True, slots=True)
class Ending:
    """What a status file says.

    Attributes:
        marker: of the attempt that wrote it.
        key: of the run.
        ended: whether the run is over; what follows holds only then.
        reason: ``exited`` (by itself), ``stopped`` (as we asked), ``hang``, ``total`` (a limit), ``flood`` (printed too
            much), ``terminated`` (its supervisor got a signal), ``orphaned`` (we were gone), ``disk-full``, ``start``.
        exit: exit status, negative for a signal.
        started: seconds since 1970, by the clock of its node.
        seconds: wall time.
        host: its node.
        supervisor: process that wrote it.
        gpus: ``CUDA_VISIBLE_DEVICES`` as it got it.
        detail: in words.
    """

    marker: str
    key: str
    ended: bool = False
    reason: str = ""
    exit: int | None = None
    started: float = 0.0
    seconds: float = 0.0
    host: str = ""
    supervisor: int = 0
    gpus: str = ""
    detail: str = ""

    @property
    def by_itself(self) -> bool:
        """Whether the command came to an end of its own."""
        return self.ended and self.reason == "exited"

    @property
    def words(self) -> str:
        """What went wrong; empty if it ended well."""
        if self.reason in ("hang", "total", "flood"):
            told = {"hang": "it wrote nothing for too long", "total": "it took too long", "flood": self.detail}
            return told[self.reason]
        if self.reason != "exited":
            return self.detail or ("" if self.reason == "stopped" else self.reason)
        if self.exit is not None and self.exit < 0:
            hint = ", perhaps for want of memory" if -self.exit == 9 else ""
            return f"ended by {_signal(-self.exit)}{hint}"
        return f"exit status {self.exit}" if self.exit else ""


def ending_of(status: str, marker: str = "") -> Ending | None:
    """Return what a status file says; None if there is none, it is damaged, or of another attempt than *marker*'s."""
    try:
        with Path(status).open("rb") as file:
            raw = json.loads(file.read(LARGEST))
        found = Ending(
            str(raw["marker"]),
            str(raw["key"]),
            raw.get("state") == "ended",
            str(raw.get("reason", "")),
            None if raw.get("exit") is None else int(raw["exit"]),
            float(raw.get("started", 0)),
            float(raw.get("seconds", 0)),
            str(raw.get("host", "")),
            int(raw.get("supervisor", 0)),
            str(raw.get("gpus", "")),
            str(raw.get("detail", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if not marker or found.marker == marker else None


def want_of_space(console: str) -> str:
    """Return the line at the end of a console log that says the disk is full; empty if none does."""
    try:
        with Path(console).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if any(mark in line for mark in FULL)), "")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
