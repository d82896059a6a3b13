"""A YAML config read flat: every leaf under its dotted key, with the line it stands on. Nothing is constructed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import yaml

from diagnose.errors import SourceError
from diagnose.model import Place, Setting

LARGEST = 1 << 20
"""Characters of a config; beyond it, it is data."""
MOST = 20_000
"""Settings of a config; aliases of aliases can unfold to billions."""
DEEPEST = 40
"""Levels of a config; an alias may contain itself."""

FLOAT_OF_YAML_1_2 = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
MERGE = "tag:yaml.org,2002:merge"


class _Constructor(yaml.constructor.SafeConstructor):
    """Scalars only: bool, int, float and null of YAML 1.1, as the trainers read them."""


def read_yaml_config(text: str, path: str) -> dict[str, Setting]:
    """Return the settings of a YAML config by dotted key, in the order of the file.

    Numbers such as ``1e-4``, which YAML 1.1 and so PyYAML takes for text, become numbers; the place carries the line
    as it is written, so that a rule can still tell. A list of scalars is one value; in a list of mappings the items
    are counted (``transforms.0.size``). Merged keys (``<<``) have the line of the anchor they come from.

    Raises:
        SourceError: if the text is no YAML, not a mapping, or too large to be a config.
    """
    roots = _compose(text, path)
    written = text.splitlines()
    settings: dict[str, Setting] = {}
    for root in roots:
        if not isinstance(root, yaml.MappingNode):
            raise SourceError("not a config: no mapping", place=Place(path, root.start_mark.line + 1))
        for count, (key, value, mark) in enumerate(_leaves(root, "", 0, {})):
            if count >= MOST:
                raise SourceError(f"not a config: more than {MOST} settings", place=Place(path))
            line = written[mark.line].strip() if mark.line < len(written) else ""
            settings[key] = Setting(key, value, Place(path, mark.line + 1, mark.column + 1, line[:400]))
    return settings


def repeated_keys(text: str, path: str) -> Iterator[tuple[str, Place, Place]]:
    """Yield every key that stands twice in one mapping, with the place that is overruled and the one that counts.

    Raises:
        SourceError: as ``read_yaml_config``.
    """
    seen: set[int] = set()
    waiting = list(_compose(text, path))
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        first: dict[str, yaml.Mark] = {}
        for item in node.value:
            key, value = item if isinstance(node, yaml.MappingNode) else (None, item)
            waiting.append(value)
            if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
                if before := first.get(key.value):
                    yield key.value, Place(path, before.line + 1), Place(path, key.start_mark.line + 1)
                first[key.value] = key.start_mark


def _compose(text: str, path: str) -> list[yaml.Node]:
    if len(text) > LARGEST:
        raise SourceError("too large for a config", place=Place(path))
    try:
        return [node for node in yaml.compose_all(text, Loader=yaml.SafeLoader) if node is not None]
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SourceError(f"not valid YAML: {error.problem or error.context}", place=Place(path, at)) from None
    except yaml.YAMLError as error:
        raise SourceError(f"not valid YAML: {str(error).splitlines()[0]}", place=Place(path)) from None
    except RecursionError:
        raise SourceError("not a config: nested too deeply", place=Place(path)) from None


Pairs: TypeAlias = dict[str, tuple[yaml.Node, yaml.Node]]


def _leaves(node: yaml.Node, prefix: str, depth: int, known: dict[int, Pairs]) -> Iterator[tuple[str, Any, yaml.Mark]]:
    if depth > DEEPEST:
        return
    if isinstance(node, yaml.MappingNode):
        for name, (key, value) in _pairs(node, known).items():
            yield from _value(f"{prefix}{name}", key, value, depth, known)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _value(f"{prefix}{index}", item, item, depth, known)


def _pairs(node: yaml.MappingNode, known: dict[int, Pairs]) -> Pairs:
    """Return the keys of a mapping, merged ones first; a key of its own replaces a merged one as a whole."""
    if id(node) in known:
        return known[id(node)]
    found: Pairs = {}
    known[id(node)] = found  # before its parts: a mapping may merge itself
    for key, value in node.value:
        if key.tag == MERGE:
            # Of several sources the first that has a key wins.
            for source in reversed(value.value) if isinstance(value, yaml.SequenceNode) else (value,):
                if isinstance(source, yaml.MappingNode):
                    found |= _pairs(source, known)
    for key, value in node.value:
        if key.tag != MERGE:
            found[key.value if isinstance(key, yaml.ScalarNode) else "?"] = (key, value)
    return found


def _value(
    name: str, key: yaml.Node, value: yaml.Node, depth: int, known: dict[int, Pairs]
) -> Iterator[tuple[str, Any, yaml.Mark]]:
    if isinstance(value, yaml.ScalarNode):
        yield name, scalar(value), key.start_mark
    elif isinstance(value, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in value.value):
        yield name, [scalar(item) for item in value.value], key.start_mark
    elif isinstance(value, yaml.CollectionNode) and not value.value:
        yield name, {}, key.start_mark
    elif depth >= DEEPEST:
        yield name, "...", key.start_mark
    else:
        yield from _leaves(value, f"{name}.", depth + 1, known)


def scalar(node: yaml.ScalarNode) -> Any:
    """Return the value of a scalar: None, bool, int, float or text."""
    kind = node.tag.rpartition(":")[2]
    text: str = node.value
    if kind == "str" and node.style is None and FLOAT_OF_YAML_1_2.fullmatch(text):
        return float(text)
    if kind not in ("null", "bool", "int", "float"):
        return text
    try:
        return getattr(_Constructor(), f"construct_yaml_{kind}")(node)
    except (ValueError, KeyError, OverflowError, AttributeError, IndexError, yaml.YAMLError):
        return text
