"""What a config plans: its optimizer, its warm-up, and the length of the run in the unit of a setting."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from diagnose.language.functions.registry import Registry
from diagnose.language.values import MissingError, ValueTypeError, placed
from diagnose.model import Config, Setting
from diagnose.names import canonical, hyperparameters, traits

function = Registry()

OF_ITS_OWN = ("dadapt", "prodigy")
"""Optimizers that find the step themselves: a rate of 1 is theirs."""
MOST = 1e300
"""A whole number beyond it, which a config may hold, is no float."""
RISING = ("LinearLR", "ConstantLR", "PolyParamScheduler", "QuadraticWarmupLR", "LinearParamScheduler")
"""Parts of a schedule that end a warm-up where the next part begins."""


@function
def adam_family(optimizer: Any) -> bool:
    """Whether an optimizer is Adam or one of its kin, whose step is about the learning rate whatever the gradient."""
    name = str(optimizer).lower()
    return "adam" in name and not any(word in name for word in OF_ITS_OWN)


@function
def plain_sgd(optimizer: Any) -> bool:
    """Whether an optimizer is SGD, with or without momentum, and scales nothing by layer."""
    name = str(optimizer).lower().rpartition(".")[2]
    return name.startswith(("sgd", "momentum", "nesterov")) and "lars" not in name


@function
def optimizer_name(scope: Any) -> Any:
    """The optimizer that the log or the config names, else the framework's own. Missing if it is not known."""
    fact = scope.segment.facts.get("optimizer")
    if fact is not None:
        return placed(fact.value, fact.place)
    config = scope.segment.config
    row = hyperparameters()["optimizer"]
    usual = row.default(config.framework)
    if usual is None or "optimizer" in config.canonical or config.partial or not config:
        raise MissingError("fact optimizer")
    return usual


@function
def direction(metric: Any) -> str:
    """Which way a metric gets better: `higher`, `lower`, or an empty text where the name does not tell."""
    better = traits(canonical(str(metric), "val")).better
    return better if better in ("higher", "lower") else ""


@function
def number(value: Any) -> Any:
    """The value if it is a finite number. Missing for texts, lists and truth values, which a setting may be as well."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MOST:
        raise MissingError("a number")
    return value


@function
def nth(value: Any, position: Any) -> Any:
    """Number at a position (from 0) of a setting that is a list. Missing if it is none, or shorter."""
    item = value.get(str(int(position))) if isinstance(value, dict) else None
    if item is None:
        raise MissingError(f"item {int(position)}")
    return number(item)


@function
def latest(setting: Any) -> Any:
    """Highest number of a setting's value, be it one or a list. Missing if it holds none."""
    return placed(max(_numbers(setting)), setting.place)


@function
def earliest(setting: Any) -> Any:
    """Lowest number of a setting's value, be it one or a list. Missing if it holds none."""
    return placed(min(_numbers(setting)), setting.place)


@function
def counts_epochs(scope: Any, setting: Any) -> bool:
    """Whether a number of a schedule counts epochs (true) or steps (false). Missing if the config does not tell."""
    if not isinstance(setting, Setting):
        raise ValueTypeError("`counts_epochs` needs a setting")
    config: Config = scope.segment.config
    last = setting.key.rpartition(".")[2].lower()
    stated = _beside(config, setting, "warmup_by_epoch" if last == "warmup_iters" else "by_epoch")
    if isinstance(stated, bool):
        return stated
    if setting.key.startswith("param_scheduler"):
        return True
    if config.framework == "mmcv" and setting.key.startswith("lr_config."):
        return last != "warmup_iters"
    if "epoch" in last:
        return True
    if "iter" in last or last.endswith(("decay_steps", "total_steps", "training_steps", "warmup_steps")):
        return False
    epochs, steps = _length(config, "epochs"), _length(config, "steps")
    if (epochs is None) == (steps is None):
        raise MissingError(f"the unit of {setting.key}")
    return epochs is not None


