"""What a config of the OpenMMLab family says about the run: plan, batch, optimizer, classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from diagnose.model import Fact, Setting
from diagnose.patterns import lazy

KNOWN_CLASSES = {"CocoDataset": 80, "VOCDataset": 20, "CIFAR10": 10, "CIFAR100": 100, "ADE20KDataset": 150}
"""Classes of data sets whose ``metainfo`` a config may leave out; for detectors and classifiers only."""

FACTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("planned_epochs", ("train_cfg.max_epochs", "runner.max_epochs", "total_epochs", "runner.max_epoch")),
    ("planned_steps", ("train_cfg.max_iters", "runner.max_iters", "total_iters")),
    ("batch_size_per_device", ("train_dataloader.batch_size", "data.samples_per_gpu", "data.imgs_per_gpu",
                               "data.train_dataloader.samples_per_gpu", "data.videos_per_gpu")),
    ("optimizer", ("optim_wrapper.optimizer.type", "optimizer.type")),
    ("lr", ("optim_wrapper.optimizer.lr", "optimizer.lr")),
    ("weight_decay", ("optim_wrapper.optimizer.weight_decay", "optimizer.weight_decay")),
    ("momentum", ("optim_wrapper.optimizer.momentum", "optimizer.momentum")),
    ("accumulate", ("optim_wrapper.accumulative_counts", "optimizer_config.cumulative_iters")),
    ("monitor", ("default_hooks.checkpoint.save_best", "evaluation.save_best")),
    ("model", ("model.type",)),
    ("seed", ("randomness.seed", "seed")),
    ("warmup_steps", ("lr_config.warmup_iters",)),
)  # fmt: skip
"""Facts that are the value of one setting: the first of the keys that is there."""
PRETRAINED = lazy(r"load_from|model\.(.+\.)?(pretrained|init_cfg\.checkpoint)")
TELLING = ("type", "interval", "load_from", "pretrained", "checkpoint")
"""How keys of the settings end that are looked at for other facts."""
TEXTS = frozenset({"optimizer", "monitor", "model"})


def config_facts(settings: dict[str, Setting]) -> Iterator[Fact]:
    """Yield what a config of the family says about the run, each fact with the line of its setting."""

    def fact(name: str, value: Any, setting: Setting) -> Fact:
        return Fact(name, value, setting.place)

    for name, keys in FACTS:
        for key in keys:
            setting = settings.get(key)
            if setting is None or not _fits(name, setting.value):
                continue
            by_epoch = settings.get("lr_config.warmup_by_epoch")
            if name == "warmup_steps" and by_epoch is not None and by_epoch.value:
                name = "warmup_epochs"
            yield fact(name, setting.value if name in TEXTS else float(setting.value), setting)
            break
    for key, setting in settings.items():
        if not key.endswith(TELLING):
            continue
        if key == "optim_wrapper.type":
            yield fact("amp", setting.value == "AmpOptimWrapper", setting)
        elif key in ("train_cfg.val_interval", "evaluation.interval") and _is_number(setting.value):
            if "train_cfg.max_iters" not in settings and "runner.max_iters" not in settings:
                yield fact("val_interval", float(setting.value), setting)
        elif PRETRAINED.fullmatch(key) and setting.value:
            yield fact("pretrained", True, setting)
        elif key.endswith(".type") and setting.value == "EarlyStoppingHook":
            hook = key.removesuffix("type")
            for name in ("patience", "monitor"):
                if (of_hook := settings.get(hook + name)) and _fits(name, of_hook.value):
                    yield fact(name, of_hook.value if name in TEXTS else float(of_hook.value), of_hook)
        elif key.endswith(".type") and setting.value == "FocalLoss":
            gamma = settings.get(key.removesuffix("type") + "gamma")
            if gamma is not None and _is_number(gamma.value):
                yield fact("focal_gamma", float(gamma.value), gamma)
        elif re.fullmatch(r"param_scheduler\.\d+\.type", key) and setting.value in ("LinearLR", "ConstantLR"):
            part = key.removesuffix("type")
            end, by_epoch = settings.get(part + "end"), settings.get(part + "by_epoch")
            if end is not None and _is_number(end.value):
                steps = by_epoch is not None and by_epoch.value is False
                yield fact("warmup_steps" if steps else "warmup_epochs", float(end.value), end)
    yield from _classes(settings)


def _fits(name: str, value: Any) -> bool:
    return isinstance(value, str) if name in TEXTS else _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


HEADS = lazy(r"model\.(?!.*(rpn|backbone|loss))((?>.*?head).*\.)?num_classes")
DATA = r"(train_dataloader|data\.train|train_dataset)\.((datasets?|\d+)\.)*"
NAMED = lazy(DATA + r"(metainfo\.)?(classes|CLASSES)")
TYPED = lazy(DATA + r"type")


def _classes(settings: dict[str, Setting]) -> Iterator[Fact]:
    counts = [setting for key, setting in settings.items() if key.endswith("num_classes") and HEADS.fullmatch(key)]
    heads = [setting for setting in counts if _is_number(setting.value)]
    if heads and len({setting.value for setting in heads}) == 1:
        yield Fact("num_classes_model", float(heads[0].value), heads[0].place)
    named = [setting for key, setting in settings.items() if key.lower().endswith("classes") and NAMED.fullmatch(key)]
    for setting in named[:1]:
        names = [setting.value] if isinstance(setting.value, str) else setting.value
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            yield Fact("num_classes", float(len(names)), setting.place)
            yield Fact("class_names", names, setting.place)
    if named or not heads:
        return
    typed = [setting for key, setting in settings.items() if key.endswith("type") and TYPED.fullmatch(key)]
    typed = [setting for setting in typed if isinstance(setting.value, str)]
    kinds = {KNOWN_CLASSES[setting.value] for setting in typed if setting.value in KNOWN_CLASSES}
    wrappers = {"ConcatDataset", "RepeatDataset", "ClassBalancedDataset", "MultiImageMixDataset"}
    known = [setting for setting in typed if setting.value in KNOWN_CLASSES]
    if len(kinds) == 1 and all(setting in known or setting.value in wrappers for setting in typed):
        yield Fact("num_classes", float(kinds.pop()), known[0].place)
