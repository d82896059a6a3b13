"""Templates as plain data, for JSON, and back: those that a build has learned, and those that a user's logs have shown.

Nothing in them is executed when they are read; what is damaged is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from diagnose.scan.learn import Habits, likeness
from diagnose.scan.template import BLANKS, LITERAL, NUMBER, RUN, Part, Template

MOST_BYTES = 1 << 16


class Pack:
    """Templates by what the lines look like that they were learned of, made when such a line comes."""

    def __init__(self, data: Any = None) -> None:
        """Take what ``data`` returned.

        Raises:
            ValueError, TypeError, KeyError: if it is something else.
        """
        self._known: dict[str, list[Any]] = {}
        self._added: dict[str, list[Any]] = {}
        self.habits: Habits = {}
        if data is not None:
            self._known, self.habits = dict(data["templates"]), _read_habits(data["habits"])

    def extend(self, data: Any) -> None:
        """Take what ``data`` of another pack returned, as if it had been added here. Raises as above."""
        other = Pack(data)
        for key, templates in other._known.items():
            self._known[key] = self._known.get(key, []) + templates
        self._added |= other._known
        self.habits = other.habits | self.habits

    def take(self, text: str) -> Iterator[Template]:
        """Yield the templates known of lines that look like this one, each once."""
        if self._known:
            for one in self._known.pop(likeness(text), ()):
                with suppress(ValueError, TypeError):
                    yield read(one)

    def put(self, text: str, template: Template) -> None:
        """Add a template learned of a line."""
        self._added.setdefault(likeness(text), []).append(written(template))

    def data(self, most: int = 1 << 30) -> dict[str, Any]:
        """Return what was added, or as much of it as was added last, as plain data."""
        return {
            "templates": dict(list(self._added.items())[-most:]),
            "habits": _written_habits(dict(list(self.habits.items())[-most:])),
        }


def written(template: Template) -> list[Any]:
    """Return a template as plain data: its kind, its parts, and its tokens in one flat list."""
    return [
        template.kind,
        [_part(part) for part in template.parts],
        [item for name, start, end in template.spans for item in (name, *start, *end)],
    ]


def _part(part: Part) -> Any:
    return part.text.decode() if part.operation == LITERAL else [part.operation, part.low, part.high]


def read(data: Any) -> Template:
    """Return a template that was written.

    Raises:
        ValueError, TypeError: if the data is none.
    """
    kind, parts, flat = data
    made = tuple([_read_part(part) for part in parts])
    variable = sum(part.operation != LITERAL for part in made)
    names = flat[::5]
    starts = list(zip(flat[1::5], flat[2::5], strict=True))
    ends = list(zip(flat[3::5], flat[4::5], strict=True))
    for at, behind in (*starts, *ends):
        if not -1 <= at < variable or type(at) is not int or type(behind) is not int:
            raise ValueError("a token stands at no part of its template")
    if not made or not isinstance(kind, str) or not all(isinstance(name, str) for name in names):
        raise ValueError("no template")
    return Template(kind, made, tuple(zip(names, starts, ends, strict=True)))


def _read_part(data: Any) -> Part:
    if isinstance(data, str):
        if not 0 < len(data) < MOST_BYTES or "\n" in data:
            raise ValueError("a literal is part of a line")
        return Part(LITERAL, data.encode())
    operation, low, high = data
    if operation not in (RUN, NUMBER, BLANKS) or not all(type(number) is int and 0 <= number < 256 for number in data):
        raise ValueError("no part of a template")
    return Part(operation, low=low, high=high)


def _written_habits(habits: Habits) -> list[Any]:
    return [[*kind, *group, shown, *_part(part)] for (*kind, group, shown), part in habits.items()]


def _read_habits(data: Iterable[Any]) -> Habits:
    return {
        (str(kind), (str(name), int(ordinal)), int(shown)): _read_part(part)
        for kind, name, ordinal, shown, *part in data
    }
