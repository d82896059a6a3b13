"""Items of lists that came or went as a whole: one change each, not one for every key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from diagnose.engine.diff.pairing import KINDS, item_of, list_of
from diagnose.model import UNKNOWN, Setting
from diagnose.records import dataclass, replace

Pair: TypeAlias = tuple[Setting | None, Setting | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """Two settings that belong together, or all of an item or list that one side lacks.

    Attributes:
        before, after: the settings; for an item one with its key and its type as the value.
        known: the key by which the table of hyperparameters knows it.
        parts: the keys that are counted in it, where that is more than its own.
    """

    before: Setting | None
    after: Setting | None
    known: str
    parts: tuple[str, ...] = ()


def entries(found: Iterable[Pair]) -> list[Entry]:
    """Return the pairs, with one entry for what came or went as a whole."""
    plain: list[Entry] = []
    alone: dict[tuple[bool, str], list[Setting]] = defaultdict(list)
    kept: set[tuple[bool, str]] = set()
    for before, after in found:
        only = (before or after) if before is None or after is None else None
        if only is not None and item_of(only.key):
            alone[after is None, item_of(only.key)].append(only)
            continue
        kept |= {(gone, item_of(one.key)) for gone, one in ((True, before), (False, after)) if one}
        plain += [Entry(before, after, one.key) for one in (after or before,) if one]
    whole: dict[tuple[bool, str], list[list[Setting]]] = defaultdict(list)
    for (gone, item), settings in alone.items():
        if (gone, item) in kept or _type(settings) is None:
            plain += [_entry(gone, one, one.key) for one in settings]
            kept.add((gone, item))
        else:
            whole[gone, list_of(item)].append(settings)
    lasting = {(gone, list_of(item)) for gone, item in kept if item}
    for (gone, stem), items in whole.items():
        plain += (
            [_item(gone, settings) for settings in items] if (gone, stem) in lasting else [_list(gone, stem, items)]
        )
    return plain


def _entry(gone: bool, one: Setting, known: str, parts: tuple[str, ...] = ()) -> Entry:
    return Entry(one if gone else None, None if gone else one, known, parts)


def _item(gone: bool, settings: list[Setting]) -> Entry:
    kind = _type(settings) or settings[0]
    named = replace(kind, key=item_of(kind.key))
    return _entry(gone, named, kind.key, tuple(one.key for one in settings))


def _list(gone: bool, stem: str, items: list[list[Setting]]) -> Entry:
    kinds = [kind for settings in items if (kind := _type(settings)) is not None]
    named = replace(kinds[0], key=stem, value=[kind.value for kind in kinds], span=None)
    return _entry(gone, named, kinds[0].key, tuple(one.key for settings in items for one in settings))


def _type(settings: Iterable[Setting]) -> Setting | None:
    """Return the setting that names what the item is."""
    for one in settings:
        rest = one.key[len(item_of(one.key)) + 1 :]
        if rest in KINDS and one.value is not UNKNOWN and one.value is not None:
            return one
    return None
