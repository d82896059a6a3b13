"""Changes that are one although several keys reach them: each is counted once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from diagnose.engine.diff.items import Entry
from diagnose.engine.diff.pairing import lists, written
from diagnose.model import Change, Config
from diagnose.model.change import RISKS
from diagnose.names.frameworks import lineage

OF_VARIABLES = "openmm"
"""Family whose configs may hold variables that nothing needs to use: the key that uses one counts."""


@dataclass(frozen=True, slots=True)
class Found:
    """A change and what it was made of."""

    change: Change
    entry: Entry


def once(found: Iterable[Found], old: Config, new: Config) -> list[Change]:
    """Return the changes; of those that are one setting under several keys the most dangerous, with all its keys.

    They are one if role, values and either of these are equal: the place in the text; the canonical name where one key
    ends the other (``hyp.cls`` and ``cls``); the place in lists of equal content (``train_pipeline`` and
    ``train_dataloader.dataset.pipeline``).
    """
    twins = _twins(old, new)
    alike: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for one in found:
        change = one.change
        alike[change.role, change.kind, repr(change.old), repr(change.new)].append(one)
    changes = []
    for group in alike.values():
        group.sort(key=lambda one: (RISKS.index(one.change.risk), _variable(one, old, new), one.change.key.count(".")))
        first: list[tuple[Found, list[Found]]] = []
        for one in group:
            same = next((members for head, members in first if _one(head, one, twins)), None)
            if same is None:
                first.append((one, [one]))
            else:
                same.append(one)
        changes += [_merged(head, members) for head, members in first]
    return changes


def _merged(head: Found, members: list[Found]) -> Change:
    if len(members) == 1:
        return replace(head.change, parts=head.entry.parts)
    return replace(head.change, parts=tuple(part for one in members for part in one.entry.parts or (one.change.key,)))


def _variable(one: Found, old: Config, new: Config) -> bool:
    return "." not in one.change.key and OF_VARIABLES in lineage((new if one.entry.after else old).framework)


def _one(one: Found, other: Found, twins: dict[str, str]) -> bool:
    if (spots := _spots(one.entry)) and spots == _spots(other.entry):
        return True
    keys = sorted((one.change.key, other.change.key), key=len)
    if one.change.name and one.change.name == other.change.name and keys[1].endswith(f".{keys[0]}"):
        return True
    first, second = (_in_twin(key, twins) for key in keys)
    return first is not None and first == second


def _spots(entry: Entry) -> tuple[object, ...]:
    """Return where in the text the values of both sides stand; nothing where that is not known."""
    present = [one for one in (entry.before, entry.after) if one is not None]
    spots = tuple((one.place.path, one.span) for one in present if one.span is not None)
    return (entry.before is None, *spots) if len(spots) == len(present) else ()


def _twins(old: Config, new: Config) -> dict[str, str]:
    """Return lists that have equal content on both sides: each by its name and the name of the first of its kind."""
    contents = [{stem: repr(written(items)) for stem, items in lists(side).items()} for side in (old, new)]
    first: dict[tuple[str, ...], str] = {}
    return {
        stem: first.setdefault(tuple(side.get(stem, "") for side in contents), stem)
        for stem in dict.fromkeys(stem for side in contents for stem in side)
    }


def _in_twin(key: str, twins: dict[str, str]) -> str | None:
    for stem in _stems(key):
        if stem in twins:
            return twins[stem] + key[len(stem) :]
    return None


def _stems(key: str) -> Iterator[str]:
    parts = key.split(".")
    yield from (".".join(parts[:at]) for at in range(1, len(parts) + 1))
