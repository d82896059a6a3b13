"""Whether a score is printed as a share or in percent: told for every series, never for a whole file."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

import numpy as np

from diagnose.engine.quote import Quotes
from diagnose.engine.sweep.entry import Entry
from diagnose.engine.sweep.spelling import Key, key_of
from diagnose.model import Place, Series
from diagnose.names import traits
from diagnose.records import dataclass, field
from diagnose.sources import Source

PERCENT = 1.5
"""A bounded score above this is printed in percent."""
SHARE = 1.001
"""More than rounding lets a share be."""
MOST = 100.1
"""More than rounding lets a percentage be."""
HEADS = frozenset({"accuracy", "map", "ap", "f1", "iou", "miou", "dice", "precision", "recall", "kappa", "auc"})
"""Words that tell scores of one kind, which a program prints on one scale: character and sequence accuracy."""
STRUCTURED = frozenset({".csv", ".tsv", ".json", ".jsonl"})


@dataclass(slots=True)
class _Seen:
    """A score with bounds, and what its own values say."""

    series: Series
    key: Key
    kind: tuple[object, ...]
    most: float

    @property
    def percent(self) -> bool:
        return PERCENT < self.most <= MOST


@dataclass(slots=True)
class Scales:
    """The factor from a share to what is printed, by series; NaN where the values are those of no share."""

    _factors: dict[int, float] = field(default_factory=dict)
    _kept: list[Series] = field(default_factory=list)

    def factor(self, series: Series) -> float:
        """Return 1 for a share and for what has no bounds, 100 for percent, NaN for what can be neither."""
        return self._factors.get(id(series), 1.0)

    def doubt(self, series: Series) -> str:
        """Return why the values of a score cannot be believed; empty if they can."""
        if not math.isnan(self.factor(series)):
            return ""
        most = _most(series)
        if most > MOST:
            return f"{series.printed} reaches {most:.4g}: no share, and more than 100 percent"
        return f"{series.printed} reaches {most:.4g}: more than a share can be, and nothing says that it is percent"

    def set(self, series: Series, factor: float) -> None:
        """Note the factor of a series."""
        self._factors[id(series)] = factor
        self._kept.append(series)


def scales(entries: Iterable[Entry], sources: Mapping[str, Source]) -> Scales:
    """Return the scale of every bounded score, from its own values, its sign, its file, and like files."""
    seen = [
        _Seen(series, key_of(series.name), _kind(entry, series), _most(series))
        for entry in entries
        for series in entry.segment.series.values()
        if traits(series.name).high == 1.0
    ]
    found = Scales()
    open_ = [one for one in seen if one.most <= PERCENT]
    signs = _signs(open_, sources)
    within: dict[str, list[_Seen]] = defaultdict(list)
    alike: dict[tuple[object, ...], list[_Seen]] = defaultdict(list)
    for one in seen:
        alike[one.kind].append(one)
        if one.percent:
            within[one.series.path].append(one)
    for one in seen:
        if one.most > PERCENT:
            found.set(one.series, 100.0 if one.percent else math.nan)
        elif (
            signs.get(id(one.series))
            or any(_says(other, one) for other in within[one.series.path])
            or _like(alike[one.kind], one)
        ):
            found.set(one.series, 100.0)
        else:
            found.set(one.series, math.nan if one.most > SHARE else 1.0)
    return found


def _most(series: Series) -> float:
    finite = series.value[np.isfinite(series.value)]
    return float(finite.max()) if len(finite) else 0.0


def _kind(entry: Entry, series: Series) -> tuple[object, ...]:
    """Return what series of several files share that one program wrote."""
    names = frozenset(other.printed for other in entry.segment.series.values())
    return entry.format, series.name, series.printed, names


def _says(other: _Seen, one: _Seen) -> bool:
    """Whether a score in percent shows that another of its file is so, too."""
    if other.key == one.key:
        return True
    if not (other.key[1] == one.key[1] or other.key[1] & one.key[1] & HEADS):
        return False
    structured = PurePath(one.series.path).suffix.lower() in STRUCTURED
    return structured or bool(np.isin(other.series.line, one.series.line).any())


def _like(group: Sequence[_Seen], one: _Seen) -> bool:
    """Whether files of the same columns print the score in percent: one such file for a value no share can have."""
    files = {other.series.path: other.percent for other in group if other.series.path != one.series.path}
    percent = sum(files.values())
    return percent > (0 if one.most > SHARE else len(files) / 2)


def _signs(open_: Iterable[_Seen], sources: Mapping[str, Source]) -> dict[int, bool]:
    """Return the series of which a line prints the number with a percent sign."""
    places: dict[int, tuple[Place, float]] = {}
    for one in open_:
        above = np.flatnonzero(np.isfinite(one.series.value) & (one.series.value > 0))
        suffix = PurePath(one.series.path).suffix.lower()
        if len(above) and one.series.path in sources and suffix not in STRUCTURED:
            point = one.series.point(int(above[0]))
            places[id(one.series)] = point.place, float(point)
    quotes = Quotes(sources)
    quotes.fetch(place for place, _ in places.values())
    return {which: _with_sign(quotes.place(place).text, value) for which, (place, value) in places.items()}


def _with_sign(text: str, value: float) -> bool:
    return any(
        math.isclose(float(number), value)
        for number in re.findall(r"(?<!\d)(\d+(?:\.\d+)?) ?%(?!\s*[|\[\u2500-\u259f])", text)
    )
