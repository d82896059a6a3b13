"""Functions on what a config plans: odd values are missing, never a fault."""

import math
import random
from typing import Any

import pytest

from diagnose.kit.cases import findings_of, run_of
from diagnose.language import MissingError, Scope, evaluate, parse
from diagnose.rules import builtin
from diagnose.rules.rule import Rule

ODD: tuple[Any, ...] = (
    0, 1, -1, 2.5, 10**400, math.nan, math.inf, True, False, None, "", "auto", "adam", "0.1", [], [8, 11], [0.9, "x"],
    [None], {"a": 1}, [[1, 2]], 5e5,
)  # fmt: skip
KEYS = (
    "lr", "min_lr", "lrf", "max_lr", "warmup_epochs", "warmup_steps", "warmup_ratio", "milestones", "gamma", "T_max",
    "scheduler", "batch_size", "per_device_train_batch_size", "gradient_accumulation_steps", "num_gpus", "optimizer",
    "momentum", "beta1", "beta2", "betas", "eps", "grad_clip", "weight_decay", "dropout", "label_smoothing",
    "ema_decay", "epochs", "max_steps", "min_epochs", "patience", "lr_patience", "early_stopping", "monitor", "mode",
    "val_interval", "auto_scale_lr.base_batch_size", "param_scheduler.0.type", "param_scheduler.0.begin",
    "param_scheduler.0.end", "param_scheduler.0.T_max", "param_scheduler.0.by_epoch", "param_scheduler.0.milestones",
    "lr_config.step",
)  # fmt: skip
CFG = [rule for rule in builtin() if rule.code.startswith("CFG0")]


def value(text: str, **config: Any) -> Any:
    """Return the value of an expression in a run that holds nothing but a config."""
    settings = {key.replace("__", "."): item for key, item in config.items()}
    return evaluate(parse(text), Scope(run_of({"config": settings or {"seed": 1}}).segments[0]))


@pytest.mark.parametrize(
    ("text", "config", "wanted"),
    [
        ('adam_family("torch.optim.AdamW")', {}, True),
        ('adam_family("DAdaptAdam")', {}, False),
        ('plain_sgd("torch.optim.SGD")', {}, True),
        ('plain_sgd("lars")', {}, False),
        ('direction("val_accuracy")', {}, "higher"),
        ('direction("val_loss")', {}, "lower"),
        ('direction("val_wobble")', {}, ""),
        ("warms_up()", {"lr": 0.1, "warmup_epochs": 5}, True),
        ("warms_up()", {"lr": 0.1, "warmup_epochs": 0}, False),
        ("warms_up()", {"lr": 0.1, "scheduler": "OneCycleLR"}, True),
        ("warmup_part()", {"epochs": 20, "warmup_epochs": 5}, 0.25),
        ("warmup_part()", {"max_steps": 1000, "warmup_steps": 100}, 0.1),
        ("warmup_part()", {"warmup_ratio": 0.1}, 0.1),
        ("nth(config.betas, 1)", {"betas": [0.9, 0.95]}, 0.95),
        ("number(config.lr)", {"lr": 0.1}, 0.1),
    ],
)
def test_value(text: str, config: dict[str, Any], wanted: object) -> None:
    assert value(text, **config) == wanted


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("warmup_part()", {"epochs": 20, "warmup_steps": 500}),
        ("warmup()", {"epochs": 20, "warmup_epochs": 0}),
        ("optimizer_name()", {"lr": 0.1}),
        ("number(config.lr)", {"lr": "auto"}),
        ("number(config.lr)", {"lr": True}),
        ("nth(config.betas, 2)", {"betas": [0.9, 0.95]}),
        ("nth(config.betas, 0)", {"betas": 0.9}),
    ],
)
def test_missing(text: str, config: dict[str, Any]) -> None:
    with pytest.raises(MissingError):
        value(text, **config)


def test_a_variable_of_an_openmmlab_file_is_no_setting_of_it() -> None:
    config = {"max_epochs": 12, "train_cfg__max_epochs": 20, "default_scope": "x", "optim_wrapper__type": "y"}
    assert value("config.epochs", **config) == 20


@pytest.mark.parametrize("rule", CFG, ids=lambda rule: rule.name)
def test_odd_values_are_no_fault_of_a_rule(rule: Rule) -> None:
    chance = random.Random(rule.code)
    for _ in range(40):
        config = {key: chance.choice(ODD) for key in chance.sample(KEYS, 15)}
        body: dict[str, Any] = {"config": config}
        if chance.random() < 0.5:
            body |= {"lr": "0.1-0.01x25", "grad_norm": "1x25", "facts": {"planned_epochs": 25, "devices": 2}}
        findings_of(rule, body)
