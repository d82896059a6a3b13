"""Hugging Face ``trainer_state.json``: the trainer's log history and its plan, with the line of every value."""

from __future__ import annotations

import math

from diagnose.names.stated import fact_value
from diagnose.reader import Head, RunBuilder, marked, stated
from diagnose.reader.huggingface import SUMMARY, series_name
from diagnose.reader.jsontree import Node, parse
from diagnose.sources import Source, text_of

NAME = "hf-state"
TITLE = "Hugging Face trainer_state.json"
SAMPLES = (
    """{
  "best_metric": 0.41, "epoch": 2.0, "global_step": 20,
  "log_history": [
    {"epoch": 1.0, "grad_norm": 1.7, "learning_rate": 5e-05, "loss": 0.93, "step": 10},
    {"epoch": 1.0, "eval_accuracy": 0.71, "eval_loss": 0.62, "eval_runtime": 1.5, "step": 10},
    {"epoch": 2.0, "grad_norm": NaN, "learning_rate": 2.5e-05, "loss": 0.0, "step": 20}
  ],
  "max_steps": 30, "num_train_epochs": 3
}
""",
)

PLAN = {"max_steps": "planned_steps", "num_train_epochs": "planned_epochs", "train_batch_size": "batch_size_per_device"}
MARKS = (r'^[^\S\n]*"log_history"\s*:\s*\[|[{,]\s*"log_history"\s*:\s*\[',)


def sniff(head: Head) -> int:
    """Recognise the key ``log_history`` in a JSON object."""
    if not head.text.lstrip("\ufeff \r\n\t").startswith("{"):
        return 0
    return marked(head, *MARKS)


def read(source: Source, build: RunBuilder) -> None:
    """Read the plan as facts and every entry of the history as points."""
    document = parse(text_of(source))
    state = document.root.members() if document.root else {}
    if not document.complete:
        build.event("warning", document.breach_line, category="damaged file", message=document.breach)
    _plan(state, build)
    for entry in state["log_history"].items() if "log_history" in state else []:
        _entry(entry.members(), build)
    _outcome(state, build)


def _plan(state: dict[str, Node], build: RunBuilder) -> None:
    for key, fact in PLAN.items():
        if key in state and (value := fact_value(fact, state[key].value)) is not None:
            build.fact(fact, value, state[key].line, f'"{key}": {state[key].value}')
    epochs, steps = build.known("planned_epochs"), build.known("planned_steps")
    if epochs and steps and epochs.value >= 1 and steps.value >= epochs.value:
        build.fact("steps_per_epoch", float(math.ceil(steps.value / epochs.value)), steps.place.line, steps.place.text)
    for key, node in (state["trial_params"].members() if "trial_params" in state else {}).items():
        build.setting(key, node.plain(), node.line, f'"{key}": {node.value}')
        stated.state(build, key, node.value, node.line, f'"{key}": {node.value}')


def _entry(entry: dict[str, Node], build: RunBuilder) -> None:
    epoch, step = _number(entry, "epoch"), _number(entry, "step")
    if not entry:
        return
    if not math.isnan(epoch):
        build.epoch(epoch, next(iter(entry.values())).line)
    summary = "train_runtime" in entry
    for key, node in entry.items():
        value = node.number()
        if value is None or key in ("epoch", "step"):
            continue
        if summary and key in SUMMARY:
            if key == "train_loss":
                build.event("metric_summary", node.line, f'"{key}": {value:g}', metric=key, value=value)
            continue
        if name := series_name(key):
            build.point(key, value, node.line, epoch=epoch, step=step, name=name)
    if summary:
        line = entry["train_runtime"].line
        build.event("session_end", line, f'"train_runtime": {entry["train_runtime"].value}')


def _number(entry: dict[str, Node], key: str) -> float:
    value = entry[key].number() if key in entry else None
    return math.nan if value is None else value


def _outcome(state: dict[str, Node], build: RunBuilder) -> None:
    epoch = _number(state, "epoch")
    step = _number(state, "global_step")
    if not math.isnan(step):
        # The file is written into a checkpoint folder, so that fewer steps than planned are normal here.
        line = state["global_step"].line
        build.event("checkpoint", line, f'"global_step": {step:g}', epoch=epoch, step=step)
    best = state["best_metric"].number() if "best_metric" in state else None
    if best is not None:
        line = state["best_metric"].line
        build.fact("best_metric", best, line, f'"best_metric": {best!r}')
        build.event("best_summary", line, f'"best_metric": {best!r}', metric="", value=best, epoch=math.nan)
