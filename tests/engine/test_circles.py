"""What was read of a log goes with its report, without waiting for Python to look for circles: thousands follow."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnose import api
from diagnose.model import Segment, Series
from diagnose.scan import Walk

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
LOGS = [file for file in sorted(FIXTURES.glob("*/**/*")) if file.suffix in {".log", ".txt", ".csv", ".json", ".jsonl"}]


def alive() -> int:
    return sum(type(one) in {Segment, Series, Walk} for one in gc.get_objects())


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "folder", sorted({log.parent for log in LOGS}), ids=lambda path: path.relative_to(FIXTURES).as_posix()
)
def test_nothing_of_a_log_outlives_its_report(folder: Path, uncollected: None) -> None:
    before = alive()
    for log in LOGS:
        if log.parent == folder:
            api.lint(log, isolated=True)
            assert alive() <= before, log
