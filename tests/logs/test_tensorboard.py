"""Event files: what real writers put in them, and what becomes of damaged ones."""

import contextlib
import json
import math
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.errors import SourceError
from diagnose.logs import read, tensorboard
from diagnose.model import Run
from diagnose.sources import from_bytes, open_source
from tests.tfwire import part, record, varint

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "tensorboard"


def event(step: int, *values: bytes) -> bytes:
    return record(part(1, 1.7e9, double=True) + part(2, step) + part(5, b"".join(part(1, value) for value in values)))


def scalar(tag: str, value: float) -> bytes:
    return part(1, tag.encode()) + part(2, value)


def tensor(tag: str, dtype: int, body: bytes) -> bytes:
    plugin = part(9, part(1, part(1, b"scalars")))
    return part(1, tag.encode()) + part(8, part(1, dtype) + part(2, b"") + body) + plugin


VERSION = record(part(1, 1.7e9, double=True) + part(3, b"brain.Event:2"))


def parse(data: bytes, path: str = "run/events.out.tfevents.1") -> Run:
    run = read(from_bytes(path, data))
    assert run is not None
    assert run.format == "tensorboard"
    return run


def values(run: Run, name: str, segment: int = 0) -> list[float]:
    return run.segments[segment].series[name].value.tolist()


def test_scalars_of_the_old_kind_carry_steps_and_record_numbers() -> None:
    run = parse(VERSION + event(10, scalar("Loss/train", 1.5)) + event(20, scalar("Loss/train", 1.25)))
    series = run.segments[0].series["train/loss"]
    assert series.value.tolist() == [1.5, 1.25]
    assert series.step.tolist() == [10, 20]
    assert series.line.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("dtype", "body", "expected"),
    [
        (1, part(4, struct.pack("<f", 0.5)), 0.5),
        (1, part(5, struct.pack("<f", 0.5)), 0.5),
        (1, b"", 0.0),
        (2, part(4, struct.pack("<d", 0.1)), 0.1),
        (2, part(6, struct.pack("<d", 0.1)), 0.1),
        (3, part(7, varint(-7)), -7.0),
        (9, part(10, varint(-7)), -7.0),
        (9, part(4, struct.pack("<q", 12)), 12.0),
        (10, part(11, varint(1)), 1.0),
        (14, part(4, struct.pack("<f", 1.5)[2:]), 1.5),
        (19, part(4, struct.pack("<e", 0.25)), 0.25),
        (19, part(13, varint(int.from_bytes(struct.pack("<e", 0.25), "little"))), 0.25),
    ],
)
def test_tensors_of_every_kind_of_number(dtype: int, body: bytes, expected: float) -> None:
    assert values(parse(VERSION + event(1, tensor("loss", dtype, body))), "loss") == [expected]


def test_tensors_with_several_elements_are_no_scalars() -> None:
    shape = part(2, part(2, part(1, 2)))
    body = part(1, b"pr_curve") + part(8, part(1, 1) + shape + part(4, struct.pack("<ff", 1, 2)))
    assert parse(VERSION + event(1, body)).segments == []


def test_lightning_logs_the_epoch_after_the_metrics_of_its_step() -> None:
    run = parse(
        VERSION
        + event(0, scalar("hp_metric", -1.0))
        + event(9, scalar("train_loss_step", 2.0))
        + event(9, scalar("epoch", 0.0))
        + event(19, scalar("val_loss", 1.0))
        + event(19, scalar("epoch", 0.0))
        + event(19, scalar("train_loss_epoch", 1.5))
        + event(19, scalar("epoch", 1.0))
    )
    series = run.segments[0].series
    assert set(series) == {"train/loss_step", "val/loss", "train/loss"}
    assert series["val/loss"].epoch.tolist() == [1]
    assert series["train/loss"].epoch.tolist() == [2]


def test_hugging_face_sums_up_at_the_end() -> None:
    run = parse(
        VERSION
        + event(5, scalar("train/loss", 2.0))
        + event(5, scalar("train/epoch", 0.5))
        + event(10, scalar("eval/loss", 1.0), scalar("eval/steps_per_second", 3.0))
        + event(10, scalar("train/epoch", 1.0))
        + event(10, scalar("train/train_runtime", 60.0))
        + event(10, scalar("train/train_loss", 1.75))
        + event(10, scalar("train/epoch", 1.0))
    )
    assert values(run, "train/loss") == [2.0]
    assert run.segments[0].series["train/loss"].epoch.tolist() == [0.5]
    assert {event.kind for event in run.segments[0].events} == {"session_end", "metric_summary"}


def test_keras_tells_epochs_and_batches_twice() -> None:
    data = VERSION
    for epoch in range(3):
        data += event(100 * (epoch + 1), tensor("evaluation_loss_vs_iterations", 1, part(4, struct.pack("<f", 1.0))))
        data += event(epoch, tensor("epoch_loss", 1, part(4, struct.pack("<f", 1.0))))
    series = parse(data).segments[0].series
    assert set(series) == {"val/loss"}
    assert series["val/loss"].epoch.tolist() == [1, 2, 3]
    assert series["val/loss"].step.tolist() == [100, 200, 300]


