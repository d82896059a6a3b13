"""What the logs of the OpenMMLab family share: environment block, config dump, state dicts, loops, metric names."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from diagnose.configs.python_config import read_python_config
from diagnose.model import Fact, Setting
from diagnose.reader.builder import RunBuilder
from diagnose.reader.grammar import Match, number
from diagnose.sources import Line

STAMP = re.compile(r".{0,40}?(?:\d+[-/])?\d+[-/]\d+ \d+:\d+:\d+(?:,\d+)? - ")
"""Both loggers begin a record with date, time and a dash; lines without belong to the record above them."""
LONGEST_DUMP = 20_000
NOT_OF_A_LOOP = frozenset({"eta", "time", "data_time", "memory"})
"""Items of a validation line that say nothing about training and share their names with it."""
ABSENT = re.compile(r"(^|[/_])m?A[PR](\b|_|$)")

FAMILY = {"MMEngine": 0, "MMDetection": 1, "MMDetection3D": 1, "MMSegmentation": 1, "MMPose": 1, "MMPretrain": 1,
          "MMClassification": 1, "MMAction2": 1, "MMRotate": 1, "MMYOLO": 1, "MMCV": 2}  # fmt: skip
KNOWN_CLASSES = {"CocoDataset": 80, "VOCDataset": 20, "CIFAR10": 10, "CIFAR100": 100, "ADE20KDataset": 150}
"""Classes of data sets whose ``metainfo`` a config may leave out; for detectors and classifiers only."""


class Blocks:
    """Reads what stands between two stamped lines: environment, config dump, state-dict report."""

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._kind = ""
        self._lines: list[Line] = []
        self._rules = 0

    def open(self, kind: str, line: Line) -> None:
        """Begin a block (``environment``, ``config`` or ``mismatch``) below a stamped line."""
        self.close()
        self._kind, self._lines, self._rules = kind, [line], 0

    def feed(self, line: Line) -> bool:
        """Take a line without a stamp; return whether it belongs to the open block."""
        if not self._kind:
            return False
        text = line.text
        if self._kind == "environment":
            if text.startswith("-----"):
                self._rules += 1
                if self._rules == 1:
                    begin_session(self._build, self._lines[0])
            if self._rules == 0 and text.strip():
                self._kind = ""  # a blank record that opened nothing
                return False
            state_environment(self._build, text, line.number)
            if self._rules >= 2:
                self.close()
            return True
        if self._kind == "config" and _ends_dump(text, blank_above=not self._lines[-1].text.strip()):
            self.close()
            return False
        if self._kind == "mismatch" and not re.match(r"\s*$|.*state_dict|.*size mismatch|\s|[+|]", text):
            self.close()
            return False
        self._lines.append(line)
        if len(self._lines) > LONGEST_DUMP:
            self.close()
        return True

    def close(self) -> str:
        """End the open block and report what it held; return its kind, empty if none was open."""
        kind, self._kind = self._kind, ""
        if kind == "config" and len(self._lines) > 1:
            first = self._lines[1].number
            # A dropped physical line would shift all lines below it: keep the numbers.
            rows = [""] * (self._lines[-1].number - first + 1)
            for line in self._lines[1:]:
                rows[line.number - first] = line.text
            settings = read_python_config("\n".join(rows), self._build.path, first_line=first)
            state_config(self._build, settings)
        elif kind == "mismatch":
            self._mismatch()
        return kind

    def _mismatch(self) -> None:
        missing = unexpected = mismatched = 0
        quoted: list[str] = []
        for line in self._lines[1:]:
            head, _, names = line.text.strip().partition(":")
            count = sum(1 for name in names.split(",") if name.strip())
            if head.startswith("size mismatch"):
                mismatched += 1
            elif head.startswith("missing key"):
                missing += count
            elif head.startswith("unexpected key"):
                unexpected += count
            else:
                continue
            quoted.append(line.text.strip())
        self._build.event(
            "state_dict_mismatch",
            self._lines[0].number,
            self._lines[0].text.strip(),
            missing=missing,
            unexpected=unexpected,
            mismatched=mismatched,
            message="; ".join(quoted)[:400],
        )


def begin_session(build: RunBuilder, line: Line) -> None:
    """A program start: what follows is a segment of its own."""
    build.start(line.number)
    build.event("session_start", line.number, line.text.strip())


def _ends_dump(text: str, *, blank_above: bool) -> bool:
    if re.match(r"Traceback \(most|<<<<<<<|=======|>>>>>>>|srun: |slurmstepd", text):
        return True
    # mmcv before 1.0 dumps the file itself, with its name, comments and blank lines.
    return blank_above and bool(text) and not re.match(r"[\s\])}#'\"]|\w+\s*=|(import|from|with|del|if|for) |_base_", text)


ENVIRONMENT = re.compile(r"\s*(GPU [\d,]+|[A-Za-z_][\w .]*): (.*)")


def state_environment(build: RunBuilder, text: str, line: int) -> None:
    """State what one line of the environment block says."""
    found = ENVIRONMENT.match(text)
    if not found:
        return
    key, value = found[1].strip(), found[2].strip()
    if key == "Python":
        build.fact("python", value.split(" ")[0], line, text)
    elif key.startswith("GPU ") and key != "GPU number":
        build.fact("device", value, line, text)
    elif key == "CUDA available" and value == "False":
        build.fact("device", "cpu", line, text)
    elif key == "GPU number" and value.isdigit() and int(value):
        build.fact("devices", float(value), line, text)
    elif key == "seed" and value.isdigit():
        build.fact("seed", float(value), line, text)
    elif key in FAMILY:
        known = build.known("framework")
        words = str(known.value).split(", ") if known else []
        words = [word for word in words if word.split(" ")[0] != key] + [f"{key} {value}"]
        words.sort(key=lambda word: FAMILY.get(word.split(" ")[0], 9))
        build.fact("framework", ", ".join(words), line, text)


def state_config(build: RunBuilder, settings: dict[str, Setting], *, at: int = 0) -> None:
    """Add the settings of a config dump and the facts that follow from them; *at* is its one line, if it is one."""
    for setting in settings.values():
        build.setting(setting.key, setting.value, at or setting.place.line, setting.place.text)
    for fact in config_facts(settings):
        build.fact(fact.name, fact.value, at or fact.place.line, fact.place.text)
    state_batch(build)


def state_batch(build: RunBuilder) -> None:
    """State the batch of one optimizer update once devices and the batch of one device are known."""
    one, devices, accumulate = (build.known(name) for name in ("batch_size_per_device", "devices", "accumulate"))
    if one is not None and devices is not None:
        times = accumulate.value if accumulate is not None else 1
        build.fact("batch_size", one.value * devices.value * times, one.place.line, one.place.text)


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
            if name == "warmup_steps" and settings.get("lr_config.warmup_by_epoch"):
                name = "warmup_epochs"
            yield fact(name, setting.value if name in TEXTS else float(setting.value), setting)
            break
    for key, setting in settings.items():
        if key == "optim_wrapper.type":
            yield fact("amp", setting.value == "AmpOptimWrapper", setting)
        elif key in ("train_cfg.val_interval", "evaluation.interval") and _is_number(setting.value):
            if "train_cfg.max_iters" not in settings and "runner.max_iters" not in settings:
                yield fact("val_interval", float(setting.value), setting)
        elif key == "load_from" and setting.value:
            yield fact("pretrained", True, setting)
        elif re.fullmatch(r"model\.(.+\.)?(pretrained|init_cfg\.checkpoint)", key) and setting.value:
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
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


HEADS = re.compile(r"model\.(?!.*(rpn|backbone|loss))(.*head.*\.|decode_head\.|)num_classes")
DATA = r"(train_dataloader|data\.train|train_dataset)\.((dataset|datasets|dataset\.dataset|\d+)\.)*(dataset\.)*"
NAMED = re.compile(DATA + r"(metainfo\.)?(classes|CLASSES)")
TYPED = re.compile(DATA + r"type")


def _classes(settings: dict[str, Setting]) -> Iterator[Fact]:
    heads = [setting for key, setting in settings.items() if HEADS.fullmatch(key) and _is_number(setting.value)]
    if heads and len({setting.value for setting in heads}) == 1:
        yield Fact("num_classes_model", float(heads[0].value), heads[0].place)
    named = [setting for key, setting in settings.items() if NAMED.fullmatch(key)]
    for setting in named[:1]:
        names = [setting.value] if isinstance(setting.value, str) else setting.value
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            yield Fact("num_classes", float(len(names)), setting.place)
            yield Fact("class_names", names, setting.place)
    if named or not heads:
        return
    typed = [setting for key, setting in settings.items() if TYPED.fullmatch(key)]
    kinds = {KNOWN_CLASSES[setting.value] for setting in typed if setting.value in KNOWN_CLASSES}
    wrappers = {"ConcatDataset", "RepeatDataset", "ClassBalancedDataset", "MultiImageMixDataset"}
    known = [setting for setting in typed if setting.value in KNOWN_CLASSES]
    if len(kinds) == 1 and all(setting in known or setting.value in wrappers for setting in typed):
        yield Fact("num_classes", float(kinds.pop()), known[0].place)


class Loop:
    """Follows the loop of one log: which epoch and step a line belongs to, and when another session begins."""

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._at = (0.0, 0.0)

    def train(self, epoch: float, inner: float, line: int, step: float) -> None:
        """Enter a training record; one that is not later than the last one begins another session.

        Args:
            epoch: epoch from 1, or 0 where the loop counts iterations only.
            inner: iteration within the epoch, or of the whole run where there is no epoch.
            line: physical line.
            step: optimizer step, NaN if unknown.
        """
        if (epoch, inner) <= self._at and self._build.has_points:
            self._build.close()
        self._at = (epoch, inner)
        if epoch:
            self._build.epoch(epoch, line)
        self._build.current_step = step


def points(
    build: RunBuilder,
    pairs: Iterable[tuple[str, float]],
    line: int,
    split: str,
    *,
    epoch: float | None = None,
    step: float | None = None,
) -> int:
    """Add the values of one record; return how many were added.

    Of a validation, times and memory are left out; so is the -1 that COCO prints where there is nothing to measure.
    """
    items = list(pairs)
    has_lr = any(key == "lr" for key, _ in items)
    added = 0
    for key, value in items:
        bare = key.removeprefix(f"{split}/")
        if bare == "eta" or (split != "train" and (bare in NOT_OF_A_LOOP or bare.endswith("lr"))):
            continue
        if value == -1.0 and ABSENT.search(bare):
            if re.search(r"mAP$|(^|/)AP$", bare):
                build.event("validation_empty", line, f"{key}: -1", message=f"{key} is -1: nothing to measure it on")
            continue
        name = "base_lr" if bare == "base_lr" and has_lr else ""
        build.point(bare, value, line, split=split, epoch=epoch, step=step, name=name)
        added += 1
    return added


def items_of(match: Match) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a text line by key; of a dictionary, its numbers by ``key/name``."""
    tokens = match.tokens
    for (kind, key), (after, value) in zip(tokens, tokens[1:], strict=False):
        if kind != "KEY":
            continue
        if after in ("VALUE", "NONFINITE"):
            yield key, number(value)
        elif after == "DICT":
            yield from _members(key, value)


