"""Runs as bytes: a line of JSON, then the columns. Nothing in them is executed when they are read, whoever wrote them.

What would not come back exactly as it was is not written at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, MutableMapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from diagnose.model import UNKNOWN, Config, Event, Fact, Place, Run, Segment, Series, Setting
from diagnose.model.events import Events
from diagnose.records import fields

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RECORDS: dict[str, type] = {kind.__name__: kind for kind in (Run, Segment, Series, Event, Fact, Config, Setting, Place)}
ATTRIBUTES = {kind: attrgetter(*[one.name for one in fields(kind) if one.init]) for kind in RECORDS.values()}
PLAIN = frozenset({str, int, float, bool, type(None)})
TAG = "\0"
"""Key of a JSON object that stands for something that JSON lacks."""
KINDS = {"<f8", "<i8"}


class CannotKeepError(ValueError):
    """A value that would not come back as it was."""


def encode(run: Run) -> bytes:
    """Return a run as bytes.

    Raises:
        CannotKeepError: if something in it would not come back as it was.
    """
    columns: list[Any] = []
    known: dict[int, int] = {}

    def column(array: NDArray[Any]) -> int:
        if array.dtype.str not in KINDS or array.ndim != 1:
            raise CannotKeepError(f"a column of {array.dtype}")
        if id(array) not in known:
            known[id(array)] = len(columns)
            columns.append(array)
        return known[id(array)]

    text = json.dumps(_plain(run, column), ensure_ascii=True, separators=(",", ":"))
    header = json.dumps([[array.dtype.str, len(array)] for array in columns], separators=(",", ":"))
    return b"\n".join([header.encode(), text.encode(), b"".join(array.tobytes() for array in columns)])


def decode(data: bytes) -> Run:
    """Return the run that was encoded. Raises ValueError, KeyError or TypeError if the bytes hold none."""
    import numpy as np

    header, text, rest = data.split(b"\n", 2)
    memory, at = bytearray(rest), 0  # columns may be written to
    columns: list[NDArray[np.generic]] = []
    for kind, length in json.loads(header):
        if kind not in KINDS:
            raise ValueError(f"a column of {kind}")
        columns.append(np.frombuffer(memory, kind, length, at))
        at += 8 * length
    run = _made(json.loads(text), columns)
    if not isinstance(run, Run):
        raise ValueError("not a run")
    return run


def _plain(value: Any, column: Callable[[Any], int]) -> Any:
    """Return a value in JSON's terms; what is made only when it is looked at comes back made."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind in ATTRIBUTES:
        return _record(kind, value, column)
    if kind is dict:
        if any(type(key) is not str for key in value) or TAG in value:
            raise CannotKeepError("keys that JSON lacks")
        return dict(zip(value, _items(value.values(), column), strict=True))
    if kind is list or kind is Events:
        return _items(value, column)
    if kind.__name__ == "ndarray":
        return {TAG: "column", "of": column(value)}
    if kind is tuple:
        return {TAG: "tuple", "of": _items(value, column)}
    if value is UNKNOWN:
        return {TAG: "unknown"}
    if isinstance(value, Series):
        return _record(Series, value, column)
    if isinstance(value, MutableMapping) and not isinstance(value, dict):
        return _plain(dict(value), column)
    raise CannotKeepError(f"a {kind.__name__}")


def _record(kind: type, value: Any, column: Callable[[Any], int]) -> dict[str, Any]:
    return {TAG: kind.__name__, "of": _items(ATTRIBUTES[kind](value), column)}


def _items(values: Iterable[Any], column: Callable[[Any], int]) -> list[Any]:
    return [value if type(value) in PLAIN else _plain(value, column) for value in values]


def _made(value: Any, columns: list[Any]) -> Any:
    """Return what stands in JSON's terms."""
    if isinstance(value, list):
        return [_made(item, columns) for item in value]
    if not isinstance(value, dict):
        return value
    tag = value.get(TAG)
    if tag is None:
        return {key: _made(item, columns) for key, item in value.items()}
    if tag == "unknown":
        return UNKNOWN
    if tag == "column":
        return columns[value["of"]]
    items = [_made(item, columns) for item in value["of"]]
    return tuple(items) if tag == "tuple" else RECORDS[tag](*items)
