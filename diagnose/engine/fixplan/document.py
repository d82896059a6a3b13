"""One config file of OLD that can be edited: its text, how it is read, and what edited copies of it are called."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from diagnose import logs
from diagnose.configs import edit as editor
from diagnose.configs.edit.literals import literal
from diagnose.configs.edit.splices import Cut, spliced
from diagnose.configs.files import OnDisk, tree_of
from diagnose.configs.yaml_config import read_yaml_config
from diagnose.engine.diff.side import NAMED
from diagnose.engine.fixplan.nested import as_yaml
from diagnose.errors import DiagnoseError, SourceError
from diagnose.model import Config, Setting
from diagnose.patterns import lazy
from diagnose.records import dataclass, field, replace
from diagnose.sources import Source, from_bytes
from diagnose.sources.lines import encoding_of
from diagnose.text import escape

SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml", ".py": "python", ".sh": "shell"}
PACKED = frozenset({".gz", ".xz", ".bz2", ".zst"})
COMMENTED = frozenset({"yaml", "toml", "python", "shell"})
HEADER = lazy(r"(?:\ufeff)?(?:#(?:!|\s*@|.*coding[:=])[^\n]*\n|%YAML[^\n]*\n)*")
"""Lines that must stay the first ones."""
ELSEWHERE = lazy(r"\w+::|[/~]|\w+://|[A-Za-z]:[\\/]")
"""Paths that do not depend on where the config stands."""
LONGEST = 200


@dataclass(slots=True)
class Document:
    """A text that edited copies are made of.

    Attributes:
        path: the file as its settings' places name it; empty if the text was made from settings.
        suffix: of the copies, with the dot.
        keys: the settings of OLD that stand in it or that it inherits.
        label: what tells its copies from those of another file of the same run; empty if it is alone.
        prefix: what the run puts before the keys of this file (``hyp.`` for YOLOv5's hyp.yaml).
    """

    path: str
    text: str
    kind: str
    suffix: str
    encoding: str = "utf-8"
    format: str = ""
    beside: Any = None
    keys: frozenset[str] = frozenset()
    label: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    prefix: str = ""

    def read(self, text: str, path: str = "") -> Mapping[str, Setting]:
        """Return the settings of an edited text, read as OLD was.

        Raises:
            SourceError: if it is not valid.
        """
        return {f"{self.prefix}{key}": one for key, one in self._own(text, path).items()}

    def _own(self, text: str, path: str = "") -> Mapping[str, Setting]:
        """Return the settings of a text by the keys that stand in it."""
        if not self.format:
            return read_yaml_config(text, self.path).settings
        source = from_bytes(path or self.path, text.encode(self.encoding, "replace"))
        source.beside = self.beside
        run = logs.read(source, self.format)
        return run.segments[0].config.settings if run is not None and run.segments else {}

    def edited(
        self, changes: Mapping[str, Any], comments: Mapping[str, str], also: Mapping[str, Any], head: str = ""
    ) -> str:
        """Return a copy with other values and a comment at its head.

        Raises:
            SourceError: if it cannot be edited so.
        """
        words = {key.removeprefix(self.prefix): one_line(said) for key, said in comments.items()}
        own = {key.removeprefix(self.prefix): value for key, value in changes.items()}
        also = {key.removeprefix(self.prefix): value for key, value in also.items() if key.startswith(self.prefix)}
        text = editor.edit(self.text, self.kind, self._own, own, words, path=self.path, also=also)
        return self.headed(text, head) if head else text

    def headed(self, text: str, head: str) -> str:
        """Return a text with a comment at its head, where its format has any."""
        if self.kind not in COMMENTED:
            return text
        found = HEADER.match(text)
        at = found.end() if found else 0
        if text.startswith("\ufeff"):
            at = max(at, 1)
        newline = "\r\n" if "\r\n" in text else "\n"
        new = f"{text[:at]}# plan: {one_line(head)}{newline}{text[at:]}"
        try:
            same = values(self.read(new)) == values(self.read(text))
        except DiagnoseError:
            same = False
        return new if same else text

    def name(self, stem: str) -> str:
        """Return the name of a copy."""
        return f"{stem}{f'.{self.label}' if self.label else ''}{self.suffix}"

    def moved(self, text: str, folder: str) -> tuple[str, str]:
        """Return a text for another folder, its base files named from there, and a note where that cannot be done."""
        here = os.path.dirname(os.path.abspath(self.path))  # noqa: PTH100, PTH120 - links are not followed
        if not self.path or os.path.abspath(folder) == here:  # noqa: PTH100
            return text, ""
        name = PurePath(self.path).name
        note = f"{name} builds upon other files by relative paths: copy the files of this plan beside it to run them"
        try:
            cuts = [*_bases(text, self.kind, here, folder)]
        except ValueError:
            return text, note
        if re.search(r"^with\s+read_base\(\)", text, re.MULTILINE) or re.search(r"^defaults:", text, re.MULTILINE):
            return text, note
        if not cuts:
            return text, ""
        if self.beside is not None and not os.path.isfile(self.path):  # noqa: PTH113
            return text, note
        new, path = spliced(text, cuts), os.path.join(folder, name)  # noqa: PTH118 - as the settings' places are
        if not self._same(text, new, path, self.beside or tree_of(self.path).read):
            return text, note
        if self._same(text, new, path, tree_of(path).read):
            return new, ""
        if not self._same(text, new, path, OnDisk(Path(Path(path).anchor)).read):
            return (
                new,
                f"the files that {name} builds upon are no longer what they were in OLD: restore them before you run",
            )
        return new, (
            f"diagnose itself cannot read {name} and its copies from the folder of this plan, since what they build "
            f"upon lies outside of its tree: to compare or lint them, write the plan into {here}, or put an empty "
            ".diagnose.toml into a folder above both"
        )

    def _same(self, text: str, moved: str, path: str, beside: Callable[[str], str]) -> bool:
        """Return whether a text reads at another place as it does at its own."""
        try:
            return values(replace(self, beside=beside).read(moved, path)) == values(self.read(text))
        except DiagnoseError:
            return False


def values(settings: Mapping[str, Setting]) -> dict[str, Any]:
    """Return the plain values by key."""
    return {key: repr(one.value) for key, one in settings.items()}


def one_line(text: str) -> str:
    """Return a text for a comment: one line, no directive of this program in it."""
    said = escape.line(text).replace("diagnose:", "diagnose").encode("ascii", "replace").decode()
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 3]}..."


def _bases(text: str, kind: str, here: str, folder: str) -> list[Cut]:
    """Return the cuts that name base files from another folder."""
    if kind not in ("python", "yaml"):
        return []
    outline = editor.OUTLINES[kind](text)
    entry = outline.get("_base_" if kind == "python" else "_BASE_") if outline is not None else None
    if entry is None:
        return []
    cuts = []
    for one in entry.block.entries if entry.block is not None else [entry]:
        was = text[one.value : one.end]
        bare = was.strip("'\"")
        if was == bare and kind == "python":
            raise ValueError("no plain text")
        if not bare or ELSEWHERE.match(bare) or "{" in bare:
            continue
        new = os.path.relpath(os.path.join(here, bare), folder).replace(os.sep, posixpath.sep)  # noqa: PTH118
        cuts.append(Cut(one.value, one.end, literal(new, kind, was)))
    return cuts


def documents(config: Config, sources: Sequence[Source]) -> tuple[list[Document], list[str]]:
    """Return the files that can be edited, and what must be said about them.

    Without any, the settings themselves make up one YAML text.
    """
    found = []
    for source in sources:
        document = _document(source, config, alone=len(sources) == 1)
        if document is not None:
            found.append(document)
    if not found:
        text, left = as_yaml(config)
        settings = read_yaml_config(text, "").settings
        notes = ["OLD has no config file that could be edited: its settings were written anew, as YAML"]
        if left:
            notes.append(f"left out, since their values cannot be told: {', '.join(left[:20])}")
        return [Document("", text, "yaml", ".yaml", keys=frozenset(settings), settings=settings)], notes
    notes = ["JSON has no comments, so the reasons stand here alone"] if found[0].kind == "json" else []
    if len(found) > 1:
        for document in found:
            document.label = slug(PurePath(document.path).name.split(".")[0])
        if len({document.label for document in found}) < len(found):
            for number, document in enumerate(found, 1):
                document.label = f"{document.label}{number}"
    return found, notes


def _document(source: Source, config: Config, *, alone: bool) -> Document | None:
    format = logs.detect(source)
    if format is None and alone and config:  # it was named, and is too short to be told by its content
        format = logs.formats().get(NAMED.get(PurePath(source.path).suffix.lower(), ""))
    if format is None or not (getattr(format, "IS_CONFIG", False) or format.NAME.startswith("config")):
        return None
    name = PurePath(source.path)
    suffix = PurePath(name.stem).suffix if name.suffix in PACKED else name.suffix
    kind = SUFFIXES.get(suffix.lower()) or next((kind for kind in editor.KINDS if kind in format.NAME), "")
    if not kind:
        kind = {"config": "yaml", "config-keras": "json"}.get(format.NAME, "")
    if not kind:
        return None
    encoding = encoding_of(source.head)
    data = source.read()
    if b"\x00" in data and not encoding.startswith("utf-16"):
        return None  # a config inside an archive
    try:
        text = data.decode(encoding)
        if text.encode(encoding) != data:
            return None
        suffix = suffix if suffix.lower() in SUFFIXES else next(name for name, of in SUFFIXES.items() if of == kind)
        document = Document(source.path, text, kind, suffix, encoding, format.NAME, source.beside)
        document.prefix = _prefix(document.read(text), source.path, config)
        document.settings = document.read(text)
    except (UnicodeError, SourceError):
        return None
    document.keys = frozenset(key for key, one in document.settings.items() if key in config.settings)
    spans = any(one.span is not None for one in document.settings.values())
    return document if document.keys and (spans or kind != "shell") else None


def _prefix(own: Mapping[str, Setting], path: str, config: Config) -> str:
    """Return what a run puts before all keys that a file states; empty if it does not, or not before all."""
    lines = {one.place.line: key for key, one in own.items()}
    found = {
        key[: -len(lines[one.place.line])] if key.endswith(f".{lines[one.place.line]}") else ""
        for key, one in config.settings.items()
        if one.place.path == path and one.place.line in lines
    }
    return found.pop() if len(found) == 1 else ""


def slug(key: str) -> str:
    """Return a key as part of a file name."""
    safe = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_-") else "_" for sign in key)
    return safe.strip("_")[-60:].strip("_-") or "key"


def is_beside(path: str, document: Document) -> bool:
    """Return whether a file of NEW is what this document is of OLD."""
    return Path(path).name == Path(document.path).name