def _members(key: str, text: str) -> Iterator[tuple[str, float]]:
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return
    if isinstance(value, dict):
        yield from flat(key, value)


def flat(key: str, value: Any) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a JSON value with their keys joined by slashes."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from flat(f"{key}/{name}" if key else str(name), member)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            yield key, float(value)
        except OverflowError:
            yield key, math.inf


class Warnings:
    """Reports each warning of a log once."""

    MOST = 200

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._seen: set[str] = set()

    def feed(self, message: str, line: Line) -> None:
        """Report a line logged at level WARNING, unless one like it was reported before."""
        shape = re.sub(r"\d+", "0", message)[:200]
        if shape in self._seen or len(self._seen) >= self.MOST:
            return
        self._seen.add(shape)
        self._build.event("warning", line.number, line.text.strip(), category="", message=message.strip()[:200])


def saved(build: RunBuilder, count: str, unit: str, line: Line) -> None:
    """Report ``Saving checkpoint at 3 epochs`` (or iterations)."""
    by_epoch = unit.strip().startswith("epoch")
    place = {"epoch": float(count)} if by_epoch else {"step": float(count)}
    build.event("checkpoint", line.number, line.text.strip(), **place)


def best(build: RunBuilder, line: Line, *, metric: str, value: str, count: str, unit: str, path: str) -> None:
    """Report a checkpoint that was written because a metric was the best so far."""
    place = {"epoch" if unit.strip().startswith("epoch") else "step": float(count)}
    try:
        best_value = number(value.strip())
    except ValueError:
        best_value = math.nan
    path = path.strip().removesuffix(".")
    build.event("checkpoint", line.number, line.text.strip(), metric=metric, value=best_value, path=path, **place)


def state_once(build: RunBuilder, name: str, value: float, line: Line) -> None:
    """State a number that every line repeats only where it is new."""
    known = build.known(name)
    if known is None or known.value != value:
        build.fact(name, value, line.number, line.text.strip())
