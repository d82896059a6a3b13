"""Summaries that set their results beside a baseline's."""

import pytest

from diagnose.logs import detect, read
from diagnose.sources import from_bytes


def test_the_baseline_is_a_segment_of_its_own() -> None:
    run = read(
        from_bytes(
            "x",
            b"RESULTS\n\nOverall mAP: 20.5% (vs 34.0% baseline = -13.5%)\nAP50: 47.9%\n"
            b"  * Small mAP: 5.4 (baseline: 17.2)\nDropout: 0.5 (vs 0.1 baseline)\n",
        )
    )
    assert run is not None
    assert run.format == "results-text"
    values = [{name: float(series.value[0]) for name, series in part.series.items()} for part in run.segments]
    assert [part.name for part in run.segments] == ["baseline", "this run"]
    assert values == [
        {"val/map": 34.0, "val/small_map": 17.2},
        {"val/map": 20.5, "val/ap50": 47.9, "val/small_map": 5.4},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "mAP: 20.5%\nAP50: 30%\n",
        "Speed: 5 (vs 4 baseline)\nCost: 4 (vs 6 baseline)\n",
        "mAP: 20.5% (vs 34.0% baseline)\nnothing else\n",
    ],
)
def test_texts_that_only_mention_numbers(text: str) -> None:
    assert detect(from_bytes("x", text.encode())) is None
