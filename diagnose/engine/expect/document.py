"""A YAML file with the line of every key, and nothing in it that must not be built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

from diagnose.records import dataclass, field
from diagnose.yaml_loader import Loader

DEEPEST = 30
LARGEST = 1 << 20
QUOTE = " (a value that holds `: ` stands in single quotes)"
KeyPath = tuple[Any, ...]


class NotReadableError(Exception):
    """A text that is no document; carries the line."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a YAML file.

    Attributes:
        raw: its mapping.
        lines: of every key path, the line of the key; ``starts``: where the text of a value begins.
        repeated: key paths that are there twice.
    """

    raw: dict[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)
    starts: dict[KeyPath, int] = field(default_factory=dict)
    repeated: tuple[KeyPath, ...] = ()

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of the closest one around it."""
        return next((self.lines[path[:cut]] for cut in range(len(path), -1, -1) if path[:cut] in self.lines), 1)

    def start(self, path: KeyPath) -> int:
        """Return the line on which the text of a value begins."""
        return self.starts.get(path, self.line(path))


def read(text: str) -> Document:
    """Return a document. Raises NotReadableError if it is none."""
    if len(text) > LARGEST:
        raise NotReadableError("too large for an experiment")
    try:
        _check(text)
        node = yaml.compose(text, Loader=Loader)
        raw = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader
    except (ValueError, RecursionError, TypeError) as error:  # such as a date that does not exist, a list as a key
        raise NotReadableError(f"not YAML: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        mend = QUOTE if "mapping values are not allowed" in str(error) else ""
        raise NotReadableError(
            f"not YAML: {getattr(error, 'problem', error)}{mend}", mark.line + 1 if mark else 1
        ) from None
    if not isinstance(raw, dict):
        raise NotReadableError("an experiment is a mapping of keys; see docs/verify.md")
    lines, starts, repeated = {}, {}, []
    for path, line, start, twice in _walk(node, ()):
        lines[path], starts[path] = line, start
        repeated += [(*path, name) for name in twice]
    return Document(raw, lines, starts, tuple(repeated))


def _check(text: str) -> None:
    """Refuse what must not even be built: aliases of aliases unfold to billions, and deep nesting ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise NotReadableError(f"an experiment has no aliases (`*{event.anchor}`)", line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise NotReadableError(f"nested more than {DEEPEST} deep", line)


def _walk(node: Any, path: KeyPath, key_line: int = 0) -> Iterator[tuple[KeyPath, int, int, list[str]]]:
    here = node.start_mark.line + 1
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    twice: list[str] = []
    if isinstance(node, yaml.MappingNode):
        names = Counter(key.value for key, _ in node.value if isinstance(key.value, str))
        twice = [name for name, number in names.items() if number > 1]
    yield path, key_line or here, here + block, twice
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _walk(value, (*path, str(key.value)), key.start_mark.line + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*path, index))
