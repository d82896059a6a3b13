"""The table of hyperparameters: valid as a whole, and right about keys that real configs hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from diagnose.assets import load
from diagnose.model import UNKNOWN, Config, Place, Setting
from diagnose.model.change import RISKS
from diagnose.names import fact_names, frameworks, hyperparameter, hyperparameters
from diagnose.names import hyperparameters as table
from diagnose.names.frameworks import lineage
from diagnose.names.hyperparameters import ANY, ROLES, SCALES

NAMES = Path(__file__).parents[2] / "diagnose" / "names"
ROWS = list(hyperparameters().values())


def name(key: str, framework: str = "") -> str:
    row = hyperparameter(key, framework)
    return row.name if row else ""


def test_there_are_many() -> None:
    assert len(ROWS) >= 150
    assert set(ROLES) == {row.role for row in ROWS}


def test_columns_hold_known_words() -> None:
    odd = [row.name for row in ROWS if row.scale not in SCALES or row.risk not in RISKS or row.role not in ROLES]
    facts = [row.name for row in ROWS if row.fact and row.fact not in fact_names()]
    scopes = {scope for row in ROWS for scope in (*(row.keys or {}), *(row.defaults or {}))}

    assert ([], []) == (odd, facts)
    assert scopes <= {ANY, *frameworks()}


def test_every_row_says_why() -> None:
    assert [] == [row.name for row in ROWS if not row.title or not row.because.endswith(".") or "\n" in row.because]


def test_risks_have_a_source() -> None:
    assert [] == [row.name for row in ROWS if row.risk not in ("low", "none") and not row.source]


def test_ranges_are_ordered_and_have_a_source() -> None:
    ranged = [row for row in ROWS if row.low is not None or row.high is not None]
    odd = [row.name for row in ranged if row.low is None or row.high is None or row.low >= row.high]

    assert [] == odd
    assert [] == [row.name for row in ranged if not row.range_source]


def test_defaults_lie_in_their_ranges() -> None:
    odd = [
        (row.name, framework)
        for row in ROWS
        if row.low is not None and row.high is not None
        for framework, value in (row.defaults or {}).items()
        if isinstance(value, int | float) and not isinstance(value, bool) and not row.low <= value <= row.high
    ]

    assert [] == odd


def test_couplings_name_rows() -> None:
    assert [] == [(row.name, other) for row in ROWS for other in row.pairs_with if other not in table()]
    assert [] == [row.name for row in ROWS if row.name in row.pairs_with]


def test_no_alias_stands_twice_in_a_framework() -> None:
    counted = Counter(
        (framework, alias.lower())
        for row in ROWS
        for framework, aliases in (row.keys or {}).items()
        for alias in aliases
    )

    assert [] == [alias for alias, count in counted.items() if count > 1]


def test_every_source_is_cited() -> None:
    data = load(NAMES / "hyperparameters.yaml")
    rows = [row for rows in data["names"].values() for row in rows.values()] + list(data["roles"].values())
    cited = {
        one.strip() for row in rows for column in ("source", "range_source") for one in row.get(column, "").split(",")
    }

    assert set(data["sources"]) == (cited | set(data["documented"].values())) - {""}


def test_every_default_is_documented() -> None:
    frameworks_with_defaults = {framework for row in ROWS for framework in row.defaults or {}}

    assert frameworks_with_defaults == set(load(NAMES / "hyperparameters.yaml")["documented"])


def test_plain_aliases_find_their_row() -> None:
    lost = [
        (row.name, framework, alias)
        for row in ROWS
        for framework, aliases in (row.keys or {}).items()
        for alias in aliases
        if "*" not in alias and name(alias, "" if framework == ANY else framework) != row.name
    ]

    assert [] == lost


@pytest.mark.parametrize(
    ("key", "framework", "expected"),
    [
        ("lr0", "", "lr"),
        ("--learning-rate", "", "lr"),
        ("SOLVER.BASE_LR", "detectron2", "lr"),
        ("optim_wrapper.optimizer.lr", "openmmlab", "lr"),
        ("optimizer.init_args.lr", "lightning", "lr"),
        ("training_config.optimizer_config.config.learning_rate", "keras", "lr"),
        ("learning_rate.value", "", "lr"),
        ("lrf", "ultralytics", "lr_final_share"),
        ("box", "yolov5", "box_weight"),
        ("cls", "ultralytics", "cls_weight"),
        ("scale", "yolov5", "scale"),
        ("name", "yolov5", "run_name"),
        ("fl_gamma", "yolov5", "focal_gamma"),
        ("model.bbox_head.loss_cls.gamma", "openmmlab", "focal_gamma"),
        ("lr_config.gamma", "mmcv", "lr_gamma"),
        ("SOLVER.GAMMA", "detectron2", "lr_gamma"),
        ("gamma", "rl", "discount"),
        ("alpha", "rl", "entropy_weight"),
        ("lr_config.warmup_ratio", "mmcv", "warmup_factor"),
        ("warmup_ratio", "huggingface", "warmup_share"),
        ("param_scheduler.1.milestones", "openmmlab", "lr_steps"),
        ("param_scheduler.0.by_epoch", "openmmlab", "schedule_unit"),
        ("batch_size", "yolov5", "batch_size"),
        ("batch_size", "nanogpt", "batch_size_per_device"),
        ("train_dataloader.batch_size", "openmmlab", "batch_size_per_device"),
        ("val_dataloader.batch_size", "openmmlab", "eval_batch_size"),
        ("model.train_cfg.rcnn.assigner.pos_iou_thr", "openmmlab", "pos_iou"),
        ("model.test_cfg.rcnn.nms.iou_threshold", "openmmlab", "nms_threshold"),
        ("model.train_cfg.rpn_proposal.nms.iou_threshold", "openmmlab", "proposals"),
        ("model.roi_head.bbox_head.1.num_classes", "openmmlab", "num_classes"),
        ("model.backbone.norm_cfg.momentum", "openmmlab", "norm_momentum"),
        ("model.backbone.init_cfg.type", "openmmlab", "pretrained"),
        ("optim_wrapper.paramwise_cfg.custom_keys.backbone.lr_mult", "openmmlab", "lr_multiplier"),
        ("layers.3.config.momentum", "keras", "norm_momentum"),
        ("layers.2.config.rate", "keras", "dropout"),
        ("trainer.callbacks.0.init_args.patience", "lightning", "patience"),
        ("lr_scheduler.patience", "", "plateau_patience"),
        ("model.head.size_aware_weight", "", "size_aware_loss"),
        ("logger.name", "", "logging"),
        ("default_hooks.logger.interval", "openmmlab", "logging"),
        ("opt", "", "optimizer"),
        ("task", "ultralytics", "task"),
        ("ignore_data_skip", "huggingface", "resume_data"),
        ("trainer.callbacks.0.init_args.mode", "lightning", "monitor_mode"),
        ("trainer.callbacks.0.init_args.monitor", "lightning", "monitor"),
        ("reg_weight", "", "loss_weight"),
        ("lambda_kl", "", "kl_weight"),
        ("model.head.small_threshold", "", "size_aware_options"),
        ("kernel_size", "", "kernel_size"),
        ("top_k", "", ""),
        ("tta_pipeline.1.transforms.0.0.scale", "openmmlab", "test_time_recipe"),
        ("tta_model.tta_cfg.nms.iou_threshold", "openmmlab", "test_time_recipe"),
        ("img_scales", "openmmlab", "test_time_recipe"),
        ("img_scales", "", "multi_scale"),
        ("w_ctc", "", "loss_weight"),
        ("model.my_own_loss_weight", "", "loss_weight"),
        ("MODEL.MASK_ON", "detectron2", "mask_branch"),
    ],
)
def test_keys_of_real_configs(key: str, framework: str, expected: str) -> None:
    assert expected == name(key, framework)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("param_scheduler.1.lr", "lr"),
        ("ema.momentum", "momentum"),
        ("custom_hooks.0.momentum", "momentum"),
        ("norm_cfg.momentum", "momentum"),
        ("model.neck.init_cfg.type", "optimizer"),
        ("val_dataloader.num_classes", "lr"),
        ("test_cfg.batch_size", "batch_size"),
        ("lr_scheduler.patience", "patience"),
        ("some.other.tree.lr", "lr"),
        ("metrics.lr", "seed"),
        ("model.train_cfg.debug", "fraction"),
    ],
)
def test_words_elsewhere_mean_something_else(key: str, wrong: str) -> None:
    assert wrong != name(key) and wrong != name(key, "openmmlab")


@pytest.mark.parametrize("word", ["gamma", "alpha", "scale", "box", "cls", "name", "beta", "num_steps"])
def test_ambiguous_words_need_a_framework(word: str) -> None:
    assert "" == name(word)


def test_the_family_lends_its_spelling() -> None:
    assert ("yolov5", "yolo") == lineage("yolov5")
    assert () == lineage("no such framework")
    assert "lr" == name("lr", "no such framework")


def test_defaults() -> None:
    gamma, clip, workers = table()["focal_gamma"], table()["clip"], table()["workers"]

    assert (0.0, True) == (gamma.default("yolov5"), gamma.has_default("yolov5"))
    assert (None, False) == (gamma.default("keras"), gamma.has_default("keras"))
    assert (None, True) == (clip.default("lightning"), clip.has_default("lightning"))
    assert 8 == workers.default("ultralytics")


def test_defaults_of_single_keys() -> None:
    row = table()["checkpointing"]

    assert 500 == row.default("huggingface", "save_steps")
    assert "steps" == row.default("huggingface", "args.save_strategy")
    assert row.default("huggingface", "nosave") is None
    assert row.default("huggingface") is None


@pytest.mark.parametrize(
    ("row", "value", "off"),
    [
        ("focal_gamma", 0, True),
        ("focal_gamma", 0.0, True),
        ("focal_gamma", 0.5, False),
        ("clip", None, True),
        ("clip", "none", True),
        ("clip", 1.0, False),
        ("mosaic", False, True),
        ("amp", "no", True),
        ("amp", "bf16", False),
        ("amp", "32-true", True),
        ("lr", 0, False),
        ("freeze", [0], True),
        ("clip", UNKNOWN, False),
    ],
)
def test_off(row: str, value: object, off: bool) -> None:
    assert off is table()[row].is_off(value)


def test_a_config_is_named() -> None:
    from diagnose.engine.enrich import name_settings

    pairs = {"lr0": 0.01, "lrf": UNKNOWN, "fl_gamma": 0.0, "obj": 1.0, "box": 0.05, "hyp": None, "x.y.lr": 5}
    config = Config({key: Setting(key, value, Place("h.yaml", 1)) for key, value in pairs.items()})
    name_settings(config)

    assert "yolov5" == config.framework
    assert {"lr": 0.01, "focal_gamma": 0.0, "obj_weight": 1.0, "box_weight": 0.05} == {
        key: setting.value for key, setting in config.canonical.items()
    }


def test_what_is_on_speaks_for_the_rest() -> None:
    from diagnose.engine.enrich import name_settings

    config = Config({key: Setting(key, key == "bf16", Place("a.json", 1)) for key in ("fp16", "bf16")})
    name_settings(config)

    assert "bf16" == config.canonical["amp"].key
