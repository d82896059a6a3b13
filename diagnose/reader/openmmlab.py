"""Records of the OpenMMLab family, in text and JSON: where the loop stands, the numbers of a record, checkpoints."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from diagnose.names import canonical
from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.reader.bulk import Item
from diagnose.reader.grammar import BLANK_DIGITS, Match, number, undigited
from diagnose.records import replace
from diagnose.sources import Line

STAMP = lazy(r".*?[0-9]{2}[-/][0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:,[0-9]{1,6})? - ")
"""Both loggers begin a record with date, time and a dash; lines without belong to the record above them."""
NOT_OF_A_LOOP = frozenset({"eta", "time", "data_time", "memory"})
"""Items of a validation line that say nothing about training and share their names with it."""
ABSENT = lazy(r"(^|[/_])m?A[PR](\b|_|$)")
WHOLE = lazy(r"mAP$|(^|/)AP$")


class Loop:
    """Follows the loop of one log: which epoch and step a line belongs to, and when another session begins."""

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self.at = (0.0, 0.0)

    def passed(self, epoch: float, inner: float, step: float) -> None:
        """Note that records of the same session were read in bulk, up to this one."""
        self.at = (epoch, inner)
        if epoch:
            self._build.current_epoch = epoch
        self._build.current_step = step

    def train(self, epoch: float, inner: float, line: int, step: float) -> None:
        """Enter a training record; one that is not later than the last one begins another session.

        Args:
            epoch: epoch from 1, or 0 where the loop counts iterations only.
            inner: iteration within the epoch, or of the whole run where there is no epoch.
            line: physical line.
            step: optimizer step, NaN if unknown.
        """
        if (epoch, inner) <= self.at and self._build.has_points:
            self._build.close()
        self.at = (epoch, inner)
        if epoch:
            self._build.epoch(epoch, line)
        self._build.current_step = step


def points(
    build: RunBuilder,
    pairs: Iterable[tuple[str, float]],
    line: int,
    split: str,
    *,
    epoch: float | None = None,
    step: float | None = None,
) -> int:
    """Add the values of one record; return how many were added.

    Of a validation, times and memory are left out; so is the -1 that COCO prints where there is nothing to measure.
    """
    items = [(bare_key(key, split), value) for key, value in pairs]
    has_lr = any(key == "lr" for key, _ in items)
    added = 0
    for key, value in items:
        if not key:
            continue
        if value == -1.0 and (said := absent(key)):
            if said == "all":
                build.event("validation_empty", line, f"{key}: -1", message=f"{key} is -1: nothing to measure it on")
            continue
        name = "base_lr" if key == "base_lr" and has_lr else ""
        build.point(key, value, line, split=split, epoch=epoch, step=step, name=name)
        added += 1
    return added


def bulk_items(match: Match, parts: Sequence[int], split: str) -> list[Item] | None:
    """Return what ``points`` takes of a text line, for reading lines like it in bulk; None if it is not just numbers.

    Args:
        match: the line.
        parts: the variable part of its template that each token is, or -1.
        split: as for ``points``.
    """
    items: list[Item] = []
    for index, ((kind, key), (after, value)) in enumerate(pairwise(match.tokens)):
        if kind != "KEY":
            continue
        bare = bare_key(key, split)
        if after == "DICT" or (after in ("VALUE", "GLUED") and parts[index + 1] < 0):
            return None
        if bare and after in ("VALUE", "GLUED"):
            items.append(Item(bare, split, parts[index + 1], absent=absent(bare) == "part"))
        elif bare and after == "NONFINITE":
            items.append(Item(bare, split, -1, value=number(value)))
    if any(item.printed == "lr" for item in items):
        items = [replace(item, name="base_lr") if item.printed == "base_lr" else item for item in items]
    return [replace(item, name=item.name or canonical(item.printed, split)) for item in items]


@lru_cache(maxsize=4096)
def absent(key: str) -> str:
    """Return what there was nothing to measure in if a metric is -1: ``part`` or ``all`` of it; else nothing."""
    return ("all" if WHOLE.search(key) else "part") if ABSENT.search(key) else ""


@lru_cache(maxsize=4096)
def bare_key(key: str, split: str) -> str:
    """Return a key without the split that mmengine may write before it; nothing for what is no measurement."""
    bare = key.removeprefix(f"{split}/")
    if bare == "eta" or (split != "train" and (bare in NOT_OF_A_LOOP or bare.endswith("lr"))):
        return ""
    return bare


def items_of(match: Match) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a text line by key; of a dictionary, its numbers by ``key/name``."""
    tokens = match.tokens
    for (kind, key), (after, value) in pairwise(tokens):
        if kind != "KEY":
            continue
        if after in ("VALUE", "GLUED", "NONFINITE"):
            yield key, number(value)
        elif after == "DICT":
            yield from _members(key, value)


