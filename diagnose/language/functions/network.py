"""The layers and the loss of a model, and the classes of its data, as a config states them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from diagnose.language.functions.registry import Registry
from diagnose.language.values import MissingError, ValueTypeError, placed
from diagnose.model import UNKNOWN, Config, Setting
from diagnose.patterns import lazy

function = Registry()

ACTIVATION = {
    "Softmax": "softmax",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "PReLU": "prelu",
    "BatchNormalization": "linear",
    "LayerNormalization": "linear",
}
"""What layers without a parameter `activation` do to their input."""
PASSING = frozenset({"Dropout", "Flatten", "Reshape", "Permute", "GlobalAveragePooling1D", "GlobalAveragePooling2D"})
"""Layers that leave it what it was: probabilities stay probabilities."""
SHAPING = frozenset({"Flatten", "Reshape", "Permute"})
COMPUTING = lazy(r"Dense|Conv\d.*|SeparableConv\d.*|Conv\dDTranspose|Conv\dTranspose")
LOSSES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "cce": "categorical_crossentropy",
    "scce": "sparse_categorical_crossentropy",
    "binary_focal_crossentropy": "binary_crossentropy",
    "categorical_focal_crossentropy": "categorical_crossentropy",
}
CLASSES = {
    "CocoDataset": 80,
    "VOCDataset": 20,
    "CityscapesDataset": 8,
    "LVISV05Dataset": 1230,
    "LVISV1Dataset": 1203,
    "LVISDataset": 1203,
    "Objects365V1Dataset": 365,
    "Objects365V2Dataset": 365,
    "OpenImagesDataset": 601,
    "OpenImagesChallengeDataset": 500,
    "CrowdHumanDataset": 1,
    "WIDERFaceDataset": 1,
    "DeepFashionDataset": 15,
}
"""Classes of the data sets that MMDetection knows, where the config names none."""
DATA = ("train_dataloader.dataset*", "data.train*")


@function
def layers(scope: Any, kind: Any = "*") -> list[Setting]:
    """Layers of a Keras model by class (a glob), nested models unfolded, as settings; may be empty."""
    return [layer for layer in _layers(scope.segment.config) if fnmatchcase(str(layer.value), str(kind))]


@function
def layer_before(scope: Any, layer: Any) -> Any:
    """Class of the layer before another one in a Sequential model. Missing if it is the first or not in a row."""
    if not isinstance(layer, Setting):
        raise ValueTypeError("`layer_before` needs a setting")
    config = scope.segment.config
    model, _, _ = layer.key.rpartition(".layers.") if ".layers." in layer.key else ("", "", "")
    listed = config.settings.get(f"{model}.class_name" if model else "class_name")
    if listed is None or listed.value != "Sequential":
        raise MissingError("layers in a row")
    found = [one for one in _layers(config) if one.value not in ("Activation", "ReLU", "LeakyReLU")]
    at = next((at for at, one in enumerate(found) if one.key == layer.key), 0)
    if at == 0:
        raise MissingError("a layer before")
    return placed(found[at - 1].value, found[at - 1].place)


@function
def output_activation(scope: Any) -> Any:
    """Activation at the end of a model: `softmax`, `sigmoid`, `linear` ... Missing if the config does not tell."""
    config = scope.segment.config
    for layer in reversed(_layers(config)):
        kind = str(layer.value)
        if kind in PASSING:
            continue
        if kind in ACTIVATION:
            return placed(ACTIVATION[kind], layer.place)
        if kind == "Activation" or COMPUTING.fullmatch(kind):
            return _activation(config, layer)
        raise MissingError(f"the activation of {kind}")
    stated = config.canonical.get("last_activation")
    if stated is not None and isinstance(stated.value, str):
        return placed(stated.value.lower(), stated.place)
    raise MissingError("the last layer")


@function
def output_units(scope: Any) -> Any:
    """Units of the last layer of a model. Missing if the config does not tell."""
    config = scope.segment.config
    for layer in reversed(_layers(config)):
        kind = str(layer.value)
        if COMPUTING.fullmatch(kind):
            units = _of(config, layer, "units") or _of(config, layer, "filters")
            if units is not None and isinstance(units.value, int):
                return placed(units.value, units.place)
        if kind not in {*PASSING, *ACTIVATION, "Activation"} or kind in SHAPING:
            break
    raise MissingError("the units of the last layer")


@function
def loss_name(scope: Any) -> Any:
    """The one loss of a config in snake case: `binary_crossentropy`. Missing if there are several, or a function."""
    config: Config = scope.segment.config
    stated = config.settings.get("loss.class_name") or config.settings.get("loss") or config.canonical.get("loss")
    if stated is None or not isinstance(stated.value, str) or stated.value == "function":
        raise MissingError("the name of the loss")
    bare = stated.value.rpartition(".")[2]
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", bare).lower()
    return placed(LOSSES.get(snake, snake), stated.place)


@function
def loss_on_logits(scope: Any) -> bool:
    """Whether the loss of a config is told to apply softmax or sigmoid itself (`from_logits`)."""
    config = scope.segment.config
    found = config.settings.get("loss.from_logits") or config.settings.get("from_logits")
    if found is not None and found.value is UNKNOWN:
        raise MissingError("from_logits")
    return found is not None and found.value is True


@function
def data_classes(scope: Any) -> Any:
    """How many classes the training data has, by the config. Missing if it does not tell, or says different things."""
    config: Config = scope.segment.config
    listed = [config.settings[key] for key in config.settings if _fits(key, ("metainfo.classes", "classes"))]
    if listed:
        if not all(isinstance(setting.value, list | tuple) for setting in listed):
            raise MissingError("the classes of the data")
        counts = {len(setting.value): setting for setting in listed}
    else:
        if config.partial:
            raise MissingError("the classes of the data")
        kinds = [config.settings[key] for key in config.settings if _fits(key, ("type",))]
        named = [setting for setting in kinds if isinstance(setting.value, str) and _base(setting) in CLASSES]
        if any("Dataset" in str(one.value) and one not in named and not _wraps(one) for one in kinds):
            raise MissingError("the classes of the data")
        counts = {CLASSES[_base(setting)]: setting for setting in named}
    if len(counts) != 1:
        raise MissingError("the classes of the data")
    count, setting = next(iter(counts.items()))
    return placed(count, setting.place)


@function
def training_data(scope: Any, setting: Any) -> Any:
    """What the config trains on where a setting says what it is tested on: `train` for `val`."""
    if not isinstance(setting, Setting):
        raise ValueTypeError("`training_data` needs a setting")
    settings: dict[str, Setting] = scope.segment.config.settings
    stem, dot, rest = setting.key.partition(".dataset") if ".dataset" in setting.key else (setting.key, "", "")
    for other in ("val", "validation", "valid", "test"):
        key = re.sub(rf"(?<![a-z]){other}(?![a-z])", "train", stem.lower()) + dot
        found = [settings[one] for one in settings if one.lower() == key + rest] if key != stem.lower() + dot else []
        if dot and not found:  # behind another wrapper
            end = rest.rpartition(".")[2]
            found = [
                settings[name] for name in settings if fnmatchcase(name, f"{key}*.{end}") and ".pipeline" not in name
            ]
        if key != stem.lower() + dot and found and found[0].value is not UNKNOWN:
            return placed(found[0].value, found[0].place)
    raise MissingError(f"the training data beside {setting.key}")


def _fits(key: str, ends: tuple[str, ...]) -> bool:
    return ".pipeline" not in key and any(fnmatchcase(key, f"{stem}.{end}") for stem in DATA for end in ends)


def _base(setting: Setting) -> str:
    return str(setting.value).rpartition(".")[2]


def _wraps(setting: Setting) -> bool:
    return _base(setting) in ("RepeatDataset", "ConcatDataset", "ClassBalancedDataset", "MultiImageMixDataset")


def _layers(config: Config) -> list[Setting]:
    return [layer for layer in _walked(config) if layer.value not in ("Sequential", "Functional", "Model")]


def _walked(config: Config) -> Iterator[Setting]:
    for key, setting in config.settings.items():
        if re.fullmatch(r"(?:layers\.\d+\.)+class_name", key):
            yield setting


def _of(config: Config, layer: Setting, name: str) -> Setting | None:
    return config.settings.get(f"{layer.key.removesuffix('class_name')}{name}")


def _activation(config: Config, layer: Setting) -> Any:
    found = _of(config, layer, "activation")
    if found is None and not any(key.startswith(f"{layer.key[:-10]}activation.") for key in config.settings):
        return placed("linear", layer.place)
    if found is None or not isinstance(found.value, str):
        if found is not None and found.value is None:
            return placed("linear", found.place)
        raise MissingError("the last activation")
    return placed(re.sub(r"_v\d+$", "", found.value.lower()), found.place)
