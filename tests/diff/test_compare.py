"""What differs between two configs, and how it is ranked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.engine.diff import compare
from diagnose.engine.enrich import enrich
from diagnose.model import UNKNOWN, Change, Config, Place, Run, Segment, Setting


def config(partial: bool = False, framework: str = "", **settings: Any) -> Config:
    made = {
        key.replace("__", "."): Setting(key.replace("__", "."), value, Place("c.yaml", line))
        for line, (key, value) in enumerate(settings.items(), 1)
    }
    run = Run("c.yaml", "config-yaml", [Segment("", 0, "c.yaml", 1, 9, config=Config(made, {}, framework, partial))])
    return enrich(run).segments[0].config


def changes(old: Config, new: Config) -> dict[str, Change]:
    return {change.key: change for change in compare(old, new)}


def test_equal_configs_have_no_changes() -> None:
    assert compare(config(lr=0.1, name="a"), config(name="a", lr=0.1)) == ()


@pytest.mark.parametrize(("old", "new"), [(1, 1.0), (0.1, 0.1 + 1e-17), ([1, 2.0], [1.0, 2]), (None, ""), (None, [])])
def test_one_value_written_twice_is_no_change(old: Any, new: Any) -> None:
    assert compare(config(thing=old), config(thing=new)) == ()


def test_percent_and_factor() -> None:
    change = changes(config(lr=0.005), config(lr=0.004))["lr"]
    assert (change.change_percent, round(change.factor or 0, 9), change.kind) == (-20.0, 0.8, "tuning")


def test_from_zero_there_is_no_percent() -> None:
    change = changes(config(thing=0), config(thing=0.5))["thing"]
    assert change.change_percent is None
    assert change.factor is None


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ({"weight_decay": 0}, {"weight_decay": 0.1}, "activation"),
        ({"weight_decay": 0.1}, {"weight_decay": 0}, "deactivation"),
        ({"use_ema_x": False}, {"use_ema_x": True}, "activation"),
        ({}, {"flag_x": True}, "activation"),
        ({"optimizer": "SGD"}, {"optimizer": "Adam"}, "choice"),
        ({}, {"thing": 3}, "added"),
        ({"thing": 3}, {}, "removed"),
        ({"thing": 3}, {"thing": UNKNOWN}, "unknown"),
    ],
)
def test_kinds(old: dict[str, Any], new: dict[str, Any], kind: str) -> None:
    (change,) = compare(config(**old), config(**new))
    assert change.kind == kind


def test_absent_and_off_is_no_change() -> None:
    assert compare(config(lr=0.1), config(lr=0.1, weight_decay=0.0)) == ()


def test_absent_key_of_a_partial_config_says_so() -> None:
    (change,) = compare(config(partial=True, lr=0.1), config(lr=0.1, thing=3))
    assert "could not be read" in change.because[-1]


def test_other_frameworks_names_are_compared_by_canonical_name() -> None:
    (change,) = compare(config(optimizer__lr=0.1), config(learning_rate=0.2))
    assert (change.name, change.old, change.new) == ("lr", 0.1, 0.2)


def test_an_item_put_into_a_list_does_not_change_the_others() -> None:
    old = config(pipe__0__type="Load", pipe__1__type="Resize", pipe__1__size=3, pipe__2__type="Flip")
    new = config(
        pipe__0__type="Load", pipe__1__type="Mosaic", pipe__2__type="Resize", pipe__2__size=4, pipe__3__type="Flip"
    )
    found = changes(old, new)
    assert set(found) == {"pipe.1", "pipe.2.size"}
    assert (found["pipe.2.size"].old, found["pipe.2.size"].new) == (3, 4)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"optimizer": "adamw"}, {"optimizer": "AdamW"}),
        ({"optimizer": "adamw"}, {"optim": "adamw_torch"}),
        ({"optimizer__class_path": "torch.optim.AdamW"}, {"optimizer__type": "AdamW"}),
        ({"lr_scheduler": "cosine"}, {"lr_scheduler": "CosineAnnealingLR"}),
        ({"loss": "mse"}, {"loss": "MSELoss"}),
        ({"amp": True}, {"precision": "16-mixed"}),
        ({"bf16": True}, {"precision": "bf16-mixed"}),
        ({"precision": 32}, {"precision": "32-true"}),
    ],
)
def test_two_spellings_of_one_value_are_no_change(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert compare(config(**old), config(**new)) == ()
    assert compare(config(**new), config(**old)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"optimizer": "adam"}, {"optimizer": "adamw"}),
        ({"optimizer": "mine.AdamW"}, {"optimizer": "AdamW"}),
        ({"lr_scheduler": "cosine"}, {"lr_scheduler": "cosine_with_restarts"}),
        ({"amp": True}, {"precision": "bf16-mixed"}),
        ({"activation": "gelu"}, {"activation": "gelu_new"}),
    ],
)
def test_other_values_stay_changes(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert len(compare(config(**old), config(**new))) == 1


HUGGING = {"per_device_train_batch_size": 8, "num_train_epochs": 3}
WRITTEN_OUT = {
    "optim": "adamw_torch", "average_tokens_across_devices": True, "eval_strategy": "no", "save_strategy": "steps",
    "save_steps": 500, "logging_steps": 500, "ignore_data_skip": False, "lr_scheduler_type": "linear",
}  # fmt: skip


def test_defaults_written_out_are_no_change() -> None:
    assert compare(config(**HUGGING), config(**HUGGING, **WRITTEN_OUT)) == ()
    assert compare(config(**HUGGING, **WRITTEN_OUT), config(**HUGGING)) == ()


@pytest.mark.parametrize("key", ["MODEL__MASK_ON", "some_flag"])
def test_absent_and_false_is_no_change(key: str) -> None:
    assert compare(config(lr=0.1), config(lr=0.1, **{key: False})) == ()
    assert compare(config(lr=0.1, **{key: False}), config(lr=0.1)) == ()


@pytest.mark.parametrize("key", ["shuffle", "pretrained_flag"])
def test_a_switch_that_is_turned_is_a_change(key: str) -> None:
    assert len(compare(config(**{key: True}), config(**{key: False}))) == 1


@pytest.mark.parametrize(
    ("key", "old", "new"), [("batch_size", 8, -1), ("clip_grad_norm", 1.0, -1), ("save_period", -1, 10), ("seed", 1, 2)]
)
def test_no_percent_of_what_is_no_amount(key: str, old: Any, new: Any) -> None:
    (change,) = compare(config(**{key: old}), config(**{key: new}))
    assert change.change_percent is None


STEPS = {"pipe__0__type": "Load", "pipe__1__type": "MixUp", "pipe__1__img_scale": 640, "pipe__2__type": "Flip"}
LESS = {"pipe__0__type": "Load", "pipe__1__type": "Flip"}


def test_an_item_that_went_is_one_change() -> None:
    (change,) = compare(config(**STEPS), config(**LESS))
    assert (change.key, change.kind, change.old, change.new) == ("pipe.1", "removed", "MixUp", None)
    assert set(change.parts) == {"pipe.1.type", "pipe.1.img_scale"}
    (change,) = compare(config(**LESS), config(**STEPS))
    assert (change.key, change.kind, change.old, change.new) == ("pipe.1", "added", None, "MixUp")


def test_a_list_that_went_is_one_change() -> None:
    (change,) = compare(config(lr=0.1, **STEPS), config(lr=0.1))
    assert (change.key, change.kind, change.old) == ("pipe", "removed", ["Load", "MixUp", "Flip"])


def test_items_without_a_type_keep_their_parts() -> None:
    found = changes(config(files__0__a=1, files__0__b=2), config(files__0__a=1, files__0__b=2, files__1__a=3))
    assert set(found) == {"files.1.a"}


def test_a_warm_up_that_went_does_not_touch_the_rest_of_the_schedule() -> None:
    warm = {"type": "LinearLR", "by_epoch": False, "start_factor": 0.001}
    drop = {"type": "MultiStepLR", "by_epoch": True, "gamma": 0.1}
    old = {f"param_scheduler__{n}__{key}": value for n, step in enumerate((warm, drop)) for key, value in step.items()}
    new = {"param_scheduler__0__type": "MultiStepLR", "param_scheduler__0__gamma": 0.1}
    found = compare(config(framework="openmmlab", **old), config(framework="openmmlab", **new))
    assert [(change.key, change.old, change.role) for change in found] == [
        ("param_scheduler.0", "LinearLR", "schedule")
    ]


def test_a_list_under_two_keys_counts_once() -> None:
    def under(steps: dict[str, Any]) -> dict[str, Any]:
        return {
            f"{stem}__{key}": value
            for stem in ("train_pipeline", "train_dataloader__dataset__pipeline")
            for key, value in steps.items()
        }

    old, new = under({"0__type": "Load", "1__type": "Flip", "1__prob": 0.5}), under({"0__type": "Load"})
    (change,) = compare(config(framework="openmmlab", **old), config(framework="openmmlab", **new))
    assert (change.key, len(change.parts)) == ("train_pipeline.1", 4)
    other = old | {"train_pipeline__1__prob": 0.9}
    assert len(compare(config(framework="openmmlab", **old), config(framework="openmmlab", **other))) == 1


def test_one_setting_under_two_keys_counts_once() -> None:
    old, new = {"hyp__cls": 0.3, "cls": 0.3}, {"hyp__cls": 0.5, "cls": 0.5}
    (change,) = compare(config(framework="yolov5", **old), config(framework="yolov5", **new))
    assert (change.key, change.parts) == ("cls", ("cls", "hyp.cls"))


def test_two_settings_of_one_name_count_twice() -> None:
    old, new = {"a__loss_cls__loss_weight": 1, "b__loss_cls__loss_weight": 1}, {"a__loss_cls__loss_weight": 2}
    assert len(compare(config(**old), config(**new, b__loss_cls__loss_weight=2))) == 2


def test_what_only_names_is_not_paired_across_frameworks() -> None:
    found = changes(config(framework="detectron2", VERSION=2), config(framework="ultralytics", project="runs"))
    assert set(found) == {"VERSION", "project"}


def test_momentum_counts_by_what_it_does_to_the_step() -> None:
    assert changes(config(momentum=0.9), config(momentum=0.99))["momentum"].risk == "high"
    assert changes(config(momentum=0.9), config(momentum=0.902))["momentum"].risk == "low"


@pytest.mark.parametrize("key", ["w_ctc", "aux_ctc_loss_weight", "loss_weight_mask"])
def test_a_term_of_the_loss_that_is_switched_on(key: str) -> None:
    (change,) = compare(config(**{key: 0.0}), config(**{key: 0.3}))
    assert (change.kind, change.role, change.risk) == ("activation", "loss", "critical")


def test_other_weights_are_less_than_none() -> None:
    other = changes(config(pretrained="a://resnet50"), config(pretrained="a://resnet101"))["pretrained"]
    gone = changes(config(pretrained="a://resnet50"), config(lr=0.1))["pretrained"]
    assert (other.risk, gone.risk) == ("high", "critical")
    assert "trained weights" in other.because[0]


def test_a_bare_name_has_no_effect() -> None:
    (change,) = compare(config(name="a", x__y__z=1), config(name="b", x__y__z=1))
    assert (change.role, change.risk) == ("bookkeeping", "none")


def test_more_dangerous_changes_come_first() -> None:
    found = [change.key for change in compare(config(lr=0.01, workers=4), config(lr=0.1, workers=8))]
    assert found[0] == "lr"


def test_a_higher_rate_is_worse_than_a_lower_one() -> None:
    raised = changes(config(lr=0.01), config(lr=0.1))["lr"]
    lowered = changes(config(lr=0.1), config(lr=0.01))["lr"]
    order = ("critical", "high", "medium", "low", "none")
    assert order.index(raised.risk) < order.index(lowered.risk)


def test_coupled_changes_name_each_other() -> None:
    found = changes(config(lr=0.005, weight_decay=5e-4), config(lr=0.004, weight_decay=8e-4))
    assert any("weight_decay" in reason for reason in found["lr"].because)
    assert any("lr" in reason for reason in found["weight_decay"].because)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = scalars | st.lists(scalars, max_size=3) | st.just(UNKNOWN)
words = st.sampled_from(["lr", "a", "0", "1", "loss", "gamma", "optimizer"])
keys = st.lists(words, min_size=1, max_size=4).map("__".join)


@given(st.dictionaries(keys, values, max_size=8), st.dictionaries(keys, values, max_size=8))
def test_any_settings_can_be_compared(old: dict[str, Any], new: dict[str, Any]) -> None:
    for change in compare(config(**old), config(**new)):
        assert change.risk in ("critical", "high", "medium", "low", "none")


@given(st.dictionaries(keys, values, max_size=8))
def test_nothing_differs_from_itself(settings: dict[str, Any]) -> None:
    assert compare(config(**settings), config(**settings)) == ()
