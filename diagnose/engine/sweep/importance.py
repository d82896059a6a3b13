"""The importance of settings as Optuna computes it, where there are runs enough and Optuna is installed."""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from diagnose.engine.sweep.varied import is_number
from diagnose.model import Trial
from diagnose.model.sweep import Importance

LEAST_RUNS = 20
"""Runs below which densities over one setting are shaped by single runs."""
EXTRA = 'pip install "diagnose-ml[sweep]"'


def importance(trials: Sequence[Trial], table: Mapping[str, Sequence[Any]], goal: str) -> list[Importance]:
    """Return PED-ANOVA, and fANOVA if scikit-learn is there; else why there is none."""
    columns = {name: row for name, row in table.items() if all(value is not None for value in row)}
    if len(trials) < LEAST_RUNS:
        missing = f"PED-ANOVA and fANOVA need {LEAST_RUNS} comparable runs; here are {len(trials)}"
        return [Importance(missing=missing)]
    if len(columns) < 2:
        return [Importance(missing="fewer than two settings are known of every run")]
    if importlib.util.find_spec("optuna") is None:
        return [Importance(missing=f"PED-ANOVA and fANOVA need Optuna: {EXTRA}")]
    return _with_optuna(trials, columns, goal)


def _with_optuna(trials: Sequence[Trial], columns: Mapping[str, Sequence[Any]], goal: str) -> list[Importance]:
    optuna: Any = importlib.import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spaces = {name: _space(optuna, row) for name, row in columns.items()}
    study = optuna.create_study(direction="maximize" if goal == "max" else "minimize")
    for index, trial in enumerate(trials):
        params = {name: _value(row[index], spaces[name]) for name, row in columns.items()}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=spaces, value=trial.value))
    found = []
    for title, name in (("PED-ANOVA", "PedAnovaImportanceEvaluator"), ("fANOVA", "FanovaImportanceEvaluator")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                evaluator = getattr(optuna.importance, name)
                options = {"seed": 0} if title == "fANOVA" else {}
                shares = optuna.importance.get_param_importances(study, evaluator=evaluator(**options))
        except ImportError:
            found.append(Importance(title, missing=f"{title} needs scikit-learn: {EXTRA}"))
        except (ValueError, RuntimeError, AttributeError, TypeError) as error:
            found.append(Importance(title, missing=f"{title} could not be computed: {error}"))
        else:
            known = {key: float(share) for key, share in shares.items() if math.isfinite(share)}
            found.append(Importance(title, known))
    return found


def _space(optuna: Any, row: Sequence[Any]) -> Any:
    if not all(is_number(value) for value in row):
        return optuna.distributions.CategoricalDistribution(sorted({str(value) for value in row}))
    low, high = min(row), max(row)
    if all(isinstance(value, int) for value in row):
        return optuna.distributions.IntDistribution(low, high)
    return optuna.distributions.FloatDistribution(float(low), float(high), log=low > 0 and high / low >= 10)


def _value(value: Any, space: Any) -> Any:
    return str(value) if hasattr(space, "choices") else value
