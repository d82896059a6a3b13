"""What was varied, what moved together, and which runs are repeats."""

from __future__ import annotations

from typing import Any

import numpy as np

from diagnose.engine.sweep import stats
from diagnose.engine.sweep.entry import Entry, segment_of
from diagnose.engine.sweep.varied import known, repeats, settings_of, varied
from diagnose.model import Series, Trial


def trials(*rows: dict[str, Any], names: str = "") -> list[Trial]:
    return [
        Trial(f"{names or 'run'} {index}", value=float(index), settings=row, complete=True)
        for index, row in enumerate(rows, 1)
    ]


def test_settings_drawn_at_random_are_all_kept() -> None:
    draw = np.random.default_rng(3)
    runs = trials(*({"lr": float(draw.random()), "dropout": float(draw.random())} for _ in range(12)))
    table, together = varied(runs)
    assert set(table) == {"lr", "dropout"}
    assert together == []


def test_one_setting_in_two_units_moved_together() -> None:
    runs = trials(*({"batch_size": 2**n, "lr": 0.001 * 2**n, "keep": 1 - 2**n / 99} for n in range(1, 6)))
    table, together = varied(runs)
    assert len(table) == 1
    assert len(together[0]) == 3


def test_choices_that_moved_together() -> None:
    rows = ({"optimizer": name, "momentum": value} for name, value in (("sgd", 0.9), ("adam", 0.1)) * 2)
    table, together = varied(trials(*rows))
    assert len(table) == 1
    assert len(together) == 1


def test_a_setting_of_one_variant_does_not_hide_its_repeats() -> None:
    focal = {"loss": "focal", "focal_gamma": 2, "lr": 0.1, "batch_size": 8}
    plain = {"loss": "cross", "lr": 0.2, "batch_size": 16, "label_smoothing": 0.1}
    runs = [
        Trial(name, value=0.1, settings=row)
        for name, row in (("focal (a)", focal), ("focal (b)", focal), ("plain (a)", plain), ("plain (b)", plain))
    ]
    groups = repeats(runs, varied(runs)[0])
    assert [[one.run for one in group] for group in groups] == [["focal (a)", "focal (b)"], ["plain (a)", "plain (b)"]]


def test_names_that_tell_a_value_are_no_repeats() -> None:
    rows = [{"lr": lr, "batch_size": 8} for lr in (0.1, 0.1, 0.2)]
    runs = [Trial(name, value=0.1, settings=row) for name, row in zip(("pat20", "pat30", "wide"), rows, strict=True)]
    assert repeats(runs, varied(runs)[0]) == []
    seeds = [Trial(f"base_seed{n}", value=0.1, settings=row) for n, row in enumerate(rows)]
    assert [len(group) for group in repeats(seeds, varied(seeds)[0])] == [2]


def test_what_is_known_is_counted_once() -> None:
    rows = [{"lr": lr, "batch_size": size} for lr, size in ((0.1, 8), (0.1, 8), (0.2, 16))]
    runs = trials(*rows, {})
    assert known(runs, varied(runs)[0]) == 2
    assert known(runs, {}) == 0


def settings(lr: list[float], **told: object) -> dict[str, Any]:
    segment = segment_of("a", "a.log", 1, dict(told))
    size = len(lr)
    nowhere = np.full(size, np.nan)
    if lr:
        segment.series["lr"] = Series(
            "lr", "lr", "a.log", np.array(lr), nowhere, nowhere, np.ones(size, dtype=np.int64)
        )
    return settings_of(Entry("a", "text", segment, ("a.log",)))


def test_a_warm_up_is_not_the_rate_of_a_run() -> None:
    assert settings([0.003, 0.007, 0.01, 0.009, float("nan")])["lr"] == 0.01
    assert "lr" not in settings([float("nan")])


def test_off_with_an_amount_is_off() -> None:
    assert settings([], mixup="False(0.2)")["mixup"] is False
    assert settings([], mixup="True(0.2)")["mixup"] == "True(0.2)"


def test_no_interval_where_one_run_decides() -> None:
    results = [0.1, 0.4, 0.2, 0.5, 0.3, 0.6, 0.7, 0.35]
    assert stats.interval([1.0] * 7 + [0.5], results) is None
    assert stats.interval([1.0, 1.0, 2.0, 2.0, 1.0, 2.0, 2.0, 1.0], results) is not None


def test_an_interval_holds_its_estimate() -> None:
    draw = np.random.default_rng(11)
    for size in (6, 9, 14):
        for _ in range(6):
            one, other = draw.integers(0, 4, size).tolist(), draw.random(size).tolist()
            ends, rho = stats.interval(one, other), stats.spearman(one, other)
            assert ends is None or (rho is not None and ends[0] <= rho <= ends[1])
