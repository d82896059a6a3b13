"""YAML configs read flat: every leaf under its dotted key, with its place. Nothing is constructed or executed."""

from __future__ import annotations

import re

from diagnose.configs.bases import Bases, defaults_of
from diagnose.configs.files import Files, Nowhere
from diagnose.configs.reading import Reading, Remark
from diagnose.configs.references import References
from diagnose.configs.tree import Flattener, Node, Text, merged
from diagnose.configs.unwrap import unwrapped
from diagnose.configs.yaml_nodes import compose
from diagnose.errors import SourceError
from diagnose.model import Place, Setting
from diagnose.patterns import lazy

OTHER_LOADER = lazy(
    r"\$\{|^#\s*@package|^[^\S\n]*(?:- )?(?:_target_|class_path|init_args|_BASE_|SOLVER|seed_everything)\s*:",
    re.MULTILINE,
)
"""Signs of OmegaConf, jsonargparse and yacs, to which ``1e-4`` is a number."""


def read_yaml_config(text: str, path: str, files: Files | None = None) -> Reading:
    """Return the settings of a YAML config by dotted key, in the order of the file.

    A list of plain values is one setting; in a list of mappings the items are counted (``transforms.0.size``). Merged
    keys (``<<``) have the place of the anchor they come from. Files that the config builds upon are read: ``_BASE_``,
    and the ``defaults`` of Hydra, whose choices are kept as ``defaults.GROUP``. Later documents go over earlier ones.
    References (``${a.b}``) are resolved; what needs a resolver to run, tags of the trainer's own and ``???`` are
    unknown.

    Numbers such as ``1e-4``, which YAML 1.1 and so PyYAML takes for text, become numbers, with a remark unless the
    config is made for a loader that reads them as such.

    Args:
        text: the config.
        path: its name.
        files: reads the files it names; by default none is read.

    Raises:
        SourceError: if the text is no YAML, not a mapping, too large or too deep to be a config, refers to itself in a
            circle, or asks to run code.
    """
    reading = Reading()
    root = _root(Text(text, path), reading)
    if root is None:
        return reading
    hydra = defaults_of(root) is not None
    bases = Bases(files or Nowhere(), reading, lambda base: _root(base, reading) or Node({}, base, 0, 0, 0))
    whole = bases.whole(root)
    references = References(whole, reading.remarks, fragment=reading.partial or not hydra)
    flat = Flattener()
    flat.add(unwrapped(references.resolved()))
    reading.settings = flat.settings
    reading.partial = reading.partial or references.partial
    if not hydra and not OTHER_LOADER.search(text):
        reading.remarks += [_number_as_text(flat.settings[key]) for key in flat.settings if key in flat.loose]
    return reading


def _root(text: Text, reading: Reading) -> Node | None:
    documents = compose(text)
    reading.remarks += documents.remarks
    root: Node | None = None
    for document in documents.roots:
        if not isinstance(document.value, dict):
            raise SourceError("not a config: no mapping", place=Place(text.path, text.line(document.start)))
        root = document if root is None else merged(root, document)
    return root


def _number_as_text(setting: Setting) -> Remark:
    mended = re.sub(r"[^\s,\[\]]+", lambda word: _yaml_1_1(word[0]), setting.literal) if setting.literal else ""
    message = f"PyYAML reads {setting.key}: {setting.literal} as text, not as a number; write {mended}"
    return Remark("number-as-text", setting.key, message, setting.place)


def _yaml_1_1(word: str) -> str:
    """Return a number as YAML 1.1 wants it: with a point and a signed exponent."""
    found = re.fullmatch(r"([-+]?)(\d*)(\.\d*)?[eE]([-+]?)(\d+)", word)
    if found is None:
        return word
    sign, whole, fraction, exponent_sign, exponent = found.groups()
    return f"{sign}{whole or '0'}{fraction or '.0'}e{exponent_sign or '+'}{exponent}"
