"""Scalars of an event file that stand in records of one mould, taken side by side with numpy."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from diagnose.reader.summaries import plugin_of
from diagnose.reader.tfrecord import HEADER, SHORT, Batch, masked_crcs, side_by_side, spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Flags: TypeAlias = NDArray[np.bool_]
    Floats: TypeAlias = NDArray[np.float64]
    Indices: TypeAlias = NDArray[np.int64]

FEW = 32
"""Records of one length among which no mould is looked for."""
SHARE = 16
"""Records to each mould of their length, at least; if there are more moulds, the rest is read one by one."""
VARINT, FIXED, BYTES, FLOAT = 0, 1, 2, 5
"""Wire types."""
STEP, SUMMARY = 2, 5
EVENT = {1: FIXED, STEP: VARINT, SUMMARY: BYTES}
TAG, SIMPLE, TENSOR, METADATA = 1, 2, 8, 9
VALUE = {TAG: BYTES, SIMPLE: FLOAT, TENSOR: BYTES, METADATA: BYTES}
KIND, SHAPE, CONTENT, FLOATS = 1, 2, 4, 5
ONE_FLOAT = {KIND: VARINT, SHAPE: BYTES, CONTENT: BYTES, FLOATS: BYTES}
"""Fields of the messages, and their wire types."""
Span: TypeAlias = "tuple[int, int]"
Scalar: TypeAlias = "tuple[bytes, float, float, int]"
"""Tag, value, step and record."""


class Scalars(NamedTuple):
    """Scalars in the order of the file.

    Attributes:
        tags: the names of the tags, in the order in which they appear.
        tag, value, step, record: of each scalar the place of its tag there, and so on.
    """

    tags: list[bytes]
    tag: Indices
    value: Floats
    step: Floats
    record: Indices


class Mould(NamedTuple):
    """An event with one scalar, as writers write it: all its bytes but time, step and value.

    Attributes:
        tag: the scalar's.
        same: which bytes all such events have in common.
        step: where the step stands.
        value: where the value begins, a float.
    """

    tag: bytes
    same: Flags
    step: slice
    value: int

    def fits(self, one: Bytes, columns: Bytes) -> Flags:
        """Whether records are of this mould, as *one* is that it was made of."""
        goes_on = (columns[self.step] >= 128) == (one[self.step] >= 128)[:, None]
        fits: Flags = (columns[self.same] == one[self.same][:, None]).all(axis=0) & goes_on.all(axis=0)
        return fits

    def read(self, columns: Bytes) -> tuple[Floats, Floats]:
        """Return values and steps of records of this mould."""
        step = np.zeros(columns.shape[1], dtype=np.uint64)
        for at, byte in enumerate(columns[self.step]):
            step |= (byte & 127).astype(np.uint64) << np.uint64(7 * at)
        value = np.ascontiguousarray(columns[self.value : self.value + 4].T).view("<f4").ravel()
        return value.astype(np.float64), step.view(np.int64).astype(np.float64)


def scalars(data: bytes, batch: Batch, rest: Callable[[Batch], Iterable[Scalar]]) -> Scalars:
    """Return the scalars of a batch of records.

    Args:
        data: the file.
        batch: the records.
        rest: returns the scalars of those that are damaged or of no usual kind.
    """
    numbers, starts, lengths = (np.array(column) for column in batch)
    tags: dict[bytes, int] = {}
    parts = [(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0, np.int64))]
    left = np.ones(len(numbers), dtype=np.bool_)
    for length, count in zip(*np.unique(lengths, return_counts=True), strict=True):
        if count < FEW or length >= SHORT:
            continue
        places = np.flatnonzero(lengths == length)
        columns = side_by_side(data, starts[places] + HEADER.size, int(length) + 4)
        stored = np.ascontiguousarray(columns[length:].T).view("<u4").ravel()
        sound = stored == masked_crcs(columns[:length])
        for mould, which in _moulds(columns[:length], sound):
            tag = np.full(len(which), tags.setdefault(mould.tag, len(tags)))
            parts.append((tag, *mould.read(columns[:, which]), numbers[places[which]]))
            left[places[which]] = False
    odd = [*rest(Batch(*(column[left].tolist() for column in (numbers, starts, lengths))))]
    if odd:
        names, values, steps, records = zip(*odd, strict=True)
        numbered = [tags.setdefault(name, len(tags)) for name in names]
        parts.append((np.array(numbered), np.array(values), np.array(steps), np.array(records)))
    tag, value, step, record = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(record, kind="stable")
    return _by_appearance([*tags], Scalars([], tag[order], value[order], step[order], record[order]))


def _by_appearance(names: list[bytes], found: Scalars) -> Scalars:
    """Return scalars with their tags in the order in which they appear."""
    used, first = np.unique(found.tag, return_index=True)
    appear = used[np.argsort(first)]
    place = np.empty(len(names), dtype=np.int64)
    place[appear] = np.arange(len(appear))
    return found._replace(tags=[names[at] for at in appear.tolist()], tag=place[found.tag])


def _moulds(columns: Bytes, sound: Flags) -> Iterator[tuple[Mould, Indices]]:
    """Yield the moulds of sound records of one length, and which records are of each."""
    left, count = np.flatnonzero(sound), 0
    while len(left) > count * SHARE:
        count += 1
        one = columns[:, left[0]]
        mould = mould_of(one.tobytes())
        if mould is None:
            left = left[1:]
            continue
        fits = mould.fits(one, columns[:, left])
        yield mould, left[fits]
        left = left[~fits]


def mould_of(data: bytes) -> Mould | None:
    """Return the mould of an event; None if it holds anything else than one scalar."""
    try:
        event = _once(data, (0, len(data)), EVENT)
        value = _once(data, _once(data, event[SUMMARY], {1: BYTES})[1], VALUE)
        plugin, _ = plugin_of(data[slice(*value.get(METADATA, (0, 0)))])
        at = value.get(SIMPLE) or _float_of(data, value[TENSOR])
        tag = data[slice(*value[TAG])]
    except (ValueError, KeyError):
        return None
    if plugin not in ("", "scalars") or (SIMPLE in value and TENSOR in value) or at[1] - at[0] != struct.calcsize("<f"):
        return None
    same = np.ones(len(data), dtype=np.bool_)
    step = slice(*event.get(STEP, (0, 0)))
    for free in (step, slice(*event.get(1, (0, 0))), slice(*at)):
        same[free] = False
    return Mould(tag, same, step, at[0])


def _float_of(data: bytes, tensor: Span) -> Span:
    """Return where a tensor has its only element, a float. Raises KeyError if it is any other tensor."""
    fields = _once(data, tensor, ONE_FLOAT)
    if data[slice(*fields[KIND])] != b"\1" or len(fields) != 3 or fields[SHAPE][0] < fields[SHAPE][1]:
        raise KeyError
    return fields[CONTENT] if CONTENT in fields else fields[FLOATS]


def _once(data: bytes, message: Span, kinds: dict[int, int]) -> dict[int, Span]:
    """Return where the fields of a message stand, all of which are known and come once. Raises KeyError if not."""
    found: dict[int, Span] = {}
    for number, kind, start, end in spans(data, *message):
        if number in found or kinds[number] != kind:
            raise KeyError(number)
        found[number] = start, end
    return found
