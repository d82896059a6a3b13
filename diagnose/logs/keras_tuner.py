"""Files of Keras Tuner: ``trial.json`` and ``oracle.json``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diagnose.names import canonical
from diagnose.reader import Head, RunBuilder
from diagnose.reader.jsontree import Node, parse
from diagnose.sources import Source, text_of

NAME = "keras-tuner"
TITLE = "Keras Tuner trial or oracle"
SAMPLES: tuple[str | bytes, ...] = (
    '{"trial_id": "0004", "hyperparameters": {"space": [], "values": {"units": 96, "lr": 0.002}}, "metrics":'
    ' {"metrics": {"val_loss": {"direction": "min", "observations": [{"value": [0.41], "step": 3}]}}}, "score": 0.41,'
    ' "best_step": 3, "status": "COMPLETED", "message": null}\n',
    '{"ongoing_trials": {}, "hyperparameters": {"space": [], "values": {"units": 32}}, "start_order": ["0000"],'
    ' "end_order": ["0000"], "run_times": {"0000": 1}, "retry_queue": [], "seed": 11}\n',
)
TRIAL = (r'"trial_id"\s*:', r'"hyperparameters"\s*:', r'"(status|score|best_step)"\s*:')
ORACLE = (r'"ongoing_trials"\s*:', r'"hyperparameters"\s*:', r'"(end_order|start_order|tried_so_far)"\s*:')
MARKS = (TRIAL[0], ORACLE[0])


def sniff(head: Head) -> int:
    """Accept a JSON object with the keys of a trial or of an oracle."""
    text = head.text.lstrip("\ufeff \n") if not head.is_binary else ""
    if not text.startswith("{"):
        return 0
    return 300 if any(all(re.search(key, text) for key in keys) for keys in (TRIAL, ORACLE)) else 0


def read(source: Source, build: RunBuilder) -> None:
    """Read a trial's hyperparameters as settings, its observations as points and its failure as a traceback."""
    root = parse(text_of(source)).root
    if root is None:
        return
    members = root.members()
    for key, node in _member(members, "hyperparameters", "values").items():
        build.setting(key, node.plain(), node.line)
    if "trial_id" not in members:
        for key in ("objective", "max_trials", "max_epochs", "factor", "seed"):
            if key in members:
                build.setting(f"oracle.{key}", members[key].plain(), members[key].line)
        if order := members.get("end_order"):
            build.setting("oracle.trials", len(order.items()), order.line)
        return
    build.start(root.line, f"trial {members['trial_id'].plain()}")
    for name, metric in _member(members, "metrics", "metrics").items():
        split = "val" if name.startswith("val_") else "train"
        for value, step, line in _observations(metric):
            build.point(name, value, line, name=canonical(name.removeprefix("val_"), split), epoch=step + 1)
    score = members.get("score")
    if score is not None and (best := score.number()) is not None:
        build.event("best_summary", score.line, metric="objective", value=best)
    _report_failure(members, build)


def _observations(metric: Node) -> Iterator[tuple[float, float, int]]:
    """Yield value, epoch counted from 0, and line; the value of several executions is a list."""
    observations = metric.members().get("observations")
    for node in observations.items() if observations else []:
        fields = node.members()
        step = fields["step"].number() if "step" in fields else None
        value = fields.get("value")
        numbers = [item.number() for item in (value.items() or [value])] if value else []
        known = [number for number in numbers if number is not None]
        if known:
            yield sum(known) / len(known), -1.0 if step is None else step, node.line


def _report_failure(members: dict[str, Node], build: RunBuilder) -> None:
    status, message = members.get("status"), members.get("message")
    if status is None or status.plain() not in ("FAILED", "INVALID"):
        return
    text = str(message.plain() or "") if message else ""
    last = text.strip().rpartition("\n")[2]
    error, _, told = last.partition(": ")
    line = message.line if message else status.line
    build.event("traceback", line, last[:200], error=error.rpartition(".")[2][:80], message=told[:200])


def _member(members: dict[str, Node], *path: str) -> dict[str, Node]:
    for key in path:
        node = members.get(key)
        members = node.members() if node else {}
    return members
