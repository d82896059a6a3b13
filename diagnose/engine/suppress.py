"""The last word on a finding: per-path ignores, then the baseline."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnose.model import Finding
from diagnose.records import dataclass, field

if TYPE_CHECKING:
    from diagnose.engine.baseline import Baseline


@dataclass(frozen=True, slots=True)
class SilentPaths:
    """Rules that are silent for some paths.

    Attributes:
        globs: as in ``.gitignore``, relative to ``base``.
        rules: names of rules.
        reason: why.
    """

    globs: tuple[str, ...]
    rules: frozenset[str]
    reason: str
    base: Path


@dataclass(slots=True)
class Suppressor:
    """Decides which findings are kept, and counts the others by reason. Callable as ``Options.keep``."""

    silent: tuple[SilentPaths, ...] = ()
    baseline: Baseline | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def __call__(self, finding: Finding) -> bool:
        """Return whether a finding is kept."""
        for silent in self.silent:
            if finding.name in silent.rules and covers(silent.base, silent.globs, finding.place.path):
                self.counts[silent.reason or f"per-path-ignores: {', '.join(silent.globs)}"] += 1
                return False
        if self.baseline is not None and self.baseline.knows(finding):
            self.counts["baseline"] += 1
            return False
        return True


_specs: dict[tuple[str, ...], Any] = {}


def covers(base: Path, globs: Iterable[str], path: str | Path, *, folder: bool = False) -> bool:
    """Whether patterns as in ``.gitignore``, relative to *base*, match a path; never outside of *base*."""
    key = tuple(globs)
    spec = _specs.get(key)
    if spec is None:
        from pathspec import GitIgnoreSpec

        spec = _specs[key] = GitIgnoreSpec.from_lines(key)
    try:
        inner = os.path.relpath(path, base).replace(os.sep, "/")
    except ValueError:  # another drive
        return False
    return not inner.startswith("../") and bool(spec.match_file(inner + "/" * folder))
