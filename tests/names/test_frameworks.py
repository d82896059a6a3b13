"""Whose config it is."""

from __future__ import annotations

import pytest

from diagnose.names import framework_of, frameworks


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("lr0 lrf momentum box cls obj fl_gamma hsv_h", "yolov5"),
        ("weights cfg data hyp epochs batch_size imgsz noval nosave noautoanchor", "yolov5"),
        ("task mode model epochs close_mosaic lr0 lrf box cls dfl nbs", "ultralytics"),
        ("lr0 lrf momentum weight_decay", "yolo"),
        ("optim_wrapper.type optim_wrapper.optimizer.lr default_scope", "openmmlab"),
        ("param_scheduler.0.type train_dataloader.batch_size", "openmmlab"),
        ("data.samples_per_gpu lr_config.policy optimizer.type total_epochs", "mmcv"),
        ("model.type model.backbone.type model.neck.type", "openmm"),
        ("SOLVER.BASE_LR SOLVER.IMS_PER_BATCH MODEL.WEIGHTS", "detectron2"),
        ("per_device_train_batch_size learning_rate num_train_epochs", "huggingface"),
        ("pretrained_model_name_or_path max_train_steps train_batch_size learning_rate", "diffusers"),
        ("trainer.max_epochs trainer.accelerator model.lr", "lightning"),
        ("class_name config.layers.0.class_name keras_version", "keras"),
        ("model sched warmup_lr reprob drop_path", "timm"),
        ("lr_step_size lr_gamma trainable_backbone_layers lr", "torchvision"),
        ("n_layer n_head n_embd block_size", "nanogpt"),
        ("gamma gae_lambda ent_coef learning_rate", "rl"),
        ("training.learning_rate training.batch_size data.path", ""),
        ("", ""),
    ],
)
def test_keys_tell_the_framework(keys: str, expected: str) -> None:
    assert expected == framework_of(keys.split())


def test_marks_do_not_depend_on_order_or_case() -> None:
    keys = ["OBJ", "--FL-GAMMA"]

    assert "yolov5" == framework_of(keys) == framework_of(reversed(keys))


def test_a_mark_counts_once() -> None:
    assert "" == framework_of(["param_scheduler.0.type", "param_scheduler.1.type"])


def test_families_are_frameworks() -> None:
    assert [] == [row.name for row in frameworks().values() if row.family and row.family not in frameworks()]
    assert [] == [row.name for row in frameworks().values() if len(row.marks) < row.least or row.least < 2]
