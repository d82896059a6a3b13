import pytest

torch = pytest.importorskip("torch")
from arms import medians, observe  # noqa: E402

from diagnose.mechanisms import size_weight  # noqa: E402
from diagnose.probes.mechanisms import size_aware_weighting as mechanism  # noqa: E402


def test_the_weight_is_that_of_the_closed_form() -> None:
    areas = [64.0, 256.0, 900.0, 1024.0, 4096.0]
    found = mechanism._weights({"weight": 2.5, "threshold": 1024.0, "scheme": "size"}, torch.tensor([areas]))
    assert found[0].tolist() == pytest.approx([size_weight.weight(area) for area in areas], rel=1e-6)


def test_equal_in_sum() -> None:
    area = torch.tensor([[100.0, 2000, 2000, 2000]])
    found = mechanism._weights({"scheme": "equal"}, area)
    assert found[0].tolist() == pytest.approx([2.0, 2 / 3, 2 / 3, 2 / 3])


def test_shares_and_what_is_neglected() -> None:
    blind, equal, size = (
        medians(observe("size-aware-weighting", arm, samples=2048)) for arm in ("suspect", "control", "documented")
    )
    weight, small = "small: share of the weight", "small: accuracy of the possible"
    assert blind[weight] == pytest.approx(blind["small: share of the samples"], abs=1e-6)
    assert equal[weight] == pytest.approx(0.5, abs=1e-5)
    assert blind[weight] < size[weight] < equal[weight]
    assert blind[small] < equal[small]
    assert all(found["large: accuracy of the possible"] < 1.05 for found in (blind, equal, size))


def test_a_weight_of_10_cures_and_that_of_the_document_does_not() -> None:
    cured, documented = (observe("size-aware-weighting", arm, samples=4096) for arm in ("fix", "documented"))
    assert cured.symptom.sum() <= 1
    assert documented.symptom.sum() >= 4


def test_without_more_anchors_sizes_are_even() -> None:
    found = medians(observe("size-aware-weighting", samples=2048, anchors=1, epochs=1))
    assert found["small: share of the samples"] == pytest.approx(0.5, abs=0.05)