def test_steps_that_fall_back_are_another_run() -> None:
    steps = [10, 20, 30, 28, 40, 5, 10]
    run = parse(VERSION + b"".join(event(step, scalar("loss", 1.0)) for step in steps))
    assert [len(segment.series["loss"]) for segment in run.segments] == [5, 2]


def test_hyperparameters_and_configs_become_settings() -> None:
    number = part(1, b"lr") + part(2, part(2, 0.001, double=True))
    start = part(1, number) + part(1, part(1, b"params/opt") + part(2, part(3, b"adam")))
    hparams = part(1, b"_hparams_/session_start_info") + part(9, part(1, part(1, b"hparams") + part(2, part(3, start))))
    config = json.dumps({"num_train_epochs": 4, "nested": {"a": True}}).encode()
    table = b"|key|value|\n|-|-|\n|gamma|0.9|\n|env|cart|\n"
    texts = [
        part(1, tag)
        + part(8, part(1, 7) + part(2, part(2, part(1, 1))) + part(8, body))
        + part(9, part(1, part(1, b"text")))
        for tag, body in (
            (b"args/text_summary", config),
            (b"hyperparameters/text_summary", table),
            (b"note", b"hi: you"),
        )
    ]
    run = parse(VERSION + event(0, hparams) + event(0, *texts))
    found = {key: setting.value for key, setting in run.segments[0].config.settings.items()}
    assert found == {
        "lr": 0.001,
        "params.opt": "adam",
        "num_train_epochs": 4,
        "nested.a": True,
        "gamma": 0.9,
        "env": "cart",
    }
    assert run.segments[0].facts["planned_epochs"].value == 4


def test_a_file_without_values_is_a_run_without_points() -> None:
    assert parse(VERSION).segments == []


def test_damaged_records_are_reported_and_the_others_kept() -> None:
    records = [VERSION, *(event(step, scalar("loss", float(step))) for step in range(1, 6))]
    records[2] = records[2][:20] + b"\xff" + records[2][21:]
    records[4] = b"\xff" + records[4][1:]
    run = parse(b"".join(records))
    assert values(run, "loss") == [1, 3, 5]
    warnings = [event for event in run.segments[0].events if event.kind == "warning"]
    assert [event.place.line for event in warnings] == [3, 5]
    assert "checksum" in warnings[0].fields["message"]


def test_a_file_cut_in_the_middle_is_read_to_the_cut() -> None:
    data = VERSION + event(1, scalar("loss", 1.0)) + event(2, scalar("loss", 2.0))
    run = parse(data[:-5])
    assert values(run, "loss") == [1.0]
    assert "cut" in run.segments[0].events[0].fields["message"]


def test_git_lfs_pointers_are_refused_with_the_way_to_mend_it() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    with pytest.raises(SourceError, match="git lfs pull"):
        from_bytes("events.out.tfevents.1", pointer)


@settings(max_examples=150)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=12), st.integers(0, 12))
def test_no_damage_ends_in_a_traceback(at: int, patch: bytes, dropped: int) -> None:
    (sample,) = tensorboard.SAMPLES
    data = sample[:at] + patch + sample[at + dropped :]
    with contextlib.suppress(SourceError):  # the patch may be the mark of an archive
        tensorboard.sniff(tensorboard.Head("x", data))
        read(from_bytes("x", data), "tensorboard")


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_payload_is_survived(payloads: list[bytes]) -> None:
    data = VERSION + b"".join(record(part(5, part(1, payload))) + record(payload) for payload in payloads)
    read(from_bytes("x", data), "tensorboard")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the corpus")
@pytest.mark.parametrize(
    ("file", "name", "count", "first", "last"),
    [
        ("eatvul_hf_train_eval.events.out.tfevents", "val/loss", 50, 0.6963, 0.5142),
        ("jithsg_mnist_v20_acc.events.out.tfevents", "val/accuracy", 5, 0.8966, 0.9488),
        ("shifat_run1_validation.events.out.tfevents.v2", "val/loss", 50, 1.2018, 0.2189),
        ("shifat_run1_train.events.out.tfevents.v2", "lr", 50, 0.001, 0.000125),
        ("delston_dcgan_v16.events.out.tfevents", "d_loss", 158, 1.4771, 0.9525),
    ],
)
def test_real_files(file: str, name: str, count: int, first: float, last: float) -> None:
    run = read(open_source(CORPUS / file))
    assert run is not None
    (segment,) = run.segments
    series = segment.series[name]
    assert len(series) == count
    assert math.isclose(series.value[0], first, abs_tol=1e-4)
    assert math.isclose(series.value[-1], last, abs_tol=1e-4)
