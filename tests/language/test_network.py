"""What the language says of layers, losses and classes that a config states."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose.kit.cases import run_of
from diagnose.language import MissingError, Scope, evaluate, parse
from diagnose.names.slips import is_slip, slip_for


def said(text: str, config: dict[str, Any]) -> Any:
    return evaluate(parse(text), Scope(run_of({"config": config}).segments[0]))


def model(*layers: dict[str, Any], **rest: Any) -> dict[str, Any]:
    flat = {f"layers.{at}.{key}": value for at, layer in enumerate(layers) for key, value in layer.items()}
    return {"class_name": "Sequential", "keras_version": "3.0.0", **flat, **rest}


DENSE = {"class_name": "Dense", "units": 3, "activation": "linear"}


def test_the_last_activation_is_found_behind_what_lets_it_pass() -> None:
    assert said("output_activation()", model(DENSE, {"class_name": "Softmax"})) == "softmax"
    assert (
        said("output_activation()", model(DENSE, {"class_name": "Activation", "activation": "softmax_v2"})) == "softmax"
    )
    assert (
        said("output_activation()", model({**DENSE, "activation": "sigmoid"}, {"class_name": "Dropout"})) == "sigmoid"
    )
    assert said("output_activation()", {"loss": "bce", "last_activation": "Sigmoid"}) == "sigmoid"


@pytest.mark.parametrize(
    "config",
    [
        model(DENSE, {"class_name": "Lambda"}),
        model({"class_name": "Dense", "units": 3, "activation.class_name": "function", "activation.config": "own"}),
        {"lr": 0.1},
    ],
)
def test_an_unknown_end_is_missing(config: dict[str, Any]) -> None:
    with pytest.raises(MissingError):
        said("output_activation()", config)


def test_units_are_those_of_the_last_computing_layer() -> None:
    assert said("output_units()", model({**DENSE, "units": 16}, DENSE, {"class_name": "Softmax"})) == 3
    with pytest.raises(MissingError):
        said("output_units()", model(DENSE, {"class_name": "Reshape"}))


def test_losses_have_one_name_each() -> None:
    assert said("loss_name()", model(DENSE, loss="bce")) == "binary_crossentropy"
    assert (
        said("loss_name()", model(DENSE, **{"loss.class_name": "CategoricalCrossentropy"}))
        == "categorical_crossentropy"
    )
    with pytest.raises(MissingError):
        said("loss_name()", model(DENSE, **{"loss.class_name": "function", "loss.config": "own"}))
    assert said("loss_on_logits()", model(DENSE, **{"loss.from_logits": True})) is True


def test_the_layer_before_needs_a_row() -> None:
    row = model(DENSE, {"class_name": "Dropout"}, {"class_name": "Activation"}, {"class_name": "BatchNormalization"})
    text = 'layer_before(layers("BatchNormalization")[0])'

    assert said(text, row) == "Dropout"
    with pytest.raises(MissingError):
        said(text, {**row, "class_name": "Functional"})


def test_training_data_stands_beside_validation_data() -> None:
    assert said('training_data(spelt(["b"])[0])', {"train_file": "a", "val_file": "b"}) == "a"
    wrapped = {
        "train_dataloader.dataset.dataset.ann_file": "a",
        "val_dataloader.dataset.ann_file": "b",
    }
    assert said('training_data(spelt(["b"])[0])', wrapped) == "a"


def test_classes_of_the_data_are_counted_or_known() -> None:
    assert said("data_classes()", {"train_dataloader.dataset.metainfo.classes": ["a", "b"]}) == 2
    assert said("data_classes()", {"train_dataloader.dataset.type": "CocoDataset"}) == 80
    with pytest.raises(MissingError):
        said("data_classes()", {"train_dataloader.dataset.type": "OwnDataset"})


@pytest.mark.parametrize(
    ("word", "meant"), [("learing_rate", "learning_rate"), ("weigth_decay", "weight_decay"), ("optimzer", "optimizer")]
)
def test_slips(word: str, meant: str) -> None:
    assert slip_for(word) == meant


@pytest.mark.parametrize("word", ["lr", "learning_rate", "learningrate", "epoch", "weight_decays", "layer_3_norm"])
def test_no_slips(word: str) -> None:
    assert slip_for(word) == ""


def test_a_slip_is_one_letter() -> None:
    assert is_slip("momentmu", "momentum")
    assert not is_slip("momenmtmu", "momentum")


def test_values_are_told_apart_by_kind() -> None:
    config = {"amp": "False", "resume": "None", "lr": float("nan")}

    assert [setting.key for setting in said('spelt(["False", "None"])', config)] == ["amp", "resume"]
    assert [setting.key for setting in said('spelt(["False", "x"], true)', config)] == ["amp"]
    assert said("is_number(config.lr)", config) and not said("is_truth(config.lr)", config)
    assert said('is_text(config["amp"])', config) and not said('is_number(config["amp"])', config)
    assert said('role_of("optimizer.lr")', config) == "learning-rate"


def test_slips_are_found_where_the_right_key_is_missing() -> None:
    assert [setting.key for setting in said("slips()", {"weigth_decay": 0.1, "lr": 1})] == ["weigth_decay"]
    assert said("slip_of(slips()[0])", {"weigth_decay": 0.1, "lr": 1}) == "weight_decay"
    assert said("slips()", {"weigth_decay": 0.1, "weight_decay": 0.2}) == []
