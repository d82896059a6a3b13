"""A model or optimizer that Keras has serialised: JSON, or a ``.keras`` archive."""

from __future__ import annotations

import io
from typing import Any

from diagnose.reader import Head, RunBuilder
from diagnose.reader.configs import into
from diagnose.reader.jsontree import parse
from diagnose.sources import Source, text_of

NAME = "config-keras"
IS_CONFIG = True
TITLE = "Keras model or optimizer"

ZIP = b"PK\x03\x04"
FIRST = (b"metadata.json", b"config.json")
"""What Keras writes into its archives first."""
CHARACTERS = 1 << 16

_MODEL = (
    '{"module": "keras", "class_name": "Sequential", "config": {"name": "toy", "layers": [{"module": "keras.layers", '
    '"class_name": "Dense", "config": {"name": "out", "units": 7, "activation": "softmax"}}]}, "compile_config": '
    '{"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.02}}, "loss": "categorical_crossentropy"}}'
)


def _archive() -> bytes:
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in (("metadata.json", '{"keras_version": "3.0.0"}'), ("config.json", _MODEL)):
            archive.writestr(zipfile.ZipInfo(name), text)
    return packed.getvalue()


def __getattr__(name: str) -> Any:
    if name != "SAMPLES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    plain = '{"class_name": "SGD", "config": {"learning_rate": 0.03, "momentum": 0.8, "nesterov": true}}\n'
    return _MODEL + "\n", plain, _archive()


MARKS = (r"\APK\x03\x04", '"class_name"')


def sniff(head: Head) -> int:
    """Accept an archive that begins with the members of Keras, and an object with a class and its config."""
    if head.data.startswith(ZIP):
        return 150 if head.data[30:50].startswith(FIRST) else 0
    text = head.text[:CHARACTERS].lstrip("\ufeff \r\n\t")
    if head.is_binary or not text.startswith("{") or '"class_name"' not in text:
        return 0
    root = parse(text).root
    members = root.members() if root else {}
    called, config = members.get("class_name"), members.get("config")
    if called is None or config is None or not isinstance(called.value, str):
        return 0
    return 150 if isinstance(config.value, dict | list) else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read the settings of layers, loss and optimizer. No facts: a plan alone is no run.

    Raises:
        SourceError: as ``read_keras_config`` and ``read_keras_archive``.
    """
    from diagnose.configs.keras_config import read_keras_archive, read_keras_config

    if not source.head.startswith(ZIP):
        into(build, read_keras_config(text_of(source), source.path))
        return
    with source.open() as stream:
        if getattr(stream, "seekable", lambda: False)():
            into(build, read_keras_archive(stream, source.path))
        else:
            into(build, read_keras_archive(io.BytesIO(source.read()), source.path))
