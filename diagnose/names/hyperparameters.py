"""The table of hyperparameters: from a config's key to what it sets, how risky a change of it is, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from diagnose.assets import load
from diagnose.names.frameworks import lineage
from diagnose.records import dataclass

SCALES = ("log", "linear", "share", "count", "choice")
"""How its values are compared: by factor, by difference, as a part of one, by number, or not at all."""
ROLES = (
    "learning-rate", "schedule", "batch", "optimizer", "regularisation", "loss", "matching", "augmentation", "data",
    "model", "precision", "budget", "stopping", "evaluation", "seed", "hardware", "bookkeeping",
)  # fmt: skip
ANY = "any"
REST = "**"
"""As the last part of an alias: everything below."""
NOTHING = "nothing"


@dataclass(frozen=True, slots=True, eq=False)
class Hyperparameter:
    """One row of the table.

    Attributes:
        name: the canonical name (``lr``).
        title: what it is, in words.
        role: one of ``ROLES``.
        risk: how much a usual change of it can cost: ``critical``, ``high``, ``medium``, ``low`` or ``none``.
        because: the reason for that judgement, one sentence.
        source: who says so, as a citation; empty where the reason is arithmetic or the risk is low.
        scale: one of ``SCALES``.
        unit: of its number; empty for a bare one.
        off: the values at which the mechanism does nothing.
        low, high: bounds of plausible values; None where there is none.
        range_source: the citation for the bounds.
        fact: the fact that it states; empty if none.
        pairs_with: canonical names that should move with it.
        defaults: the value that an absent key stands for, by framework.
        keys: how frameworks spell it, by framework (``any``: wherever it stands).
    """

    name: str
    title: str
    role: str
    risk: str
    because: str
    source: str = ""
    scale: str = "linear"
    unit: str = ""
    off: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    range_source: str = ""
    fact: str = ""
    pairs_with: tuple[str, ...] = ()
    defaults: Mapping[str, Any] | None = None
    keys: Mapping[str, tuple[str, ...]] | None = None

    def is_off(self, value: object) -> bool:
        """Return whether the mechanism does nothing at this value."""
        if isinstance(value, str):
            value = value.strip().lower()
        return any(value == off and isinstance(value, str) == isinstance(off, str) for off in self.off)

    def has_default(self, framework: str) -> bool:
        """Return whether it is known what an absent key means to the framework."""
        return any(name in (self.defaults or {}) for name in lineage(framework))

    def default(self, framework: str, key: str = "") -> Any:
        """Return the value that an absent key stands for; None if that is not known (or is None).

        Args:
            framework: whose config it is.
            key: the key that is absent, for rows whose keys have values of their own.
        """
        known = self.defaults or {}
        value = next((known[name] for name in lineage(framework) if name in known), None)
        return value.get(_parts(key)[-1]) if isinstance(value, Mapping) else value


@cache
def hyperparameters() -> dict[str, Hyperparameter]:
    """Return every row by canonical name, in the order of the file."""
    return {row.name: row for row in _rows()}


@lru_cache(maxsize=16384)
def hyperparameter(key: str, framework: str = "") -> Hyperparameter | None:
    """Return what a config's dotted key sets, or None if it is nothing we know.

    The longest alias that ends the key counts, one of the framework before one of all: ``optim_wrapper.optimizer.lr``
    and ``--lr`` are both ``lr``. What stands before the alias must be a place for such a setting (see ``contexts`` in
    the table): ``param_scheduler.1.lr`` and ``norm_cfg.momentum`` are no settings of the optimizer.

    Args:
        key: as written, any case, with dots for levels.
        framework: whose key it is (see ``framework_of``); without it only what all frameworks share is looked up.
    """
    parts = _parts(key)
    found = _ending(parts, framework) or _shaped(parts) or _below(parts, framework)
    if found is None and parts[-1] == "value" and len(parts) > 1:
        return hyperparameter(key.rpartition(".")[0], framework)  # as a tracker stores it: `lr.value`, `lr.desc`
    return found


def _parts(key: str) -> tuple[str, ...]:
    return tuple(key.strip().lstrip("-").lower().replace("-", "_").split("."))


def _ending(parts: tuple[str, ...], framework: str) -> Hyperparameter | None:
    """Return the row of the longest alias that ends the key."""
    best: tuple[int, Hyperparameter] | None = None
    ends = _ends(parts)
    for name in (*lineage(framework), ANY):
        index = _index().get(name, {})
        for alias, row in [one for end in ends for one in index.get(end, ())]:
            start = _fits(alias, parts)
            if start is None or (best and len(alias) <= best[0]):
                continue
            if _placed(parts[:start], row.role, dotted=len(alias) > 1):
                best = len(alias), row
    return best[1] if best else None


def _ends(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return how the last two parts of an alias may be written that fits."""
    if len(parts) < 2:
        return parts
    before, last = parts[-2:]
    return last, f"{before}.{last}", f"*.{last}", f"{before}.*", "*.*"


