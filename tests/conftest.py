"""What holds for all tests: none is timed, since timings on a busy machine say nothing."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
