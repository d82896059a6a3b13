"""The settings of a config, and what differs from the config it is compared with."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from diagnose.language.functions.registry import Registry
from diagnose.language.values import MissingError, ValueTypeError, placed
from diagnose.model import UNKNOWN, Change, Config, Setting
from diagnose.names import hyperparameter, hyperparameters
from diagnose.names.slips import slip_for

function = Registry()

SURE = frozenset(
    {"learning-rate", "schedule", "batch", "optimizer", "regularisation", "loss", "budget", "stopping", "augmentation"}
)
"""Roles whose keys are few enough that one letter off is a slip; models have names of their own."""


@function
def settings(scope: Any, glob: Any) -> list[Any]:
    """Values of all settings whose key as written fits a glob (`*.type`), unknown ones left out; may be empty."""
    return [placed(setting.value, setting.place) for setting in _written(scope, glob) if setting.value is not UNKNOWN]


@function
def written(scope: Any, glob: Any) -> bool:
    """Whether a key as written fits a glob, whatever its value: `written("lr_config.*")`."""
    return bool(_written(scope, glob))


def _written(scope: Any, glob: Any) -> list[Setting]:
    return [setting for key, setting in scope.segment.config.settings.items() if fnmatchcase(key, str(glob))]


@function
def sibling(scope: Any, setting: Any, name: Any) -> Any:
    """Value of the setting beside another one, under the same parent: `sibling(s, "alpha")`. Missing if not there."""
    if not isinstance(setting, Setting | Change):
        raise ValueTypeError("`sibling` needs a setting")
    parent = setting.key.rpartition(".")[0]
    key = f"{parent}.{name}" if parent else str(name)
    found = scope.segment.config.settings.get(key)
    if found is None or found.value is None or found.value is UNKNOWN:
        raise MissingError(f"config {key}")
    return placed(found.value, found.place)


@function
def role_of(scope: Any, key: Any) -> str:
    """Role of a key of the config by its name (`learning-rate`); empty if it is not in the table."""
    row = hyperparameter(str(key), scope.segment.config.framework)
    return "" if row is None else row.role


@function
def is_text(value: Any) -> bool:
    """Whether a value is a text, not a number, list or truth value."""
    return isinstance(value, str)


@function
def is_truth(value: Any) -> bool:
    """Whether a value is true or false, not the number 1 or 0."""
    return isinstance(value, bool)


@function
def is_number(value: Any) -> bool:
    """Whether a value is a number, not a truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@function
def spelt(scope: Any, texts: Any, switches: Any = False) -> list[Setting]:
    """Known settings whose value is one of these texts, or only those that are on or off; may be empty."""
    config = scope.segment.config
    found = []
    for setting in config.settings.values():
        if isinstance(setting.value, str) and setting.value in texts:
            row = hyperparameter(setting.key, config.framework)
            if row is not None and (not switches or any(off is False for off in row.off)):
                found.append(setting)
    return found


@function
def slips(scope: Any) -> list[Setting]:
    """Settings whose key misses by one letter a known one that is not set beside it; may be empty."""
    config = scope.segment.config
    return [setting for setting in config.settings.values() if _meant(setting, config)]


@function
def slip_of(scope: Any, setting: Any) -> str:
    """The known key that the key of a setting misses by one letter; empty if there is none."""
    if not isinstance(setting, Setting):
        raise ValueTypeError("`slip_of` needs a setting")
    return _meant(setting, scope.segment.config)


def _meant(setting: Setting, config: Config) -> str:
    parent, _, word = setting.key.rpartition(".")
    meant = slip_for(word, config.framework)
    if not meant:
        return ""
    key = f"{parent}.{meant}" if parent else meant
    row = hyperparameter(key, config.framework)
    sure = row is not None and row.role in SURE and not key.startswith("model.")
    return meant if sure and key not in config.settings else ""


@function
def usual(scope: Any, name: Any) -> Any:
    """Value that the framework of the config takes for a setting by default. Missing if it is not known."""
    framework = scope.segment.config.framework
    row = hyperparameters().get(str(name))
    value = None if row is None else row.default(framework)
    if value is None:
        raise MissingError(f"the default of {name}")
    return value


@function
def changed(scope: Any, name: Any) -> bool:
    """Whether a setting (canonical name, role:..., or glob of keys) differs from the config it is compared with."""
    return bool(_changes(scope, name))


@function
def change_of(scope: Any, name: Any) -> Change:
    """The change of a setting (canonical name or key): `change_of("lr").factor`. Missing if it did not change."""
    found = _changes(scope, name)
    if not found:
        raise MissingError(f"a change of {name}")
    return found[0]


@function
def changes(scope: Any, name: Any = "*", risk: Any = "", kind: Any = "") -> list[Change]:
    """Changes of settings by name, `role:loss` or glob; of a risk (`high` and above) or a kind, if named."""
    levels = ("critical", "high", "medium", "low", "none")
    if risk and risk not in levels:
        raise ValueTypeError(f"unknown risk {risk!r}: one of {', '.join(levels)}")
    wanted = levels[: levels.index(risk) + 1] if risk else levels
    return [change for change in _changes(scope, name) if change.risk in wanted and kind in ("", change.kind)]


@function
def roles(scope: Any, risk: Any = "low", together: Any = ()) -> list[str]:
    """Roles of the settings that changed with at least this risk; what may change *together* counts as one."""
    return list(dict.fromkeys(change.counted_as(together) for change in changes(scope, "*", risk) if change.role))


def _changes(scope: Any, name: Any) -> list[Change]:
    if scope.baseline is None or scope.segment.changes is None:
        raise MissingError("a config to compare with")
    given: tuple[Change, ...] = scope.segment.changes
    text = str(name)
    if text.startswith("role:"):
        return [change for change in given if change.role == text.removeprefix("role:")]
    return [change for change in given if change.is_meant(text)]


@function
def factors(scope: Any, name: Any = "*") -> list[float]:
    """By which factors the numbers among these changes moved: `max(factors("role:loss"))`; may be empty."""
    return [change.factor for change in _changes(scope, name) if change.factor is not None]
