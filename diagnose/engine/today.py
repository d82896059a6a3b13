"""The day on which waivers are judged."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

from diagnose.errors import SettingsError
from diagnose.settings import parse_day

VARIABLE = "DIAGNOSE_TODAY"
"""Environment variable that stands in for the calendar, so that a check can be repeated."""


def today() -> date:
    """Return the day, in UTC: the same on every machine that judges one commit.

    Raises:
        SettingsError: if the environment names a day that does not exist.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        return datetime.now(UTC).date()
    day = parse_day(given)
    if day is None:
        raise SettingsError(f"{VARIABLE} is no date: {given!r}", mend="write it as 2027-01-31")
    return day
