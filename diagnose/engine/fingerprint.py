"""What a finding is known by from one run of the program to the next."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import PurePath

from diagnose.digest import sha256
from diagnose.patterns import lazy

ODD = lazy(r"//|(^|/)\.(/|$)|/$")
"""What a path has in it that can be written in another way."""


def fingerprint(code: str, subject: str, segment: str, path: str) -> str:
    """Return a short hash that outlives shifted lines and changed numbers."""
    parts = (code, subject, segment, _named(path))
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


@lru_cache(maxsize=16)
def _named(path: str) -> str:
    if os.sep == "/" and path and not ODD.search(path):
        return path
    return PurePath(path).as_posix().removeprefix("./")
