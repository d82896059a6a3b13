"""Tables whose epoch column is no counter, or whose rows are sorted newest first: one run, not one a row."""

import pytest

from diagnose.logs import read
from diagnose.model import Run
from diagnose.reader.counting import COUNTS, FALLS, STANDS, counting
from diagnose.sources import HEAD, from_bytes

ROWS = 50
KERAS, GENERIC = "epoch,loss,val_loss", "epoch,train_loss,valid_loss"


def table(header: str, epochs: list[int]) -> bytes:
    """Return a table whose losses fall as the epochs rise, or row by row where they do not."""
    rising = len(set(epochs)) > 1
    losses = [1 / (epoch if rising else row) for row, epoch in enumerate(epochs, 1)]
    rows = "".join(f"{epoch},{loss:.4f},{loss + 0.1:.4f}\n" for epoch, loss in zip(epochs, losses, strict=True))
    return f"{header}\n{rows}".encode()


def parse(data: bytes, format: str) -> Run:
    run = read(from_bytes("x.csv", data))
    assert run is not None
    assert run.format == format
    return run


@pytest.mark.parametrize(("header", "format"), [(KERAS, "keras-csv"), (GENERIC, "csv")])
@pytest.mark.parametrize("epochs", [[1] * ROWS, [0] * ROWS, [*range(ROWS, 0, -1)]], ids=["ones", "zeros", "falling"])
def test_one_run(header: str, format: str, epochs: list[int]) -> None:
    [segment] = parse(table(header, epochs), format).segments
    curve = segment.series["train/loss"]
    assert curve.epoch.tolist() == [*range(1, ROWS + 1)]
    assert (curve.value[1:] < curve.value[:-1]).all()
    lines = [*range(2, ROWS + 2)]
    assert curve.line.tolist() == (lines[::-1] if epochs[0] == ROWS else lines)
    assert (segment.first_line, segment.last_line) == (2, ROWS + 1)


@pytest.mark.parametrize(
    ("epochs", "fits"), [([1, 1], 2), ([1, 2, 3, 1, 2, 3], 2), ([3, 2, 1, 2, 3], 3), ([3, 2, 2, 1], 4)]
)
def test_runs_that_were_appended(epochs: list[int], fits: int) -> None:
    assert len(parse(table(KERAS, epochs), "keras-csv").segments) == fits


def test_a_constant_epoch_beside_steps() -> None:
    rows = "".join(f"1;{10 * row};{1 / (row + 1):.4f}\n" for row in range(200))
    [segment] = parse(f"epoch;iteration;train_loss\n{rows}".encode(), "csv").segments
    assert segment.series["train/loss"].step.tolist() == [10.0 * row for row in range(200)]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("", COUNTS),
        ("1\n" * 7, COUNTS),
        ("1\n\n" * 7 + "1", STANDS),
        ("3\n2\n1\n", FALLS),
        ("3\n2\nx\n1\n", FALLS),
        ("3\n2\n4\n", COUNTS),
    ],
)
def test_what_a_column_does(numbers: str, expected: int) -> None:
    assert counting(from_bytes("x", f"epoch,loss\n{numbers}".encode()), 0, ",") == expected


def test_only_a_whole_table_falls() -> None:
    assert counting(from_bytes("x", b"epoch\n3\n2\n1\n" + b" " * HEAD), 0, ",") == COUNTS
