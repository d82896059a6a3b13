"""Which setting of one config answers to which of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher

from diagnose.model import Config, Setting
from diagnose.names import hyperparameters

KINDS = ("type", "_target_", "class_name", "class_path", "name")
"""Keys that say what an item of a list is."""
MOST_ITEMS = 2_000
"""Items of a list that are aligned; longer ones are compared by position."""
GONE = ".-"
"""Stands before the number of an item that the new side does not have; no key of a config holds it."""


def pairs(old: Config, new: Config) -> Iterator[tuple[Setting | None, Setting | None]]:
    """Yield the settings of both sides that belong together, in the order of the new side; None where one is alone.

    They belong together by key as written; items of lists by what they hold, so that an item put in before them does
    not make all others differ; what is then left, by canonical name where each side has one setting of it, so that two
    frameworks, or a file and the dump of it in a log, can be compared.
    """
    renamed = _aligned(old, new)
    before = {renamed.get(key, key): setting for key, setting in old.settings.items()}
    left = {key: setting for key, setting in before.items() if key not in new.settings}
    named = _by_name(old, {key: setting for key, setting in left.items() if GONE not in key})
    for key, setting in new.settings.items():
        if key in before:
            yield before[key], setting
            continue
        name = next((name for name, one in new.canonical.items() if one is setting), "")
        other = named.pop(name, None) if name else None
        if other is not None:
            left = {rest: one for rest, one in left.items() if one is not other}
        yield other, setting
    for setting in left.values():
        yield setting, None


def _by_name(config: Config, left: dict[str, Setting]) -> dict[str, Setting]:
    alone = {id(setting) for setting in left.values()}
    return {name: setting for name, setting in config.canonical.items() if id(setting) in alone and _specific(name)}


def _specific(name: str) -> bool:
    """Whether two settings of one canonical name set the same thing: not where it gathers all sorts of names."""
    row = hyperparameters().get(name)
    return row is not None and row.role != "bookkeeping"


def _aligned(old: Config, new: Config) -> dict[str, str]:
    """Return keys of the old side as they would be called on the new one, where items of a list have moved."""
    renamed: dict[str, str] = {}
    theirs = lists(new)
    for stem, items in lists(old).items():
        if stem not in theirs or max(len(items), len(theirs[stem])) > MOST_ITEMS:
            continue
        moved = _moves(items, theirs[stem])
        for index, keys in items.items():
            there = f".{moved[index]}." if index in moved else f"{GONE}{index}."
            renamed |= {f"{stem}.{index}.{rest}": f"{stem}{there}{rest}" for rest in keys}
    return {key: name for key, name in renamed.items() if key != name and key in old.settings}


def item_of(key: str) -> str:
    """Return the item of a list that a key stands in (``train_pipeline.3``), of the outermost; empty if in none."""
    parts = key.split(".")
    number = next((at for at, part in enumerate(parts) if at and part.isdigit()), 0)
    return ".".join(parts[: number + 1]) if 0 < number < len(parts) - 1 else ""


def list_of(item: str) -> str:
    """Return the list that an item stands in."""
    return item.rpartition(".")[0]


def lists(config: Config) -> dict[str, dict[int, dict[str, object]]]:
    """Return the lists of mappings by dotted stem: index -> what the item holds by the rest of the key."""
    found: dict[str, dict[int, dict[str, object]]] = defaultdict(dict)
    for key, setting in config.settings.items():
        if item := item_of(key):  # lists within lists move with the outermost
            found[list_of(item)].setdefault(int(item.rpartition(".")[2]), {})[key[len(item) + 1 :]] = setting.value
    return {stem: items for stem, items in found.items() if [*items] == [*range(len(items))]}


def _moves(old: dict[int, dict[str, object]], new: dict[int, dict[str, object]]) -> dict[int, int]:
    """Return old index -> new index: equal items first, then items of one type in order."""
    moved: dict[int, int] = {}
    matcher = SequenceMatcher(None, written(old), written(new), autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            moved.update(zip(range(i, i_end), range(j, j_end), strict=True))
            continue
        free = [*range(j, j_end)]
        for index in range(i, i_end):
            kind = _kind(old[index])
            match = next((other for other in free if _kind(new[other]) == kind), None)
            if match is not None:
                moved[index] = match
                free = [other for other in free if other > match]
    return moved


def written(items: dict[int, dict[str, object]]) -> list[str]:
    """Return the items of a list as texts that are equal where they are."""
    return [repr(sorted(item.items(), key=lambda pair: pair[0])) for item in items.values()]


def _kind(item: dict[str, object]) -> object:
    return next((item[name] for name in KINDS if name in item), "")
