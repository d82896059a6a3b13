"""Regular expressions that are compiled when they are first used: a short run needs few of the hundreds there are."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Lazy:
    """What does whatever the compiled pattern does."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copies and compares asks for these
            raise AttributeError(name)
        value = getattr(re.compile(*self._given), name)
        setattr(self, name, value)  # found without this method from now on
        return value

    def __repr__(self) -> str:
        return f"lazy({self._given[0]!r})"


def lazy(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a pattern that is compiled when one of its methods is first looked up."""
    return cast("re.Pattern[AnyStr]", _Lazy(pattern, flags))
