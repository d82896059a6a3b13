"""The messages inside TensorBoard's summaries: tensors of one element, plugin metadata, hyperparameters.

Field numbers are those of TensorFlow's ``summary.proto``, ``tensor.proto`` and ``types.proto``, and of
``plugin_data.proto`` in TensorBoard's hparams plugin.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from diagnose.reader.tfrecord import fields

FLOATS = {1: "f", 2: "d", 19: "e"}
WHOLES = {3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", 17: "H", 22: "I", 23: "Q"}
"""``struct`` codes by the numbers of ``DataType``."""


def plugin_of(metadata: bytes) -> tuple[str, bytes]:
    """Return the name of the plugin that a ``SummaryMetadata`` names, and the plugin's own content."""
    name, content = "", b""
    for number, _, value in fields(metadata):
        if number == 1 and isinstance(value, bytes):
            for inner, _, part in fields(value):
                if inner == 1 and isinstance(part, bytes):
                    name = part.decode("utf-8", "replace")
                elif inner == 2 and isinstance(part, bytes):
                    content = part
    return name, content


def element_of(data: bytes) -> float | str | None:
    """Return the only element of a tensor; None if it has several or is of a kind that holds no number or text."""
    dtype, size = 0, 1
    content = b""
    packed: dict[int, list[int | bytes]] = {}
    for number, kind, value in fields(data):
        if number == 1 and isinstance(value, int):
            dtype = value
        elif number == 2 and isinstance(value, bytes):
            for dim in (part for n, _, part in fields(value) if n == 2 and isinstance(part, bytes)):
                size *= next((extent for n, _, extent in fields(dim) if n == 1 and isinstance(extent, int)), 1)
        elif number == 4 and isinstance(value, bytes):
            content = value
        else:
            packed.setdefault(number, []).extend(_packed(number, kind, value))
    if size != 1:
        return None
    if dtype == 7:
        texts = packed.get(8, [])
        return texts[0].decode("utf-8", "replace") if texts and isinstance(texts[0], bytes) else None
    if content:
        return _from_content(dtype, content)
    return _from_values(dtype, packed)


def _packed(number: int, kind: int, value: int | bytes) -> Iterator[int | bytes]:
    """Yield the elements of a repeated field, packed or not."""
    if kind != 2 or number == 8:
        yield value
    elif isinstance(value, bytes):
        width = {5: 4, 6: 8}.get(number, 0)
        if width:
            yield from (int.from_bytes(value[at : at + width], "little") for at in range(0, len(value), width))
            return
        wrapped = b"".join(b"\x08" + part for part in _varints(value))
        yield from (element for _, _, element in fields(wrapped))


def _varints(data: bytes) -> Iterator[bytes]:
    start = 0
    for at, byte in enumerate(data):
        if byte < 128:
            yield data[start : at + 1]
            start = at + 1


def _from_content(dtype: int, content: bytes) -> float | None:
    if dtype == 14:  # bfloat16: the upper half of a float
        return float(struct.unpack("<f", b"\0\0" + content[:2])[0]) if len(content) >= 2 else None
    code = FLOATS.get(dtype) or WHOLES.get(dtype)
    if code is None or len(content) != struct.calcsize("<" + code):
        return None
    return float(struct.unpack("<" + code, content)[0])


def _from_values(dtype: int, packed: dict[int, list[int | bytes]]) -> float | None:
    number = {1: 5, 2: 6, 14: 13, 19: 13, 9: 10, 10: 11, 22: 16, 23: 17}.get(dtype, 7)
    if dtype not in FLOATS and dtype not in WHOLES and dtype != 14:
        return None
    found = packed.get(number)
    if not found or not isinstance(found[0], int):
        return 0.0  # protocol buffers leave a zero out
    raw = found[0]
    if dtype in (1, 2):
        code, wide = ("<f", 4) if dtype == 1 else ("<d", 8)
        return float(struct.unpack(code, raw.to_bytes(8, "little")[:wide])[0])
    if dtype == 19:
        return float(struct.unpack("<e", (raw & 0xFFFF).to_bytes(2, "little"))[0])
    if dtype == 14:
        return float(struct.unpack("<f", b"\0\0" + (raw & 0xFFFF).to_bytes(2, "little"))[0])
    return float(raw - (1 << 64) if raw >> 63 and dtype in (3, 5, 6, 9) else raw)


def hyperparameters(content: bytes) -> Iterator[tuple[str, object]]:
    """Yield the pairs of a ``SessionStartInfo`` of the hparams plugin."""
    for number, _, start in fields(content):
        if number != 3 or not isinstance(start, bytes):
            continue
        for inner, _, entry in fields(start):
            if inner == 1 and isinstance(entry, bytes):
                pair = {n: part for n, _, part in fields(entry)}
                key, value = pair.get(1), pair.get(2)
                if isinstance(key, bytes) and isinstance(value, bytes):
                    yield key.decode("utf-8", "replace"), _any(value)


def _any(data: bytes) -> object:
    """Return a ``google.protobuf.Value`` that is a scalar."""
    for number, _, value in fields(data):
        if number == 2 and isinstance(value, int):
            found = struct.unpack("<d", struct.pack("<Q", value))[0]
            return int(found) if found.is_integer() and abs(found) < 1e15 else found
        if number == 3 and isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if number == 4:
            return bool(value)
    return None
