"""Mechanisms of the seeds, with the numbers that were documented for them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.mechanisms import (
    class_weights,
    constant_prediction,
    dense_layer,
    fixed_fusion,
    focal_loss,
    sequence_accuracy,
    size_weight,
    updates,
)


@pytest.mark.parametrize(("side", "raw", "clamped"), [(16, 1.94, 1.947), (32, 0.92, 1.0), (64, 0.05, 1.0)])
def test_size_aware_weights(side: int, raw: float, clamped: float) -> None:
    area = side * side
    assert size_weight.raw_weight(area, alpha=2.5, threshold=1024) == pytest.approx(raw, abs=0.01)
    assert size_weight.weight(area, alpha=2.5, threshold=1024) == pytest.approx(clamped, abs=0.005)


def test_the_documented_figures_are_cut_not_rounded() -> None:
    assert math.floor(100 * size_weight.weight(16 * 16)) == 194
    assert math.floor(100 * size_weight.raw_weight(32 * 32)) == 91
    assert round(size_weight.raw_weight(32 * 32), 2) == 0.92
    assert size_weight.weight(32 * 32) == size_weight.weight(64 * 64) == 1.0


def test_from_where_on_a_size_counts_as_before() -> None:
    edge = size_weight.neutral_area()
    assert edge == pytest.approx(938.3, abs=0.1)
    assert size_weight.weight(edge * 0.99) > 1.0 == size_weight.weight(edge * 1.01)


@given(st.floats(0, 1e6), st.floats(1, 10), st.floats(1, 1e5))
def test_a_size_weight_stays_within_its_bounds(area: float, alpha: float, threshold: float) -> None:
    assert 1.0 <= size_weight.weight(area, alpha, threshold) <= alpha


@pytest.mark.parametrize(
    ("area", "alpha", "threshold"), [(-1, 2.5, 1024), (math.nan, 2.5, 1024), (1, 0.5, 1024), (1, 2.5, 0)]
)
def test_sizes_that_make_no_sense(area: float, alpha: float, threshold: float) -> None:
    with pytest.raises(ValueError):
        size_weight.weight(area, alpha, threshold)


def test_focal_loss() -> None:
    assert focal_loss.factor(0.9, 2) == pytest.approx(0.01)
    assert focal_loss.loss(0.5, 0) == pytest.approx(math.log(2))
    assert focal_loss.loss(0.5, 0.5) / focal_loss.loss(0.5, 0) == pytest.approx(0.7071, abs=1e-4)
    assert focal_loss.loss(0.99, 0.5, alpha=0.25) < focal_loss.loss(0.99, 0) / 30
    assert focal_loss.loss(1.0, 2) == 0.0
    assert focal_loss.loss(0.0, 2) == math.inf
    with pytest.raises(ValueError):
        focal_loss.loss(1.5, 2)


def test_class_weights() -> None:
    weights = class_weights.inverse_frequency([0.299, 0.552, 0.149])
    assert sum(weights) == pytest.approx(3.0)
    assert class_weights.ratio([0.599, 0.311, 2.09]) == pytest.approx(6.72, abs=0.01)
    assert class_weights.capped([0.599, 0.311, 2.09]) == pytest.approx([0.599, 0.311, 0.933])
    with pytest.raises(ValueError):
        class_weights.inverse_frequency([10, 0])


def test_a_constant_prediction() -> None:
    shares = [0.299, 0.552, 0.149]
    assert constant_prediction.accuracy(shares, 2) == pytest.approx(0.149)
    assert constant_prediction.kappa(shares, 1) == 0.0
    assert constant_prediction.which(shares, 0.1496) == 2
    assert constant_prediction.which(shares, 0.44) is None


def test_updates() -> None:
    assert updates.per_epoch(717, 600) == 2
    assert updates.per_epoch(717, 600, drop_last=True) == 1
    assert updates.in_patience(20, 471, 600) == 20
    assert updates.in_patience(20, 717, 600) == 40


def test_a_dense_layer() -> None:
    assert dense_layer.parameters(64, 3) == 195


def test_a_fixed_fusion() -> None:
    assert fixed_fusion.gradient_shares([0.7, 0.3])[1] == 0.3
    assert fixed_fusion.fused([1.0, 0.0], [0.7, 0.3]) == pytest.approx(0.7)
    with pytest.raises(ValueError):
        fixed_fusion.gradient_shares([0.7, 0.7])


def test_sequences() -> None:
    assert sequence_accuracy.expected(0.312, 6) == pytest.approx(0.00092, abs=1e-5)
    assert sequence_accuracy.needed(0.7, 6) == pytest.approx(0.942, abs=1e-3)
    assert sequence_accuracy.implied_length(0.312, 0.051) == pytest.approx(2.56, abs=0.01)
