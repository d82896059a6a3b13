"""Tables of Keras' CSVLogger."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.logs import detect, keras_csv, read
from diagnose.model import Run
from diagnose.reader import RunBuilder
from diagnose.sources import from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "keras"
HEADER = "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n"


def parse(text: str | bytes) -> Run:
    source = from_bytes("x.csv", text if isinstance(text, bytes) else text.encode())
    build = RunBuilder("x.csv", keras_csv.NAME)
    keras_csv.read(source, build)
    return build.finish()


def test_epochs_count_from_1() -> None:
    (segment,) = parse(HEADER + "0,0.4,0.01,1.5,0.3,1.6\n1,0.5,0.01,1.2,NA,NA\n").segments
    assert segment.series["train/loss"].epoch.tolist() == [1, 2]
    assert segment.series["val/loss"].value.tolist() == [1.6]
    assert segment.series["lr"].value.tolist() == [0.01, 0.01]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
def test_line_ends(end: str) -> None:
    text = (HEADER + "0,0.4,0.01,1.5,0.3,1.6\n1,0.5,0.01,1.2,0.4,1.4\n").replace("\n", end)
    found = detect(from_bytes("x", text.encode()))
    assert found is not None
    assert found.NAME == keras_csv.NAME
    assert len(parse(text).segments[0].series["train/loss"]) == 2


def test_appended_runs_with_and_without_a_header() -> None:
    rows = "0,0.4,0.01,1.5,0.3,1.6\n1,0.5,0.01,1.2,0.4,1.4\n"
    run = parse(HEADER + rows + rows + HEADER + rows)
    assert [segment.epochs for segment in run.segments] == [2, 2, 2]


def test_single_epochs_appended() -> None:
    assert len(parse(HEADER + "0,0.4,0.01,1.5,0.3,1.6\n" * 3).segments) == 3


def test_a_resumed_run_goes_on() -> None:
    (segment,) = parse(HEADER + "15,0.4,0.01,1.5,0.3,1.6\n16,0.5,0.01,1.2,0.4,1.4\n").segments
    assert segment.series["train/loss"].epoch.tolist() == [16, 17]


def test_a_table_of_another_hand_counts_from_1() -> None:
    (segment,) = parse("epoch,loss,val_loss\n1,0.9,1.0\n2,0.8,0.9\n").segments
    assert segment.series["val/loss"].epoch.tolist() == [1, 2]


def test_no_epoch_column() -> None:
    (segment,) = parse("loss,acc,val_loss,val_acc\n1.0,0.5,1.1,0.4\n").segments
    assert segment.series["val/accuracy"].epoch.tolist() == [1]


@pytest.mark.parametrize(
    "text",
    [
        "epoch,train_loss,val_loss\n1,0.9,1.0\n",
        "epoch,step,loss\n1,10,0.5\n",
        "epoch,loss,val_loss\n",
        "name,loss\na,0.5\n",
        "loss,loss\n1,2\n",
    ],
)
def test_other_tables(text: str) -> None:
    found = detect(from_bytes("x.csv", text.encode()))
    assert found is None or found.NAME != keras_csv.NAME


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    parse(b"\n" + data)
    parse(HEADER.encode() + data)


@pytest.mark.parametrize(
    ("name", "last", "fits"),
    [
        ("csvlogger_plant_disease_resumed_from_epoch15.csv", 30, 1),
        ("csvlogger_ds5220_four_runs_epoch_restarts.csv", 20, 4),
        ("csvlogger_apnea_append_two_runs.csv", 50, 2),
        ("csvlogger_blood_group_reducelr_to_1e-6.csv", 35, 1),
        ("csvlogger_unet_cityscapes_one_row_no_epoch.csv", 1, 1),
    ],
)
def test_real_tables(name: str, last: int, fits: int) -> None:
    if not (CORPUS / name).exists():
        pytest.skip("needs the corpus")
    run = read(open_source(str(CORPUS / name)))
    assert run is not None
    assert run.format == keras_csv.NAME
    assert [segment.epochs for segment in run.segments] == [last] * fits
