"""What functions say of a series of which points were left out is what they say of all of it, or near it."""

import functools
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from diagnose.language import Scope, evaluate, parse
from diagnose.model import Segment, Series
from diagnose.reader.column import Column
from diagnose.reader.room import FIRST, Room, Table

COUNT, EPOCH = 200_000, 2500


@functools.cache
def both(kind: str) -> tuple[Scope, Scope]:
    """Return all points of a curve, and those that stay of them."""
    draw = np.random.default_rng(1)
    at = np.arange(COUNT, dtype=np.float64)
    value = 2 * np.exp(-3 * at / COUNT) * (1 + 0.1 * draw.normal(size=COUNT))
    if kind == "spikes":
        value[draw.choice(np.arange(1000, COUNT), 40, replace=False)] *= 30
    if kind == "gaps":
        value[draw.choice(COUNT, 50, replace=False)] = np.nan
        value[150_000:150_100] = np.inf
    if kind == "end":
        value[COUNT - 15_000 :] = np.nan
    if kind == "jump":
        value = np.where(at > 61_234, 0.01, 0.001)
    if kind == "back":
        at[100_000:] -= 35_000
    epoch = np.floor(np.arange(COUNT) / EPOCH) + 1
    rows = np.column_stack([np.arange(1, COUNT + 1), epoch, at, value])
    whole = Column("loss", "a.log")
    whole.extend(rows[:, 3].copy(), rows[:, 2].copy(), rows[:, 1].copy(), rows[:, 0].astype(np.int64))
    return scope(whole), scope(thinned(rows, 150_000))


def thinned(rows: NDArray[np.float64], most: int) -> Column:
    """Return a column of which points were left out, the first three of them read one by one."""
    room = Room()
    room.most = most
    column = Column("loss", "a.log")
    for line, epoch, step, value in rows[:3]:
        column.put(value, step, epoch, int(line))
    table = Table(room, FIRST + 1, 0, lambda rows: (rows[:, 0], rows[:, 1]))
    column.attach(table, FIRST)
    for start in range(3, len(rows), 7001):
        table.add(rows[start : start + 7001].tobytes())
    return column


def scope(column: Column) -> Scope:
    series = column.series("train/loss", {})
    return Scope(Segment("", 0, "a.log", 1, COUNT, {"train/loss": series}))


def ask(text: str, kind: str) -> tuple[float, float]:
    whole, part = (evaluate(parse(re.sub(r"\bm\b", "train/loss", text)), one) for one in both(kind))
    return float(whole), float(part)


def test_fewer_points_stand_for_all() -> None:
    whole, part = (one.segment.series["train/loss"] for one in both("plain"))
    assert isinstance(part, Series)
    assert len(part) < 50_000 < part.total == len(whole) == len(part) + part.thinned


EXACT = """
count(m); first(m); last(m); best(m); worst(m); first(m).line; last(m).line; best(m).line; worst(m).line; max(m); min(m)
argbest(m) > 0; drop(m); rise(m); spread(m); constant(m); last_epoch(); last_step(); records(); step_gap()
count(per_epoch(m)); sum(per_epoch(m)); count(epoch_sizes(m)); min(epoch_sizes(m)); max(epoch_sizes(m))
at_epoch(m, 17).line; first(per_epoch(m)).line; m[0].line; m[-1].line; count(tail(m, 5)); sum(tail(m, 5))
median(head(m, 9))
any(m > 10); all(m < 10); first(m > 10).line; trailing(m < 0.5) > 1000; count(where(delta(steps_of(m)) < 0))
""".replace("\n", ";").split(";")


@pytest.mark.parametrize("kind", ["plain", "spikes", "gaps", "end", "jump", "back"])
@pytest.mark.parametrize("text", [text.strip() for text in EXACT if text.strip()])
def test_what_is_exact(text: str, kind: str) -> None:
    from diagnose.language import MissingError

    try:
        whole, part = ask(text, kind)
    except MissingError:
        return
    assert part == pytest.approx(whole, rel=1e-9, nan_ok=True)


NEAR = """
mean(m); median(m); std(m); quantile(m, 10%); share(m < 1); count(m < 1); median(tail(m, 20%)); median(head(m, 10%))
noise(m); oscillates(m); trend(m); slope(m); median(smooth(m, count(m) / 20)); min(smooth(m, count(m) / 20))
count(tail(m, 25%)); count(head(m, 25%)); median(tail(m, 3 epochs)); sum(m); median(abs(delta(m))); median(ratio(m))
median(smooth(m, 5)); since_best(m); count(after(m, best(m))); m[count(m) / 3].line; records_after(m[100000])
median(log(m))
median(rolling_mean(m, 4)); longest(m < 5); count(known(m)); median(m * 2 + m); argbest(m); median(delta(epochs_of(m)))
correlation(m, m * m)
""".replace("\n", ";").split(";")


@pytest.mark.parametrize("kind", ["plain", "spikes", "gaps", "end"])
@pytest.mark.parametrize("text", [text.strip() for text in NEAR if text.strip()])
def test_what_is_near(text: str, kind: str) -> None:
    if (text, kind) != ("median(tail(m, 3 epochs))", "end"):  # there is none
        whole, part = ask(text, kind)
        absolute = COUNT / 1000 if "count" in text or "best" in text else 1e-6
        assert part == pytest.approx(whole, rel=0.05 if "delta" in text else 0.03, abs=absolute)


def test_no_spike_is_lost_or_made_up() -> None:
    assert ask("count(spike(m, 10))", "spikes")[0] == 40
    assert ask("count(spike(m, 10))", "spikes")[1] == pytest.approx(40, abs=8)
    assert ask("count(spike(m, 5))", "plain") == (0, 0)


def test_what_is_not_finite_is_found_where_it_is() -> None:
    for kind in ("gaps", "end"):
        assert ask("first(is_nan(m) or is_inf(m)).line", kind)[0] == ask("first(is_nan(m) or is_inf(m)).line", kind)[1]
        whole, part = ask("count(is_nan(m) or is_inf(m))", kind)
        assert part == pytest.approx(whole, rel=0.03)
        assert ask("trailing(is_nan(m))", kind)[1] == pytest.approx(ask("trailing(is_nan(m))", kind)[0], rel=0.03)


def test_a_jump_is_between_neighbours() -> None:
    whole, part = ask("count(ratio(m) > 5)", "jump")
    assert whole == part == 1
    assert len(set(ask("first(ratio(m) > 5).line", "jump"))) == 1
