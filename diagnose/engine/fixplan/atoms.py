"""Changes in the terms of OLD's config, and which of them only make sense together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from diagnose.configs.edit import REMOVE
from diagnose.engine.diff.pairing import pairs
from diagnose.engine.fixplan.model import TOTAL, Atom, Move
from diagnose.model import Change, Config, Setting
from diagnose.model.change import RISKS

KINDS = frozenset({"type", "_target_", "class_name", "class_path", "_partial_"})
"""Last parts of keys that name a class, to which the keys beside them belong."""
BATCHES = ("batch_size", "batch_size_per_device", "accumulate")
SAME_TOTAL = 1.1
"""How far two factors may be apart and still be meant to be the same: a batch of 8 x 4 and one of 10 x 3."""
STRUCTURE = frozenset({"model", "architecture", "depth", "hidden_size", "heads", "feedforward", "patch_size"})
"""Settings of a model that decide which weights fit."""
LENGTHS = frozenset({"epochs", "steps"})
CUT = frozenset({"schedule_horizon", "schedule_end", "lr_steps"})
"""Settings of a schedule that are cut to the length of the run."""
THRESHOLDS = frozenset({"pos_iou", "neg_iou", "min_pos_iou"})
NAMED = (
    STRUCTURE | LENGTHS | CUT | THRESHOLDS | {*BATCHES, "lr", "optimizer", "pretrained", "focal_gamma", "focal_alpha"}
)
"""Canonical names of settings that may belong to another by what they are."""
SCALED = 1.3
"""How far a learning rate may be from what the batch asks for and still have been scaled with it."""


def moves(changes: Iterable[Change], old: Config, new: Config) -> Iterator[Move]:
    """Yield the changes with the key that they have in OLD."""
    sides = {(after or before).key: (before, after) for before, after in pairs(old, new) if (after or before)}  # type: ignore[union-attr]
    renamed = _items(sides.values())
    for change in changes:
        for part in change.parts or (change.key,):
            before, after = sides.get(part, (old.settings.get(part), new.settings.get(part)))
            key = before.key if before is not None else _renamed(part, renamed)
            yield Move(change, key, after.value if after is not None else REMOVE, before, after)


def _items(sides: Iterable[tuple[Setting | None, Setting | None]]) -> dict[str, str]:
    """Return the items of lists that moved: as NEW numbers them -> as OLD does."""
    found = {}
    for before, after in sides:
        if before is None or after is None or before.key == after.key:
            continue
        one, other = before.key.split("."), after.key.split(".")
        differ = [at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]]
        if len(one) == len(other) and len(differ) == 1 and one[differ[0]].isdigit() and other[differ[0]].isdigit():
            found[".".join(other[: differ[0] + 1])] = ".".join(one[: differ[0] + 1])
    return found


def _renamed(key: str, renamed: dict[str, str]) -> str:
    for stem, there in renamed.items():
        if key.startswith(f"{stem}."):
            return there + key[len(stem) :]
    return key


def atoms(found: list[Move], old: Config, new: Config) -> list[Atom]:
    """Return the moves in groups that are tested as one, in the order of their first members."""
    groups = _Groups(len(found))
    stems = _stems(found, old, new)
    by_list: dict[str, list[int]] = defaultdict(list)
    for index, move in enumerate(found):
        stem = next((stem for stem in stems if move.key.startswith(f"{stem}.")), "")
        if stem:
            by_list[repr(below(new, stem))].append(index)
    for members in by_list.values():
        for index in members[1:]:
            groups.join(members[0], index, "items of a list came or went")
    totals = _same_total(found)
    for index in totals[1:]:
        groups.join(totals[0], index, "the batch of one step stays, and is only split in another way")
    for one, other in _candidates(found):
        if "lr" in (found[one].change.name, found[other].change.name) and {one, other} & {*totals}:
            continue
        if because := _together(found[one], found[other]):
            groups.join(one, other, because)
    return [
        Atom(
            sorted((found[index] for index in members), key=_leading),
            groups.reasons.get(first, "") if len(members) > 1 else "",
            tuple(stem for stem in stems if any(found[index].key.startswith(f"{stem}.") for index in members)),
        )
        for first, members in groups.members()
    ]


def _leading(move: Move) -> tuple[int, bool]:
    """Sort the most dangerous to the front, and of these the switch or the class that the others belong to."""
    return RISKS.index(move.change.risk), not (move.old is True or move.new is True) and move.key.rpartition(".")[
        2
    ] not in KINDS


class _Groups:
    """Disjoint groups of numbers, each known by its lowest."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))
        self.reasons: dict[int, str] = {}

    def root(self, index: int) -> int:
        while self.parent[index] != index:
            index = self.parent[index]
        return index

    def join(self, one: int, other: int, because: str) -> None:
        one, other = sorted((self.root(one), self.root(other)))
        self.parent[other] = one
        known = [self.reasons.get(one, ""), self.reasons.pop(other, ""), because]
        self.reasons[one] = "; ".join(dict.fromkeys(part for said in known for part in said.split("; ") if part))

    def members(self) -> list[tuple[int, list[int]]]:
        found: dict[int, list[int]] = defaultdict(list)
        for index in range(len(self.parent)):
            found[self.root(index)].append(index)
        return [*found.items()]


