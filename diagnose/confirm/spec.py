"""What the user asks of a study."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diagnose.confirm.runs.budget import Budget
from diagnose.confirm.runs.job import Limits
from diagnose.confirm.studies.result import STEPS
from diagnose.errors import SettingsError, did_you_mean

UNITS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0}
AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*+([a-z-]*)\s*", re.IGNORECASE)
RUNS = ("run", "trial")
GPU_HOURS = ("gpu-hour", "gpu-h", "gpuh")
AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What is to be settled, and how.

    Attributes:
        baseline, suspect: configs, or logs or folders of runs that hold theirs.
        command: the training command, word by word, with placeholders.
        set_form: how a single setting is passed; empty: ``{key}={value}``.
        unseeded: the command draws a seed by itself.
        symptom: a condition or a rule; empty: taken from the logs, else the metric alone decides.
        metric: an expression, or ``none``; empty: that of the symptom, else taken from the logs.
        better: ``higher`` or ``lower``; empty: by the metric's name.
        cut: where runs end: ``auto``, ``none``, or a moment.
        suspect_run, baseline_run: logs or folders of runs that went badly and well; empty: none.
        suspects: settings that the user holds to be the cause.
        named: settings that findings speak of.
        fix: proposed values by key.
        fix_config: a config whose differences from the suspect's are the fix; empty: none.
        skip: steps to leave out.
        read: globs of the logs to judge; empty: whatever is found.
        env: added to the environment of runs.
        budget: what it may spend.
        limits: when a single run is given up.
        executor: ``local``, ``ray`` or ``slurm``.
        slots: most runs at once; 0: what there is room for.
        gpus, cpus: what one run holds.
        address, options: of the cluster.
        seed: the first seed.
        sesoi: smallest effect of interest, in units of the metric; None: not said.
        again: run failed and hung runs anew.
        folder: where runs and the ledger are kept.
    """

    baseline: str
    suspect: str
    command: tuple[str, ...] = ()
    set_form: str = ""
    unseeded: bool = False
    symptom: str = ""
    metric: str = ""
    better: str = ""
    cut: str = AUTO
    suspect_run: str = ""
    baseline_run: str = ""
    suspects: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    fix: Mapping[str, Any] = field(default_factory=dict)
    fix_config: str = ""
    skip: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    limits: Limits = field(default_factory=Limits)
    executor: str = "local"
    slots: int = 0
    gpus: int = 0
    cpus: int = 1
    address: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    seed: int = 1
    sesoi: float | None = None
    again: bool = False
    folder: str = ".diagnose/confirm"


def read_budget(texts: tuple[str, ...]) -> Budget:
    """Return a budget of texts such as ``30 runs``, ``2 gpu-hours``, ``45 min``; a bare number is one of runs.

    Raises:
        SettingsError: for anything else, and for two of a kind.
    """
    found: dict[str, Any] = {}
    for text in [part for given in texts for part in given.split(",")]:
        match = AMOUNT.fullmatch(text)
        unit = match[2].lower() if match else "?"
        single = unit[:-1] if unit.endswith("s") and len(unit) > 1 else unit
        if match is None:
            kind, value = "", 0.0
        elif not unit or single in RUNS:
            kind, value = "runs", float(match[1])
        elif single in GPU_HOURS:
            kind, value = "gpu_hours", float(match[1])
        elif single in UNITS or unit in UNITS:
            kind, value = "wall", float(match[1]) * UNITS.get(single, UNITS.get(unit, 0.0))
        else:
            kind, value = "", 0.0
        if not kind or value <= 0 or (kind == "runs" and value % 1):
            mend = "write `30 runs`, `2 gpu-hours` or `45 min`; several with commas"
            raise SettingsError(f"--budget {text.strip()!r}: no amount", mend=mend)
        if kind in found:
            raise SettingsError("--budget bounds the same thing twice")
        found[kind] = int(value) if kind == "runs" else value
    return Budget(**found)


def read_seconds(option: str, text: str) -> float:
    """Return the seconds that a text such as ``45 min`` stands for; 0 for ``none``.

    Raises:
        SettingsError: for anything else.
    """
    if text.strip().lower() == "none":
        return 0.0
    match = AMOUNT.fullmatch(text)
    unit = match[2].lower() if match else "?"
    factor = UNITS.get(unit or "s", UNITS.get(unit.rstrip("s"), 0.0))
    if match is None or not factor:
        raise SettingsError(f"{option} {text!r}: no time", mend="write `45 min`, `2 h` or `none`")
    return float(match[1]) * factor


def left_out(steps: str, skip: str) -> tuple[str, ...]:
    """Return the steps to skip, from those to run and those to skip, both with commas.

    Raises:
        SettingsError: for a step that does not exist.
    """
    words = [[word.strip() for word in text.split(",") if word.strip()] for text in (steps, skip)]
    for option, given in zip(("--steps", "--skip"), words, strict=True):
        for word in given:
            if word not in STEPS:
                near = did_you_mean(word, STEPS)
                raise SettingsError(
                    f"{option}: there is no step {word!r}", mend=near or f"the steps are {', '.join(STEPS)}"
                )
    wanted, unwanted = words
    return tuple(step for step in STEPS if step in unwanted or (wanted and step not in wanted))
