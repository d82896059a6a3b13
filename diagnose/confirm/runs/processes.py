"""Processes that carry the mark of a run in their environment."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "DIAGNOSE_RUN"
"""Every process of a run inherits it."""
PATIENCE = 5.0


def marked(prefix: str) -> Iterator[int]:
    """Yield the living processes of this user whose mark begins with *prefix*; none elsewhere than on Linux."""
    if not sys.platform.startswith("linux") or not prefix:
        return
    wanted = f"{VARIABLE}={prefix}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            words = (folder / "environ").read_bytes().split(b"\0")
            if any(word.startswith(wanted) for word in words):
                yield int(folder.name)


def sweep(prefix: str) -> int:
    """End what is left of runs whose supervisor did not live to do it; return how many processes that were."""
    told: set[int] = set()
    until = time.monotonic() + PATIENCE
    while (left := [*marked(prefix)]) and time.monotonic() < until:
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        told.update(left)
        time.sleep(0.02)
    return len(told)
