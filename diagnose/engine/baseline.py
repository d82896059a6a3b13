"""Findings that are known and accepted: a sorted TOML file with one entry per finding that can be told apart.

An entry's key holds no line number and no way of naming the file, so that it survives lines that move and works from
any working directory: it is made of rule, subject, segment and the path relative to the baseline file.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePath

from diagnose.digest import sha256
from diagnose.errors import SettingsError
from diagnose.model import Finding, Place
from diagnose.records import dataclass, field

VERSION = 1
HEADER = """\
# Findings that are known and accepted. Written by `diagnose baseline write`; `diagnose baseline prune` drops
# the entries that are no longer found. Only `fingerprint` and `count` matter, the rest is for people.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted finding, and how often it may occur."""

    fingerprint: str
    count: int
    code: str
    name: str
    path: str
    message: str

    def text(self) -> str:
        """Return the entry as TOML."""
        return (
            "[[finding]]\n"
            f"fingerprint = {_quoted(self.fingerprint)}\n"
            f"count = {self.count}\n"
            f"code = {_quoted(self.code)}\n"
            f"name = {_quoted(self.name)}\n"
            f"path = {_quoted(self.path)}\n"
            f"message = {_quoted(self.message)}\n"
        )


@dataclass(slots=True)
class Baseline:
    """A baseline file.

    Attributes:
        file: where it stands; paths in it are relative to its folder.
        entries: by fingerprint.
        met: how often each entry has been found since.
    """

    file: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    def path_of(self, path: str) -> str:
        """Return a path as entries hold it: relative to the baseline file, with forward slashes."""
        if path.startswith("<"):
            return path
        try:
            return PurePath(os.path.relpath(path, self.file.absolute().parent)).as_posix()
        except ValueError:  # another drive
            return PurePath(path).as_posix()

    def key(self, finding: Finding) -> str:
        """Return the fingerprint under which a finding is known here."""
        parts = (finding.code, finding.subject, finding.segment, self.path_of(finding.place.path))
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def knows(self, finding: Finding) -> bool:
        """Count a finding, and return whether it is accepted."""
        key = self.key(finding)
        self.met[key] += 1
        return key in self.entries and self.met[key] <= self.entries[key].count

    def stale(self, linted: Iterable[str]) -> list[Entry]:
        """Return the entries found less often than they say, in files that were linted or exist no more.

        Args:
            linted: the paths that were linted, as findings name them; a folder stands for what is in it.
        """
        roots = [self.path_of(path) for path in linted]
        folder = self.file.absolute().parent
        return [
            entry
            for entry in self.entries.values()
            if self.met[entry.fingerprint] < entry.count
            and (
                any(_within(entry.path, root) for root in roots)
                or not (entry.path.startswith("<") or (folder / entry.path).exists())
            )
        ]

    def pruned(self, linted: Iterable[str]) -> Baseline:
        """Return the baseline without its stale entries, counts lowered to what was found."""
        entries = dict(self.entries)
        for entry in self.stale(linted):
            found = self.met[entry.fingerprint]
            if found:
                entries[entry.fingerprint] = Entry(
                    entry.fingerprint, found, entry.code, entry.name, entry.path, entry.message
                )
            else:
                del entries[entry.fingerprint]
        return Baseline(self.file, entries)

    def text(self) -> str:
        """Return the file's text: sorted by path and code, so that differences are small."""
        entries = sorted(self.entries.values(), key=lambda entry: (entry.path, entry.code, entry.fingerprint))
        return "\n".join([f"{HEADER}version = {VERSION}\n", *(entry.text() for entry in entries)])

    def save(self) -> None:
        """Write the file in one step.

        Raises:
            SettingsError: if it cannot be written.
        """
        draft = self.file.with_name(self.file.name + ".new")
        try:
            draft.write_text(self.text(), encoding="utf-8", newline="\n")
            draft.replace(self.file)
        except OSError as error:
            raise SettingsError(f"cannot write: {error.strerror}", place=Place(str(self.file))) from None


def from_findings(file: Path, findings: Iterable[Finding]) -> Baseline:
    """Return the baseline that accepts exactly these findings."""
    baseline = Baseline(file)
    for finding in findings:
        key = baseline.key(finding)
        known = baseline.entries.get(key)
        path = baseline.path_of(finding.place.path)
        message = finding.message if known is None else known.message
        count = 1 if known is None else known.count + 1
        baseline.entries[key] = Entry(key, count, finding.code, finding.name, path, message)
    return baseline


def load(file: Path) -> Baseline:
    """Read a baseline.

    Raises:
        SettingsError: if it is missing, not a baseline, or of a later version.
    """
    import tomllib

    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        if not isinstance(raw.get("version"), int) or raw["version"] > VERSION:
            raise SettingsError(
                f"not a baseline of version {VERSION}", place=Place(str(file)), mend="write it anew, or update diagnose"
            )
        entries = [
            Entry(*(str(row[key]) if key != "count" else int(row[key]) for key in Entry.__slots__))  # type: ignore[arg-type]
            for row in raw.get("finding", [])
        ]
    except FileNotFoundError:
        mend = "write it with `diagnose baseline write`"
        raise SettingsError("no such baseline", place=Place(str(file)), mend=mend) from None
    except OSError as error:
        raise SettingsError(f"cannot read the baseline: {error.strerror}", place=Place(str(file))) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        told = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)
        raise SettingsError(f"not a baseline: {told}", place=Place(str(file)), mend="write it anew") from None
    return Baseline(file, {entry.fingerprint: entry for entry in entries})


def _within(path: str, root: str) -> bool:
    return root in (".", path) or path.startswith(root.rstrip("/") + "/")


def _quoted(text: str) -> str:
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