def _fits(alias: tuple[str, ...], parts: tuple[str, ...]) -> int | None:
    """Return where the alias begins if it ends the key."""
    start = len(parts) - len(alias)
    if start < 0 or any(want not in ("*", part) for want, part in zip(alias, parts[start:], strict=True)):
        return None
    return start


def _shaped(parts: tuple[str, ...]) -> Hyperparameter | None:
    """Return the row of which an alias with a star inside a word (``*_loss_weight``) fits the last part."""
    for shape, row in _shapes():
        if fnmatchcase(parts[-1], shape) and _placed(parts[:-1], row.role, dotted=False):
            return row
    return None


def _below(parts: tuple[str, ...], framework: str) -> Hyperparameter | None:
    """Return the row of the deepest tree (``logger.**``) that the key stands in."""
    best: tuple[int, Hyperparameter] | None = None
    for name in (*lineage(framework), ANY):
        trees = _trees().get(name, {})
        for stem, row in (*trees.get(parts[0], ()), *trees.get("*", ())):
            if len(parts) <= len(stem) or (best and len(stem) <= best[0]):
                continue
            if all(want in ("*", part) for want, part in zip(stem, parts, strict=False)):
                best = len(stem), row
    return best[1] if best else None


def _placed(before: tuple[str, ...], role: str, *, dotted: bool) -> bool:
    """Return whether a setting of this role may stand below these parts.

    A bare alias bears one part that is not known, and none where nothing of the optimizer or the model stands.
    """
    contexts, strange, listed = _contexts(), 0, False
    for part in before:
        if listed and part.isdigit():
            continue  # `bbox_head.0`: one of several
        allowed = contexts.get(part)
        listed = allowed is not None and NOTHING not in allowed
        if allowed is None:
            strange += 2 if part.isdigit() else 1
        elif NOTHING in allowed:
            strange += 2
        elif allowed and role not in allowed:
            return False
    return dotted or strange <= 1


@cache
def _contexts() -> dict[str, frozenset[str]]:
    """Return the roles that may stand below a part of a key; an empty set stands for all roles."""
    words: dict[str, frozenset[str]] = {}
    for group in _table()["contexts"]:
        roles = frozenset() if group["roles"] == "all" else frozenset(group["roles"] or [NOTHING])
        words |= dict.fromkeys(group["words"], roles)
    return words


Index: TypeAlias = dict[str, dict[str, list[tuple[tuple[str, ...], Hyperparameter]]]]


@cache
def _index() -> Index:
    """Return the aliases by framework and last two parts."""
    index: Index = {}
    for framework, parts, row in _aliases():
        if parts[-1] != REST:
            index.setdefault(framework, {}).setdefault(".".join(parts[-2:]), []).append((parts, row))
    return index


@cache
def _trees() -> Index:
    """Return the whole trees by framework and first part."""
    index: Index = {}
    for framework, parts, row in _aliases():
        if parts[-1] == REST:
            index.setdefault(framework, {}).setdefault(parts[0], []).append((parts[:-1], row))
    return index


@cache
def _shapes() -> list[tuple[str, Hyperparameter]]:
    return [(parts[0], row) for _, parts, row in _aliases() if len(parts) == 1 and parts[0] != "*" and "*" in parts[0]]


def _aliases() -> Iterator[tuple[str, tuple[str, ...], Hyperparameter]]:
    for row in hyperparameters().values():
        for framework, aliases in (row.keys or {}).items():
            for alias in aliases:
                yield framework, tuple(alias.lower().split(".")), row


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = load(Path(__file__).resolve().with_suffix(".yaml"))
    return table


def _rows() -> Iterator[Hyperparameter]:
    table = _table()
    for role, rows in table["names"].items():
        general = table["roles"][role]
        for name, row in rows.items():
            low, high = row.get("range") or (None, None)
            yield Hyperparameter(
                name,
                row["title"],
                role,
                row.get("risk", general["risk"]),
                row.get("because", general["because"]),
                _cited(row.get("source", "" if "risk" in row else general.get("source", ""))),
                row.get("scale", "linear"),
                row.get("unit", ""),
                tuple(row.get("off", ())),
                low,
                high,
                _cited(row.get("range_source", "")),
                row.get("fact", ""),
                tuple(row.get("pairs_with", ())),
                row.get("defaults", {}),
                {framework: tuple(aliases) for framework, aliases in row["keys"].items()},
            )


def _cited(ids: str) -> str:
    """Return the citations of ids with commas between them."""
    return "; ".join(_table()["sources"][one.strip()] for one in ids.split(",") if one.strip())
