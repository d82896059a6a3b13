"""Changes that are one although several keys reach them: each is counted once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from diagnose.engine.diff.items import Entry
from diagnose.engine.diff.pairing import lists, written
from diagnose.model import Change, Config
from diagnose.model.change import RISKS
from diagnose.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Found:
    """A change and what it was made of."""

    change: Change
    entry: Entry


def once(found: Iterable[Found], old: Config, new: Config) -> list[Change]:
    """Return the changes; of those that are one setting under several keys the most dangerous, with the shortest.

    They are one if role, values and any of these are equal: the place in the text; the canonical name where one key
    ends the other (``hyp.cls`` and ``cls``); the place in lists of equal content (``train_pipeline`` and
    ``train_dataloader.dataset.pipeline``).
    """
    twins = _twins(old, new)
    groups: list[list[Found]] = []
    marked: dict[Hashable, list[Found]] = {}
    for one in sorted(found, key=lambda one: (RISKS.index(one.change.risk), one.change.key.count("."))):
        marks = [*_marks(one, twins)]
        group = next((marked[mark] for mark in (*marks, *_ends(one)) if mark in marked), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(one)
        for mark in marks:
            marked.setdefault(mark, group)
    return [_merged(group) for group in groups]


def _merged(group: list[Found]) -> Change:
    if len(group) == 1:
        return replace(group[0].change, parts=group[0].entry.parts)
    return replace(group[0].change, parts=tuple(part for one in group for part in one.entry.parts or (one.change.key,)))


def _marks(one: Found, twins: dict[str, str]) -> Iterator[Hashable]:
    """Yield what another change has too if it is the same one."""
    change = one.change
    if spots := _spots(one.entry):
        yield *_values(change), *spots
    if change.name:
        yield *_values(change), change.name, change.key
    if (key := _in_first_twin(change.key, twins)) is not None:
        yield *_values(change), "list", key


def _ends(one: Found) -> Iterator[Hashable]:
    """Yield the marks of changes whose key ends this one's."""
    change, parts = one.change, one.change.key.split(".")
    if change.name:
        yield from ((*_values(change), change.name, ".".join(parts[at:])) for at in range(1, len(parts)))


def _values(change: Change) -> tuple[str, ...]:
    return change.role, change.kind, repr(change.old), repr(change.new)


def _spots(entry: Entry) -> tuple[Hashable, ...]:
    """Return where in the text the values of both sides stand; nothing where that is not known."""
    sides = [(one.place.path, one.span) if one is not None else None for one in (entry.before, entry.after)]
    return () if any(side is not None and side[1] is None for side in sides) else tuple(sides)


def _twins(old: Config, new: Config) -> dict[str, str]:
    """Return all lists, each with the first that has the same content on both sides."""
    contents = [{stem: repr(written(items)) for stem, items in lists(side).items()} for side in (old, new)]
    first: dict[tuple[str, ...], str] = {}
    return {
        stem: first.setdefault(tuple(side.get(stem, "") for side in contents), stem)
        for stem in dict.fromkeys(stem for side in contents for stem in side)
    }


def _in_first_twin(key: str, twins: dict[str, str]) -> str | None:
    """Return the key as it would be called in the first list of the same content; None if it is in no list."""
    parts = key.split(".")
    stems = (".".join(parts[:at]) for at in range(1, len(parts) + 1))
    stem = next((stem for stem in stems if stem in twins), None)
    return None if stem is None else twins[stem] + key[len(stem) :]