def _stems(found: Iterable[Move], old: Config, new: Config) -> tuple[str, ...]:
    """Return the lists that came, went, gained or lost whole items, without those inside of another."""
    items = _items_of(old), _items_of(new)
    stems = set()
    for move in found:
        if (move.before is None) == (move.after is None):
            continue
        parts = (move.after.key if move.before is None and move.after else move.key).split(".")
        for at in range(1, len(parts)):
            stem = ".".join(parts[:at])
            one, other = (side.get(stem, set()) for side in items)
            if parts[at].isdigit() and one != other and ((one and other) or at + 1 < len(parts)):
                stems.add(stem)
                break
    return tuple(sorted(stem for stem in stems if not any(stem.startswith(f"{outer}.") for outer in stems)))


def _items_of(config: Config) -> dict[str, set[str]]:
    """Return the numbers of the items of every list."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in config.settings:
        parts = key.split(".")
        for at, part in enumerate(parts[1:], 1):
            if part.isdigit():
                found[".".join(parts[:at])].add(part)
    return found


def below(config: Config, stem: str) -> dict[str, Any]:
    """Return what stands below a key: values by the rest of the key."""
    return {key[len(stem) + 1 :]: one.value for key, one in config.settings.items() if key.startswith(f"{stem}.")}


def _same_total(found: Sequence[Move]) -> list[int]:
    """Return the parts of the batch of one step that change so that their product stays; none if it does not."""
    parts: dict[str, list[int]] = defaultdict(list)
    for index, move in enumerate(found):
        if move.change.name in TOTAL:
            parts[move.change.name].append(index)
    factors = {name: _factor(found[members[0]].change) for name, members in parts.items()}
    for count in range(2, len(TOTAL) + 1):
        for names in combinations(factors, count):
            product = math.prod(factors[name] for name in names)
            if (
                product
                and {"batch_size", "batch_size_per_device"} - {*names}
                and abs(math.log(product)) < math.log(SAME_TOTAL)
            ):
                return [index for name in names for index in parts[name]]
    return []


def _factor(change: Change) -> float:
    """Return by how much a part of the batch changes; 0 if that cannot be told."""
    one, other = (1 if change.name == "accumulate" and not side else side for side in (change.old, change.new))
    return _stretch(one, other)


def _stretch(one: Any, other: Any) -> float:
    """Return by which factor a size changes; 0 if one of the two is no size."""
    sizes = one, other
    if any(isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < 1e9 for size in sizes):
        return 0
    return float(other / one)


def _candidates(found: Sequence[Move]) -> list[tuple[int, int]]:
    """Return the pairs that may belong together, in order; of thousands of changes most have nothing to do with others.

    Exactly those for which ``_together`` can say yes are among them.
    """
    alike: dict[Any, list[int]] = defaultdict(list)
    special = []
    pairs: set[tuple[int, int]] = set()
    for index, move in enumerate(found):
        parent, _, last = move.key.rpartition(".")
        alike["value", repr((move.old, move.new)), move.change.name].append(index)
        if move.before is not None and move.before.span:
            alike["place", _written(move.before)].append(index)
        if move.change.name in NAMED:
            special.append(index)
        if last in KINDS and parent:
            below = (at for at, one in enumerate(found) if one.key.startswith(f"{parent}."))
            pairs |= {(min(index, at), max(index, at)) for at in below if at != index}
        if parent and ((move.before is None and move.new is True) or (move.after is None and move.old is True)):
            beside = (at for at, one in enumerate(found) if one.key.rpartition(".")[0] == parent)
            pairs |= {(min(index, at), max(index, at)) for at in beside if at != index}
    for members in (*alike.values(), special):
        pairs |= {*combinations(members, 2)}
    return sorted(pairs)


def _together(one: Move, other: Move) -> str:
    """Return why two changes make sense only together; empty if they do not belong together."""
    if one.before and other.before and one.before.span and _written(one.before) == _written(other.before):
        return "they are written at one place"
    if _alike(one, other):
        return "they say the same"
    if one.key.rpartition(".")[0] == other.key.rpartition(".")[0] and _switched(one, other):
        return "a switch and what came or went with it"
    for this, that in ((one, other), (other, one)):
        parent, _, last = this.key.rpartition(".")
        if (
            last in KINDS
            and this.change.kind in ("choice", "added", "removed")
            and parent
            and that.key.startswith(f"{parent}.")
        ):
            return f"`{this.key}` names another class, to which the others belong"
        if this.change.name == "lr" and that.change.name == "optimizer":
            return "a learning rate belongs to its optimizer"
        if this.change.name == "lr" and that.change.name in BATCHES and _scaled(this.change, that.change):
            return "the learning rate was scaled with the batch"
        if {this.change.name, that.change.name} <= THRESHOLDS and parent == that.key.rpartition(".")[0]:
            return "the thresholds of one assigner"
        if this.change.name in STRUCTURE and that.change.name == "pretrained" and _fitting(this, that):
            return "weights fit one structure only"
        if this.change.name in LENGTHS and that.change.name in CUT and _cut(this, that):
            return "the schedule is cut to the length of the run"
        if (this.change.name, that.change.name) == ("focal_gamma", "focal_alpha") and _focal(this.change, that.change):
            return "alpha acts through gamma"
    return ""


def _alike(one: Move, other: Move) -> bool:
    """Return whether two keys set one thing: ``base_lr`` and ``optimizer.lr``, or two copies of a pipeline."""
    left, right = one.change, other.change
    if repr((one.old, one.new)) != repr((other.old, other.new)) or left.name != right.name:
        return False
    if one.key.rpartition(".")[2] == other.key.rpartition(".")[2]:
        return True
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one.old, one.new))
    return bool(left.name) and numbers and left.role not in ("model", "data")


def _switched(one: Move, other: Move) -> bool:
    """Return whether both came, or both went, and one of them is a switch."""
    if "." not in one.key:
        return False
    came = one.before is None and other.before is None and (one.new is True or other.new is True)
    went = one.after is None and other.after is None and (one.old is True or other.old is True)
    return came or went


def _written(setting: Setting) -> tuple[str, tuple[int, int] | None]:
    return setting.place.path, setting.span


def _scaled(lr: Change, batch: Change) -> bool:
    if not lr.factor or not batch.factor or (lr.factor > 1) != (batch.factor > 1):
        return False
    return any(abs(math.log(lr.factor / batch.factor**power)) < math.log(SCALED) for power in (1.0, 0.5))


def _fitting(structure: Move, weights: Move) -> bool:
    """Return whether both name something else than before, and the weights are those of this part of the model."""
    parent = structure.key.rpartition(".")[0]
    other = all(move.change.kind in ("choice", "tuning") for move in (structure, weights))
    return other and (not parent or weights.key.startswith(f"{parent}."))


def _cut(length: Move, schedule: Move) -> bool:
    """Return whether a schedule was stretched by as much as the run."""
    sides = [side if isinstance(side, list | tuple) else [side] for side in (schedule.change.old, schedule.change.new)]
    if not length.change.factor or len(sides[0]) != len(sides[1]):
        return False
    factors = [_stretch(one, other) / length.change.factor for one, other in zip(*sides, strict=True)]
    return bool(factors) and all(1 / SAME_TOTAL < factor < SAME_TOTAL for factor in factors)


def _focal(gamma: Change, alpha: Change) -> bool:
    if gamma.kind in ("activation", "deactivation"):
        return True
    return bool(gamma.factor and alpha.factor and (gamma.factor > 1) != (alpha.factor > 1))