def _members(key: str, text: str) -> Iterator[tuple[str, float]]:
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return
    if isinstance(value, dict):
        yield from flat(key, value)


def flat(key: str, value: Any) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a JSON value with their keys joined by slashes."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from flat(f"{key}/{name}" if key else str(name), member)
    elif isinstance(value, float):
        yield key, value
    elif isinstance(value, int) and not isinstance(value, bool):
        try:
            yield key, float(value)
        except OverflowError:
            yield key, math.inf


class Warnings:
    """Reports each warning of a session once."""

    MOST, MOST_KNOWN = 200, 2000

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._seen: set[tuple[int, str]] = set()
        self._known: set[tuple[int, bytes]] = set()

    def feed(self, message: str, line: Line, session: int) -> None:
        """Report a line logged at level WARNING, unless one like it was reported before in this session."""
        if len(self._known) > self.MOST_KNOWN:
            self._known.clear()
        self._known.add((session, undigited(line.text)))
        shape = session, _without_digits(message)
        if shape in self._seen or len(self._seen) >= self.MOST:
            return
        self._seen.add(shape)
        self._build.event("warning", line.number, line.text.strip(), category="", message=message.strip()[:200])

    def tell_nothing(self, lines: bytes, session: int) -> bool:
        """Whether lines like all of these were fed before in this session."""
        return all((session, line) in self._known for line in lines.translate(BLANK_DIGITS).split(b"\n")[:-1])


@lru_cache(maxsize=4096)
def _without_digits(message: str) -> str:
    return re.sub(r"\d+", "0", message)[:200]


def counted(match: Match) -> str:
    """Return what ``Saving checkpoint at 3 epochs`` (or iterations) counts."""
    return "epoch" if (match.get("UNIT") or "").strip().startswith("epoch") else "step"


def best(match: Match, *, unit: str = "UNIT", path: str = "") -> dict[str, Any]:
    """Return what is said of a checkpoint that was written because a metric was the best so far.

    Args:
        match: the line; it tells the path if it has one.
        unit: terminal of what is counted.
        path: what the line above it told.
    """
    said = dict(match.tokens)
    try:
        value = number(said["BEST_VALUE"].strip())
    except ValueError:
        value = math.nan
    path = said.get("PATH", path).strip().removesuffix(".")
    at = "epoch" if said[unit].strip().startswith("epoch") else "step"
    return {"metric": said["METRIC"], "value": value, "path": path, at: float(said["INT"])}


def state_once(build: RunBuilder, name: str, value: float, line: Line) -> None:
    """State a number that every line repeats only where it is new."""
    known = build.known(name)
    if known is None or known.value != value:
        build.fact(name, value, line.number, line.text.strip())


def class_mismatch(build: RunBuilder, match: Match, line: Line) -> None:
    """Report that the program refuses to train because head and data set differ in their classes."""
    model, data = (float(count) for count in match.all("INT"))
    text = line.text.strip()
    build.event("class_mismatch", line.number, text, model=model, data=data, message=text[:200])
