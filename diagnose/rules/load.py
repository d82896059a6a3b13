"""Rule files to rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from diagnose import assets
from diagnose.errors import RuleError
from diagnose.language.parse import prepare
from diagnose.model import Place
from diagnose.records import fields
from diagnose.rules.rule import ArgumentRule, ExplainRule, Rule, Selector, SuspectRule

CONDITION = ("params", "lets", "when")


@cache
def builtin() -> tuple[Rule, ...]:
    """Return the rules that ship with the program, by code. They are checked in the test suite, not here."""
    packed = assets.packed_lines("conditions")
    if not packed:
        return tuple(sorted((_read(path) for path in assets.rule_files()), key=lambda rule: rule.code))
    expressions = assets.packed_lines("expressions")
    prepare(dict(zip(expressions[::2], expressions[1::2], strict=True)))
    rows = json.loads(packed[0])
    return tuple([_outlined(row, condition) for row, condition in zip(rows, packed[1:], strict=True)])


def outline(rule: Rule) -> list[Any]:
    """Return what tells whether a built-in rule has anything to do, and its file, for JSON."""
    each = rule.each and [rule.each[0], *[getattr(rule.each[1], one.name) for one in fields(Selector)]]
    path = rule.path.relative_to(assets.root() / "rules").as_posix()
    return [rule.code, rule.name, rule.status, rule.needs, each, rule.is_cause, path]


def condition(rule: Rule) -> list[Any]:
    """Return what tells whether a rule finds anything where it has something to do, for JSON."""
    return [getattr(rule, name) for name in CONDITION]


def _outlined(row: list[Any], condition: str) -> Rule:
    """Return a rule of whose other attributes each is read when it is asked for, with others that stand beside it."""
    code, name, status, needs, each, is_cause, path, at = row
    chosen: list[Any] = [tuple(one) if type(one) is list else one for one in each or ()]

    selected = each and (chosen[0], Selector(*chosen[1:]))
    more = partial(_more, condition, path, at)
    return Rule.outlined((code, name, status, tuple([(kind, of) for kind, of in needs]), selected, is_cause), more)


def _more(condition: str, path: str, at: Sequence[int], wanted: str) -> Mapping[str, Any]:
    """Return an attribute of a rule of which an outline is there, and others that are found out along with it.

    Args:
        condition: JSON of what ``condition`` returns.
        path: its file in ``rules``, which holds its cases.
        at: where the rest of it stands in the pack.
        wanted: the attribute.
    """
    if wanted in CONDITION:
        return dict(zip(CONDITION, json.loads(condition), strict=True))
    if wanted in ("path", "cases"):
        file = assets.root() / "rules" / path
        return {"path": file} if wanted == "path" else {"cases": _cases(assets.load(file))}
    return _rest(assets.packed_part("rules", *at))


def from_folder(folder: Path) -> tuple[Rule, ...]:
    """Return the rules of a user's folder (``*.yaml`` and ``*.yml``, recursively), after a full check.

    Raises:
        RuleError: with all problems of all files at once.
    """
    from diagnose.rules.check import check

    if not folder.is_dir():
        raise RuleError("no such rule folder", place=Place(str(folder)), mend="check `rules` in the settings")
    files = sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])
    problems = [problem for path in files for problem in check(path)]
    if problems:
        raise RuleError("invalid rules:\n" + "\n".join(f"  {problem}" for problem in problems))
    return tuple(_read(path) for path in files)


def _read(path: Path) -> Rule:
    import yaml

    try:
        return from_mapping(assets.load(path), path)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise RuleError(
            f"not a valid rule: {error}", place=Place(str(path)), mend="run `diagnose rules check`"
        ) from None


def from_mapping(raw: Mapping[str, Any], path: Path) -> Rule:
    """Return the rule a YAML mapping describes; the mapping is taken to be valid (see ``check``)."""
    return Rule(
        code=raw["code"],
        name=raw["name"],
        status=raw.get("status", "stable"),
        needs=tuple((kind, str(name)) for need in raw.get("needs", ()) for kind, name in need.items()),
        each=_each(raw),
        is_cause=bool(raw.get("supports")),
        path=path,
        cases=_cases(raw),
        **_rest(raw),
    )


def _rest(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is of interest once a rule has something to do, but for its cases."""
    return {
        "title": raw["title"],
        "severity": _severity(raw.get("severity", "info")),
        "since": str(raw.get("since", "0.1")),
        "merge": raw.get("merge", not _event_need(raw) and "event" not in _first(raw.get("each", {}))),
        "params": {name: param(value) for name, value in raw.get("params", {}).items()},
        "lets": {name: str(text) for name, text in raw.get("let", {}).items()},
        "when": _expression(raw.get("when", True)),
        "at": str(raw.get("at", "")),
        "evidence": tuple(_evidence(raw.get("evidence", ()))),
        "subject": str(raw.get("subject", "")),
        "message": raw.get("message", raw["title"]).strip(),
        "why": raw["why"].strip(),
        "suspects": tuple(
            SuspectRule(item) if isinstance(item, str) else SuspectRule(**{key: _plain(item[key]) for key in item})
            for item in raw.get("suspects", ())
        ),
        "advice": str(raw.get("advice", "")),
        "folds": tuple(raw.get("folds", ())),
        "false_alarms": tuple(raw.get("false-alarms", ())),
        "references": tuple(raw.get("references", ())),
        "basis": str(raw.get("basis", "")).strip(),
        "supports": _arguments(raw, "supports"),
        "against": _arguments(raw, "against"),
        "least": float(raw.get("least", 2)),
        "refutation": str(raw.get("refutation", "")).strip(),
        "experiment": str(raw.get("experiment", "")).strip(),
        "explains": tuple(
            ExplainRule(item)
            if isinstance(item, str)
            else ExplainRule(item["name"], _expression(item.get("when", "")), item.get("later", False))
            for item in raw.get("explains", ())
        ),
    }