@function
def run_length(scope: Any, setting: Any) -> Any:
    """Length of the run in the unit in which a setting counts, epochs or steps. Missing if it is not known."""
    name = "epochs" if counts_epochs(scope, setting) else "steps"
    config: Config = scope.segment.config
    stated = config.canonical.get(name)
    length = _length(config, name)
    if length is not None:
        return placed(length, stated.place) if stated is not None else length
    epochs = _length(config, "epochs")
    per_epoch = scope.segment.facts.get("steps_per_epoch")
    if name == "steps" and epochs is not None and per_epoch is not None and isinstance(per_epoch.value, int | float):
        return placed(epochs * float(per_epoch.value), per_epoch.place)
    raise MissingError(f"config {name}")


@function
def warmup(scope: Any) -> Setting:
    """The setting that states how long the warm-up is. Missing if the config states none that is on."""
    found = next(_warmups(scope.segment.config), None)
    if found is None:
        raise MissingError("a warm-up")
    return found


@function
def warms_up(scope: Any) -> bool:
    """Whether the config, or its framework without a word, warms the learning rate up."""
    config: Config = scope.segment.config
    if next(_warmups(config), None) is not None:
        return True
    if any("onecycle" in str(one.value).lower() or "warmup" in str(one.value).lower() for one in _schedules(config)):
        return True
    method = config.canonical.get("warmup_method")
    if method is not None and not hyperparameters()["warmup_method"].is_off(method.value):
        return True
    names = ("warmup_epochs", "warmup_steps", "warmup_share")
    if any(name in config.canonical for name in names):
        return False
    return any((hyperparameters()[name].default(config.framework) or 0) > 0 for name in names)


@function
def warmup_part(scope: Any) -> Any:
    """Which part of the run the warm-up takes: 0.1 is a tenth. Missing if it or the run has no known length."""
    setting = warmup(scope)
    value = _numbers(setting)[0]
    if _row_is(setting, scope.segment.config, "warmup_share"):
        return placed(value, setting.place)
    length = run_length(scope, setting)
    return placed(value / float(length), setting.place)


def _warmups(config: Config) -> Iterator[Setting]:
    for name in ("warmup_share", "warmup_epochs", "warmup_steps"):
        setting = config.canonical.get(name)
        if setting is not None and not setting.key.endswith("pct_start") and _positive(setting.value):
            yield setting
    for key, setting in config.settings.items():
        if fnmatchcase(key, "param_scheduler*.end") and _positive(setting.value):
            kind, begin = _beside(config, setting, "type"), _beside(config, setting, "begin")
            if str(kind).rpartition(".")[2] in RISING and begin in (0, None):
                yield setting


def _schedules(config: Config) -> Iterator[Setting]:
    if "lr_schedule" in config.canonical:
        yield config.canonical["lr_schedule"]
    for key in config.settings:
        if fnmatchcase(key, "*sched*.type") or fnmatchcase(key, "lr_config.warmup"):
            yield config.settings[key]


def _row_is(setting: Setting, config: Config, name: str) -> bool:
    return config.canonical.get(name) is setting


def _beside(config: Config, setting: Setting, name: str) -> Any:
    parent = setting.key.rpartition(".")[0]
    found = config.settings.get(f"{parent}.{name}" if parent else name)
    return None if found is None else found.value


def _length(config: Config, name: str) -> float | None:
    stated = config.canonical.get(name)
    if stated is not None:
        return float(stated.value) if _positive(stated.value) else None
    usual = None if config.partial else hyperparameters()[name].default(config.framework)
    return float(usual or 0) if _positive(usual) else None


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < MOST


def _numbers(setting: Any) -> list[float]:
    if not isinstance(setting, Setting):
        raise ValueTypeError("this needs a setting")
    values = setting.value if isinstance(setting.value, list | tuple) else [setting.value]
    numbers = [
        float(value)
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST
    ]
    if not numbers:
        raise MissingError(f"a number in {setting.key}")
    return numbers
