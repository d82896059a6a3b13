"""Edited copies of configs: a few values changed, every other character kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from typing import Any, Final

from diagnose.configs.edit import json_outline, python_outline, toml_outline, yaml_outline
from diagnose.configs.edit.literals import CannotWriteError
from diagnose.configs.edit.outline import Block
from diagnose.configs.edit.splices import Attempt, Draft, adding, commented, removing, replacing, spliced
from diagnose.errors import DiagnoseError, SourceError
from diagnose.model import Place, Setting
from diagnose.records import dataclass

__all__ = ["KINDS", "REMOVE", "Tree", "edit"]

KINDS = ("yaml", "json", "toml", "python", "shell")
MOST_ATTEMPTS = 12
NAMED = 3
OUTLINES: Mapping[str, Callable[[str], Block | None]] = {
    "yaml": yaml_outline.outline,
    "json": json_outline.outline,
    "toml": toml_outline.outline,
    "python": python_outline.outline,
}


class _Remove:
    def __repr__(self) -> str:
        return "remove"


REMOVE: Final = _Remove()
"""In the place of a value: take the key out."""


@dataclass(frozen=True, slots=True)
class Tree:
    """In the place of a value: a list or mapping that replaces all that stands below a key.

    Attributes:
        value: lists and dictionaries of plain values.
        settings: what the reader should make of it, by full key.
    """

    value: Any
    settings: Mapping[str, Any]


Read = Callable[[str], Mapping[str, Setting]]
"""Reads an edited text as the original was read."""


def edit(
    text: str,
    kind: str,
    read: Read,
    changes: Mapping[str, Any],
    comments: Mapping[str, str] | None = None,
    *,
    path: str = "",
    also: Mapping[str, Any] | None = None,
) -> str:
    """Return a copy of a config with other values, all other characters kept.

    Every edit is made at the place where the reader says the value stands (``Setting.span``), or where the outline of
    the text says it belongs, and the result is read again: exactly the wanted keys must differ.

    Args:
        text: the config.
        kind: one of ``KINDS``.
        read: the reader of the original; called with every draft.
        changes: the wanted value by key; ``REMOVE`` takes a key out, ``Tree`` replaces all below it.
        comments: words to go beside a key, changed or not, in formats that have comments.
        path: the file that the text is, as the settings' places name it; settings of other files (bases) are not
            edited but overridden. Empty: all are of this file.
        also: values that other keys may take on in passing, since they are written in terms of a changed one.

    Raises:
        SourceError: if the format cannot say it, or a change would touch other keys.
    """
    editor = _Editor(kind, read, path, changes, dict(also or {}))
    before = read(text)
    editor.before = {key: setting.value for key, setting in before.items()}
    return editor.run(text, before, comments or {})


class _Editor:
    def __init__(self, kind: str, read: Read, path: str, changes: Mapping[str, Any], also: dict[str, Any]) -> None:
        self.kind, self.read, self.path = kind, read, path
        self.changes, self.also = changes, also
        self.before: dict[str, Any] = {}
        self.why = ""

    def run(self, text: str, settings: Mapping[str, Setting], comments: Mapping[str, str]) -> str:
        waiting = {key: value for key, value in self.changes.items() if not self.done(key, value, settings)}
        draft = self.draft(text, settings)
        plain = {key: value for key, value in waiting.items() if self.spans(draft, key, value)}
        if len(plain) > 1 and (found := self.all_at_once(draft, plain, comments)) is not None:
            draft, waiting = found, {key: value for key, value in waiting.items() if key not in plain}
        made = self.changes.keys() - waiting.keys()
        for key, value in waiting.items():
            made |= {key}
            if not self.done(key, value, draft.settings):
                draft = self.one(draft, key, value, comments.get(key, ""), made)
        return self.remarked(draft, comments).text

    def remarked(self, draft: Draft, comments: Mapping[str, str]) -> Draft:
        """Write the comments on settings that stay as they are, as far as there is room for them."""
        spans = {
            key: one.span
            for key in comments
            if key not in self.changes and key in draft.own and (one := draft.settings.get(key)) and one.span
        }
        lines: dict[int, list[str]] = {}
        for key, (_, end) in spans.items():
            lines.setdefault(draft.text.count("\n", 0, end), []).append(key)
        found = [(Attempt((), spans[keys[0]][1]), "; ".join(comments[key] for key in keys)) for keys in lines.values()]
        with suppress(ValueError):
            return self.checked(spliced(draft.text, commented(draft, found)), self.changes) or draft
        return draft

    def draft(self, text: str, settings: Mapping[str, Setting]) -> Draft:
        try:
            outline = OUTLINES[self.kind](text) if self.kind in OUTLINES else None
        except ValueError:
            outline = None
        own = frozenset(key for key, one in settings.items() if not self.path or one.place.path == self.path)
        return Draft(text, self.kind, outline, settings, own)

    def spans(self, draft: Draft, key: str, value: Any) -> bool:
        setting = draft.settings.get(key)
        return setting is not None and setting.span is not None and key in draft.own and _is_value(value)

    def all_at_once(self, draft: Draft, plain: Mapping[str, Any], comments: Mapping[str, str]) -> Draft | None:
        try:
            attempts = [(next(replacing(draft, key, value)), comments.get(key, "")) for key, value in plain.items()]
            text = spliced(draft.text, commented(draft, attempts))
            return self.checked(text, plain.keys())
        except (CannotWriteError, ValueError, StopIteration):
            return None

    def one(self, draft: Draft, key: str, value: Any, comment: str, made: Iterable[str]) -> Draft:
        why = "its value stands at no place that can be edited"
        try:
            for attempt in islice(self.attempts(draft, key, value), MOST_ATTEMPTS):
                for words in (comment, "") if comment else ("",):
                    try:
                        text = spliced(draft.text, commented(draft, [(attempt, words)]))
                    except ValueError:
                        continue
                    found = self.checked(text, made)
                    if found is not None:
                        return found
                    why = self.why or why
        except CannotWriteError as error:
            why = str(error)
        raise SourceError(f"{key} cannot be edited: {why}", place=Place(self.path), mend="change it by hand")

    def attempts(self, draft: Draft, key: str, value: Any) -> Iterator[Attempt]:
        if value is REMOVE:
            return removing(draft, key)
        if isinstance(value, Tree):
            ways = replacing(draft, key, value.value)
            if self.kind == "python" and isinstance(value.value, dict):  # what a base says would be merged with it
                ways = chain(ways, replacing(draft, key, {"_delete_": True, **value.value}))
            return ways
        return (replacing if key in draft.settings else adding)(draft, key, value)

    def checked(self, text: str, made: Iterable[str]) -> Draft | None:
        """Return a draft if the changes made so far, and no others, can be read from it."""
        try:
            settings = self.read(text)
        except DiagnoseError:
            self.why = "every way to write it would damage the file"
            return None
        wanted = {key: self.changes[key] for key in made}
        if not all(self.done(key, value, settings) for key, value in wanted.items()):
            self.why = "what is written for it does not reach it"
            return None
        may = dict(self.also)
        for changes in (self.changes, wanted):  # a later change may have happened in passing
            for key, value in changes.items():
                if isinstance(value, Tree):
                    below = [one for one in (*self.before, *settings) if one == key or one.startswith(f"{key}.")]
                    may |= dict.fromkeys(below, REMOVE) | dict(value.settings)
                else:
                    may[key] = value
        for key, value in wanted.items():  # `a:` alone is a setting until something stands below it
            for at in (at for at, sign in enumerate(key) if sign == "."):
                if self.before.get(key[:at], REMOVE) in (None, {}):
                    may[key[:at]] = REMOVE
                elif value is REMOVE and self.kind == "toml":
                    may[key[:at]] = {}  # the header of an empty table stays
        other = []
        for key in {**self.before, **settings}:
            now = settings[key].value if key in settings else REMOVE
            then = self.before.get(key, REMOVE)
            if not _same(now, then) and not (key in may and _same(now, may[key])):
                other.append(key)
        if other:
            self.why = f"it would change {', '.join(other[:NAMED])}{' and others' * (len(other) > NAMED)} as well"
            return None
        return self.draft(text, settings)

    def done(self, key: str, value: Any, settings: Mapping[str, Setting]) -> bool:
        if isinstance(value, Tree):
            below = {one for one in settings if one == key or one.startswith(f"{key}.")}
            return below == value.settings.keys() and all(
                _same(settings[one].value, wanted) for one, wanted in value.settings.items()
            )
        return _same(settings[key].value if key in settings else REMOVE, value)


def _is_value(value: Any) -> bool:
    return value is not REMOVE and not isinstance(value, Tree)


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are one, of the same type; whole and decimal numbers are told apart."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_same(left, right) for left, right in zip(one, other, strict=True))
    if isinstance(one, float) and isinstance(other, float) and one != one and other != other:
        return True
    return one is other or bool(type(one) is type(other) and one == other)