def _cases(raw: Mapping[str, Any]) -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple((word, body) for case in raw.get("cases", ()) for word, body in case.items())


def _arguments(raw: Mapping[str, Any], key: str) -> tuple[ArgumentRule, ...]:
    return tuple(
        ArgumentRule(
            _expression(item["when"]),
            float(item["weight"]),
            item.get("text", "{{ told }}").strip(),
            _tuple(item.get("at", ())),
        )
        for item in raw.get(key, ())
    )


def _expression(value: Any) -> str:
    """Return an expression that YAML may have taken for a truth value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def param(value: Any) -> Any:
    """Return a threshold as expressions see it: numbers, with ``5%`` as 0.05; other texts stay texts."""
    if isinstance(value, str) and (found := re.fullmatch(r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+))\s*%\s*", value)):
        return float(found[1]) / 100
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, bool) else value


def _first(each: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(each.values()), {})


def _event_need(raw: Mapping[str, Any]) -> str:
    return next((str(need["event"]) for need in raw.get("needs", ()) if "event" in need), "")


def _severity(raw: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(raw, str):
        return ((raw, ""),)
    conditions = [(severity, str(when)) for severity, when in raw.items() if severity != "else"]
    return (*conditions, (raw["else"], ""))


def _each(raw: Mapping[str, Any]) -> tuple[str, Selector] | None:
    if "each" not in raw:
        event = _event_need(raw)
        return ("event", Selector(event=event)) if event else None
    ((variable, body),) = raw["each"].items()
    return variable, Selector(
        _tuple(body.get("series", ())), _tuple(body.get("kind", ())), body.get("better", ""), body.get("event", ""),
        _tuple(body.get("unlike", ())), _tuple(body.get("setting", ())), bool(body.get("change")),
        _tuple(body.get("name", ())), _tuple(body.get("role", ())),
    )  # fmt: skip


def _tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _evidence(raw: Any) -> Iterator[tuple[str, str]]:
    for item in raw:
        if isinstance(item, str):
            yield item, ""
        else:
            yield str(item["at"]), str(item.get("text", ""))
