"""What holds for all tests: none is timed, since timings on a busy machine say nothing, and each has one processor."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

if "PYTEST_XDIST_WORKER" in os.environ:  # as many workers as processors: torch would start threads for all in each
    os.environ.setdefault("OMP_NUM_THREADS", "1")
