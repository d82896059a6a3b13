"""The keys of the settings: what each means, how it is read, and its part of the JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diagnose.errors import did_you_mean
from diagnose.model import SEVERITIES
from diagnose.records import dataclass
from diagnose.settings import gates, values
from diagnose.settings.model import KeyPath

GATES = (*SEVERITIES, "new", "never")


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the settings."""

    title: str
    read: values.Read
    schema: Mapping[str, Any]
    default: Any = None


def check(raw: Mapping[str, Any], base: Path) -> tuple[dict[str, Any], list[tuple[KeyPath, str]]]:
    """Return the checked values of a settings table and every problem in it with its key path."""
    checked: dict[str, Any] = {}
    problems: list[tuple[KeyPath, str]] = []
    for name, value in raw.items():
        if name not in KEYS:
            mend = did_you_mean(name, KEYS) or "see `diagnose config schema`"
            if name == "tool" and isinstance(value, dict) and "diagnose" in value:
                mend = "`tool.diagnose` is for pyproject.toml; here the keys stand alone"
            problems.append(((name,), f"unknown key `{name}` ({mend})"))
            continue
        try:
            checked[name] = KEYS[name].read(value, base)
        except values.WrongValueError as error:
            problems.append(((name, *error.path), f"`{name}`: {error.message}"))
    return checked, problems


TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
TEXTS: dict[str, Any] = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
PARAM = {"type": ["number", "string", "boolean", "array"]}
LEVEL = {"enum": list(SEVERITIES)}
GATE = {"enum": list(GATES)}
PATH_IGNORE = {
    "type": "object",
    "properties": {"path": TEXTS, "rules": TEXTS, "reason": {"type": "string"}},
    "required": ["path", "rules"],
    "additionalProperties": False,
}


def _table(item: Mapping[str, Any], **known: Any) -> dict[str, Any]:
    return {"type": "object", **({"properties": known} if known else {}), "additionalProperties": item}


KEYS: dict[str, Key] = {
    "extend": Key("Another settings file that this one builds on.", values.text, TEXT),
    "select": Key("Rules that run: codes, prefixes, names or ALL.", values.texts, TEXTS, ["ALL"]),
    "extend-select": Key("Rules that run as well.", values.texts, TEXTS, []),
    "ignore": Key(
        "Rules that do not run: a list, or a table from rule to reason.",
        values.reasons,
        {"anyOf": [*TEXTS["anyOf"], _table({"type": "string"})]},
        [],
    ),
    "severity": Key("Severity of a rule in place of its own.", values.severities, _table(LEVEL), {}),
    "thresholds": Key(
        "Parameters of a rule; those of one metric in the table `metrics`.",
        values.thresholds,
        _table(_table(PARAM, metrics=_table(_table(PARAM)))),
        {},
    ),
    "per-path-ignores": Key(
        "Rules that are silent for some paths: an array of {path, rules, reason}, or a table from path to rules.",
        values.path_ignores,
        {
            "anyOf": [
                _table(TEXTS),
                {"type": "array", "items": PATH_IGNORE},
            ]
        },
        [],
    ),
    "require-reasons": Key("Whether whatever is ignored needs a reason.", values.flag, {"type": "boolean"}, False),
    "rules": Key("Folders of your own rules, relative to this file.", values.paths, TEXTS, []),
    "exclude": Key("Paths that are not searched, as in .gitignore.", values.patterns, TEXTS, []),
    "fail-on": Key("The mildest severity that makes the exit status 1.", values.one_of(*GATES), GATE, "error"),
    "min-severity": Key("The mildest severity that is shown.", values.one_of(*SEVERITIES), LEVEL, "hint"),
    "output-format": Key("The output; by default `full` on a terminal and `concise` elsewhere.", values.text, TEXT),
    "baseline": Key("The baseline file, relative to this file.", values.path, TEXT),
    "waivers": Key(
        "Findings that may pass until a day: an array of {rule, key, path, reason, owner, expires, confirmed-by}.",
        gates.waivers,
        gates.WAIVERS_SCHEMA,
        [],
    ),
    "policy": Key(
        "What the gates allow: limits, frozen settings, what may change together, what a waiver must carry.",
        gates.policy,
        gates.POLICY_SCHEMA,
        {},
    ),
    "cache-dir": Key(
        "The folder of what was read of logs before, relative to this file; by default among the user's caches.",
        values.path,
        TEXT,
    ),
    "jobs": Key(
        "Processes that read side by side: a number, or `auto` for as many as pay.",
        values.jobs,
        {"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]},
        "auto",
    ),
    "frames": Key(
        "Whether every state of a progress bar is read, not only the last one of each epoch.",
        values.flag,
        {"type": "boolean"},
        False,
    ),
    "max-size": Key(
        "The largest file that is read, such as 20GB.", values.size, {"type": ["string", "integer"]}, "10GB"
    ),
}
