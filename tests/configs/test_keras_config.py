"""Configs that Keras has serialised, as JSON and in archives."""

import io
import json
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.keras_config import read_keras_archive, read_keras_config
from diagnose.errors import SourceError

SCHEDULE = {
    "module": "keras.optimizers.schedules",
    "class_name": "CosineDecay",
    "config": {"initial_learning_rate": 0.01, "decay_steps": 900, "warmup_target": None},
    "registered_name": None,
}
KERAS_3 = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {
        "name": "toy",
        "layers": [
            {
                "module": "keras.layers",
                "class_name": "Dense",
                "config": {
                    "units": 7,
                    "activation": "softmax",
                    "kernel_initializer": {"class_name": "Zeros", "config": {}},
                    "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.02}},
                },
                "build_config": {"input_shape": [None, 4]},
            },
            {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dropout", "config": {"rate": 0.3}}]}},
        ],
        "build_input_shape": [None, 4],
    },
    "compile_config": {
        "optimizer": {"class_name": "AdamW", "config": {"learning_rate": SCHEDULE, "weight_decay": 0.004}},
        "loss": {"class_name": "BinaryCrossentropy", "config": {"from_logits": True}},
        "metrics": ["accuracy"],
    },
}
EXPECTED = {
    "class_name": "Sequential",
    "name": "toy",
    "layers.0.class_name": "Dense",
    "layers.0.units": 7,
    "layers.0.activation": "softmax",
    "layers.0.kernel_initializer.class_name": "Zeros",
    "layers.0.kernel_regularizer.class_name": "L2",
    "layers.0.kernel_regularizer.l2": 0.02,
    "layers.1.class_name": "Sequential",
    "layers.1.layers.0.class_name": "Dropout",
    "layers.1.layers.0.rate": 0.3,
    "optimizer.class_name": "AdamW",
    "optimizer.learning_rate.class_name": "CosineDecay",
    "optimizer.learning_rate.initial_learning_rate": 0.01,
    "optimizer.learning_rate.decay_steps": 900,
    "optimizer.learning_rate.warmup_target": None,
    "optimizer.weight_decay": 0.004,
    "loss.class_name": "BinaryCrossentropy",
    "loss.from_logits": True,
    "metrics": ["accuracy"],
}


def archive(**members: bytes) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in members.items():
            zipped.writestr(name.replace("__", "."), data)
    return packed


def refusal(packed: io.BytesIO) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_keras_archive(packed, "m.keras")
    return caught.value


def test_a_model_with_what_it_was_compiled_with() -> None:
    text = json.dumps(KERAS_3, indent=1)
    read = read_keras_config(text, "m.json")
    assert {key: found.value for key, found in read.settings.items()} == EXPECTED
    assert read.framework == "keras"
    assert all(found.span and text[slice(*found.span)] == found.literal for found in read.settings.values())
    assert text.split("\n")[read.settings["layers.0.units"].place.line - 1].strip() == '"units": 7,'


def test_a_model_of_keras_2_and_its_training_config() -> None:
    model = {
        "class_name": "Functional",
        "config": {"layers": [{"class_name": "Dense", "config": {"units": 3}, "name": "d", "inbound_nodes": [[1]]}]},
        "keras_version": "2.9.0",
        "backend": "tensorflow",
        "training_config": {"loss": "mse", "optimizer_config": {"class_name": "SGD", "config": {"momentum": 0.7}}},
    }
    found = read_keras_config(json.dumps(model), "m").settings
    assert {key: setting.value for key, setting in found.items()} == {
        "class_name": "Functional",
        "layers.0.class_name": "Dense",
        "layers.0.units": 3,
        "layers.0.name": "d",
        "loss": "mse",
        "optimizer.class_name": "SGD",
        "optimizer.momentum": 0.7,
    }


def test_an_optimizer_alone_with_a_number_of_32_bits() -> None:
    rate = struct.unpack("f", struct.pack("f", 0.05))[0]
    text = json.dumps({"class_name": "SGD", "config": {"learning_rate": rate, "momentum": 0.123456789012345}})
    found = read_keras_config(text, "o").settings
    assert (found["learning_rate"].value, found["learning_rate"].literal) == (0.05, repr(rate))
    assert found["momentum"].value == 0.123456789012345


def test_an_archive_is_read_without_its_weights() -> None:
    packed = archive(metadata__json=b"{}", config__json=json.dumps(KERAS_3).encode(), model__weights__h5=b"\0" * 9)
    found = read_keras_archive(packed, "m.keras").settings
    assert {key: setting.value for key, setting in found.items()} == EXPECTED
    assert all(setting.span is None and setting.place.path == "m.keras" for setting in found.values())


def test_bad_archives_are_refused_soon() -> None:
    assert "no config.json" in refusal(archive(a=b"")).message
    assert "too large" in refusal(archive(config__json=b" " * 200_000_000)).message
    assert "damaged" in refusal(io.BytesIO(b"PK\3\4" + b"x" * 100)).message
    assert "not valid JSON" in refusal(archive(config__json=b"{")).message
    assert "levels deep" in refusal(archive(config__json=b'{"a":' * 10_000)).message
    claimed = bytearray(archive(config__json=b"{}").getvalue())
    at = claimed.rfind(b"PK\5\6")
    claimed[at + 12 : at + 16] = struct.pack("<I", 0xFFFFFFF0)
    assert "too many files" in refusal(io.BytesIO(bytes(claimed))).message


@settings(max_examples=150)
@given(st.data())
def test_damaged_archives_are_read_or_refused(data: st.DataObject) -> None:
    whole = archive(metadata__json=b"{}", config__json=json.dumps(KERAS_3).encode()).getvalue()
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole)
    for _ in range(data.draw(st.integers(1, 12)) if damaged else 0):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_keras_archive(io.BytesIO(bytes(damaged)), "m.keras")
    except SourceError as error:
        assert error.message
