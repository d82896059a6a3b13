"""Rows are held in bounded memory: what must stay stays, and the rest is told for by what is left."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from diagnose.reader import RunBuilder, room
from diagnose.reader.column import MANY
from diagnose.reader.room import BUDGET, FIRST, Room, Table
from diagnose.reader.thinning import ENDS, Thinning, alone, in_stretch, staying, weights

Floats = NDArray[np.float64]
EPOCH = 700


def rows_of(count: int, columns: int, seed: int = 0) -> Floats:
    draw = np.random.default_rng(seed)
    at = np.arange(count, dtype=np.float64)
    values = [draw.normal(size=count).round(2) for _ in range(columns)]
    return np.column_stack([at + 1, at // EPOCH + 1, at % EPOCH, at, *values])


def table_of(rows: Floats, held: Room, chunk: int = 5000) -> Table:
    table = Table(held, rows.shape[1], 1, lambda rows: (rows[:, 0], rows[:, 2]))
    for start in range(0, len(rows), chunk):
        table.add(rows[start : start + chunk].tobytes())
    return table


@pytest.mark.parametrize("most", [1 << 11, 1 << 14, 1 << 17])
@pytest.mark.parametrize("chunk", [611, 5000, 10**6])
def test_extremes_ends_epochs_and_what_is_not_finite_stay(most: int, chunk: int) -> None:
    rows = rows_of(60_000, 3)
    rows[40_000, 5], rows[41_000:41_003, 6] = np.nan, np.inf
    held = Room()
    held.most = most
    table = table_of(rows, held, chunk)
    places = table.places

    assert held.held == 0 or held.held < 3 * most
    assert places.weight is not None
    assert places.number is not None
    assert len(places.line) < len(rows)
    assert (np.diff(places.line) > 0).all()
    assert (places.number == places.line - 1).all()
    assert places.weight.sum() == pytest.approx(len(rows))
    for at in range(FIRST, rows.shape[1]):
        whole = np.where(np.isfinite(rows[:, at]), rows[:, at], np.nan)
        for extreme in (int(np.nanargmin(whole)), int(np.nanargmax(whole))):
            assert extreme + 1 in places.line
    stay = {1, ENDS, len(rows), 40_001, 41_001, 41_002, 41_003}
    stay |= {line for epoch in range(EPOCH, len(rows), EPOCH) for line in (epoch, epoch + 1)}
    assert stay <= set(places.line.tolist())
    kept = places.line - 1
    for at in range(FIRST, rows.shape[1]):
        assert np.array_equal(table.column(at), rows[kept, at], equal_nan=True)
    assert np.array_equal(places.epoch, rows[kept, 1])
    assert np.array_equal(places.step, rows[kept, 3])


def test_to_thin_twice_leaves_what_is_left_by_thinning_once() -> None:
    rows = rows_of(1 << 14, 2)
    index = np.arange(len(rows))

    def thin(rows: Floats, index: NDArray[np.int64], level: int) -> tuple[Floats, NDArray[np.int64]]:
        columns = np.ascontiguousarray(rows.T)
        kept = alone(columns[4:], columns[1:2], columns[3:4], index, 1 << 14, level) | in_stretch(index, level)
        return rows[kept], index[kept]

    once = thin(rows, index, 5)[1]
    twice = thin(*thin(*thin(rows, index, 1), 3), 5)[1]
    assert np.array_equal(once, twice)


@pytest.mark.parametrize("seed", range(40))
def test_the_kernel_keeps_the_rows_that_python_keeps(seed: int) -> None:
    draw = np.random.default_rng(seed)
    turns = 4096 if seed % 4 else 2 * int(draw.integers(1, 60))
    count, first = int(draw.integers(1, 600)), int(draw.integers(3, 6))
    rows = draw.integers(-2, 3, (count, first + int(draw.integers(0, 4)))).astype(np.float64)
    rows[draw.random((count, rows.shape[1])) < 0.001 * (seed % 3)] = math.nan
    index = np.sort(draw.choice(5000, count, replace=False))
    columns, size = np.ascontiguousarray(rows.T), int(index[-1]) + int(draw.integers(1, 40))
    for level in range(1, 7):
        counting = 1 + level % 2
        cut = int(draw.integers(0, count + 1))
        parts = [(rows[:cut], index[:cut]), (rows[cut:], index[cut:])]
        thinning = Thinning(rows.shape[1], first, size, level, counting == 1, turns)
        single = alone(columns[first:], columns[1:counting], columns[counting:first], index, size, level, turns)
        held = single | in_stretch(index, level)
        for one, other in zip(staying(parts, count, 0, thinning), (rows, index, single), strict=True):
            assert np.array_equal(one, other[held], equal_nan=one.dtype == np.float64)


@pytest.mark.parametrize("engine", ["kernel", "pure"])
def test_rows_in_pieces_are_numbered_on(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIAGNOSE_ENGINE", engine)
    rows = rows_of(3000, 2)
    thinning = Thinning(rows.shape[1], 4, 5000, 3)
    pieces = [(rows[start : start + 700].tobytes(), None) for start in range(0, 3000, 700)]
    whole = [(rows[:2900].copy(), np.arange(1000, 3900))]
    for one, other in zip(staying(pieces, 2900, 1000, thinning), staying(whole, 2900, 0, thinning), strict=True):
        assert np.array_equal(one, other)


def test_stretches_are_whole_and_nested() -> None:
    index = np.arange(1 << 14)
    last = np.ones(len(index), dtype=np.bool_)
    for level in range(1, 9):
        held = in_stretch(index, level)
        assert held.sum() == len(index) >> level
        assert not (held & ~last).any()
        assert (held.reshape(-1, 32 << level).sum(axis=1) == 32).all()
        last = held


def test_weights_without_a_drawn_row_are_even() -> None:
    assert weights(np.array([0, 500]), np.array([True, True]), 1000, 3).tolist() == [500, 500]


def test_many_tables_share_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "BUDGET", 1 << 18)
    held, longest = Room(), 0
    tables = []
    for seed in range(150):
        tables.append(table_of(rows_of(1500 if seed else 20_000, 4, seed), held))
        longest = max(longest, held.held)
    assert longest < (1 << 18) + 20_000 * 8
    assert held.held == sum(table.held for table in tables)
    for table in tables:
        assert 0 < table.held
        weight = table.places.weight
        assert weight is None or weight.sum() == pytest.approx(len(table))
    assert len(tables[0]) == 20_000


def test_positions_may_be_found_late() -> None:
    """A table that others make thinner once it has ended keeps the rows that it would keep with its positions."""
    found = []
    for at_once in (True, False):
        held = Room()
        table = table_of(rows_of(20_000, 2), held)
        assert table.end() == 20_000
        if at_once:
            table.place()
        held.most = 1 << 13
        table.fit()
        found.append(table.places)
    for one, other in zip(*found, strict=True):
        assert len(one) < 20_000
        assert np.array_equal(one, other)


def test_short_series_are_whole() -> None:
    rows = rows_of(9000, 2)
    table = table_of(rows, Room())
    assert table.places.weight is None
    assert np.array_equal(table.column(5), rows[:, 5])


def test_points_that_come_one_by_one_are_bounded_as_well() -> None:
    build = RunBuilder("a.log", "text")
    count = MANY * 4
    for at in range(1, count + 1):
        build.point("loss", float(at % 1000), at, split="train", step=at, epoch=1 + at // 1000)
        if at == MANY * 3:
            assert build.latest("train/loss") == ("loss", 0.0, 1 + at // 1000, at) or at % 1000
    assert build.room.held < BUDGET
    (segment,) = build.finish().segments
    series = segment.series["train/loss"]
    assert series.total == count == len(series) + series.thinned
    assert (series.line[0], series.line[-1]) == (1, count)
    assert (np.diff(series.line) > 0).all()
    assert np.array_equal(series.value, series.line % 1000)
