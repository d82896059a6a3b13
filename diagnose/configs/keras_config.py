"""Keras configs: ``model.to_json()``, serialised optimizers, and ``.keras`` archives with their compile config."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import IO

from diagnose.configs.files import Files
from diagnose.configs.json_nodes import parse
from diagnose.configs.reading import Reading
from diagnose.configs.tree import Flattener, Node, Text
from diagnose.errors import SourceError
from diagnose.model import Place
from diagnose.records import replace

LARGEST = 1 << 21
"""Characters: a model of a thousand layers takes one million."""
MOST = 60_000
"""Settings."""
CONFIG, METADATA = "config.json", "metadata.json"
MOST_MEMBERS = 100_000
"""Files in an archive; zipfile takes half a kilobyte of memory for each."""
LONG_NUMBER = 12
TAIL = 65_557
"""Bytes in which the end of an archive is marked."""
BOOKKEEPING = frozenset(
    {"module", "registered_name", "build_config", "inbound_nodes", "input_layers", "output_layers", "keras_version",
     "backend", "build_input_shape", "shared_object_id", "call_context"}
)  # fmt: skip
COMPILED = ("compile_config", "training_config")


def read_keras_config(text: str, path: str, files: Files | None = None) -> Reading:
    """Return the settings of a model or an optimizer that Keras 2 or 3 has serialised as JSON.

    What Keras nests in ``class_name`` and ``config`` becomes one level: ``layers.2.class_name``, ``layers.2.units``,
    ``optimizer.class_name``, ``optimizer.learning_rate``. A schedule is a level of its own:
    ``optimizer.learning_rate.class_name``. What the model was compiled with stands beside the layers.

    Args:
        text: the config.
        path: its name.
        files: not needed: Keras names no bases.

    Raises:
        SourceError: if the text is no JSON, not a config of Keras, or too large or too deep to be one.
    """
    root, remarks = parse(Text(text, path, LARGEST), most=20 * MOST)
    if not isinstance(root.value, dict):
        raise root.fault("not a config of Keras: no object")
    flat = Flattener(most=MOST)
    flat.add(_model(root))
    return Reading(flat.settings, remarks, framework="keras")


def read_keras_archive(stream: IO[bytes], path: str) -> Reading:
    """Return the settings of the model in a ``.keras`` archive: nothing but its config is unpacked.

    The settings have no span: their text is packed.

    Args:
        stream: the archive; it can be sought in.
        path: its name.

    Raises:
        SourceError: if the archive is damaged, holds no config, or one that is too large.
    """
    _check_members(stream, path)
    try:
        with zipfile.ZipFile(stream) as archive:
            text = _member(archive, CONFIG, path)
    # NotImplementedError is what zipfile raises for a way of compressing that it does not know.
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, struct.error) as error:
        raise SourceError(f"damaged archive: {error}", place=Place(path), mend="save the model again") from None
    except RuntimeError as error:
        raise SourceError(f"cannot be unpacked: {error}", place=Place(path)) from None
    reading = read_keras_config(text, path)
    reading.settings = {key: replace(setting, span=None) for key, setting in reading.settings.items()}
    return reading


def _short(value: float) -> float:
    """Return a number that Keras has kept in 32 bits as it was written: 0.05, not 0.05000000074505806."""
    if len(repr(value)) < LONG_NUMBER or not 1e-30 < abs(value) < 1e30:
        return value
    for digits in range(1, 8):
        short = float(f"{value:.{digits}g}")
        if struct.unpack("f", struct.pack("f", short))[0] == value:
            return short
    return value


def _check_members(stream: IO[bytes], path: str) -> None:
    """Refuse an archive that claims so many files that listing them alone takes minutes."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - TAIL))
    tail = stream.read(TAIL)
    at = tail.rfind(b"PK\5\6")
    if 0 <= at <= len(tail) - 22:
        (members, length) = struct.unpack_from("<HI", tail, at + 10)
        if (length > MOST_MEMBERS * 100 and members != 0xFFFF) or length == 0xFFFFFFFF:
            raise SourceError("holds too many files for a model", place=Place(path))
    stream.seek(0)


def _member(archive: zipfile.ZipFile, name: str, path: str) -> str:
    if len(archive.infolist()) > MOST_MEMBERS:
        raise SourceError("holds too many files for a model", place=Place(path))
    if name not in archive.namelist():
        raise SourceError(f"no {name} in this archive", place=Place(path), mend="name a model saved by Keras 3")
    with archive.open(name) as member:
        data = member.read(4 * LARGEST + 1)  # what the directory says of its size may be wrong
    if len(data) > 4 * LARGEST:
        raise SourceError(f"{name} in it is too large for a config", place=Place(path))
    return data.decode("utf-8", "replace")


def _model(root: Node) -> Node:
    """Return a tree without the levels and the bookkeeping of Keras."""
    members = _level(root)
    compiled = next((node for key in COMPILED if (node := root.members().get(key)) and node.members()), None)
    for key in COMPILED:
        members.pop(key, None)
    if compiled is not None:
        for key, node in compiled.members().items():
            members[key.removesuffix("_config")] = _plain(node)
    return replace(root, value=members)


def _plain(node: Node) -> Node:
    if isinstance(node.value, dict):
        return replace(node, value=_level(node))
    if isinstance(node.value, list):
        return replace(node, value=[_plain(item) for item in node.value])
    return replace(node, value=_short(node.value)) if isinstance(node.value, float) else node


def _level(node: Node) -> dict[str, Node]:
    """Return the members of an object of Keras, those of its ``config`` among them."""
    members = node.members()
    config = members.get("config")
    if "class_name" not in members or config is None:
        return {key: _plain(child) for key, child in members.items() if key not in BOOKKEEPING}
    found = {key: _plain(child) for key, child in members.items() if key not in BOOKKEEPING and key != "config"}
    if not config.members():  # a serialised function has a name instead: {"class_name": "function", "config": "relu"}
        return found if config.value in (None, {}, []) else found | {"config": _plain(config)}
    inside = {key: _plain(child) for key, child in config.members().items() if key not in BOOKKEEPING}
    return found | {key: child for key, child in inside.items() if key != "class_name"}
