"""Rule files as a whole: each alone, then against one another and against the built-in rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from diagnose import assets
from diagnose.engine.wording import template_fault
from diagnose.errors import did_you_mean
from diagnose.rules import builtin
from diagnose.rules.check import Problem, check


def check_rules(files: Iterable[Path]) -> list[Problem]:
    """Return every problem of some rule files, in their order; cases are not run."""
    files = list(files)
    problems: list[Problem] = []
    sound: list[tuple[Path, str, dict[str, Any]]] = []
    for file in files:
        found = check(file)
        problems += found
        if not found:
            sound.append((file, file.read_text(encoding="utf-8"), assets.load(file)))
    return problems + list(_together(sound))


def _together(rules: list[tuple[Path, str, dict[str, Any]]]) -> Iterator[Problem]:
    own = {path.resolve() for path, _, _ in rules}
    taken = {
        word: "a built-in rule"
        for rule in builtin()
        if rule.path.resolve() not in own
        for word in (rule.code, rule.name)
    }
    names = {rule.name for rule in builtin()} | {raw["name"] for _, _, raw in rules}
    for path, text, raw in rules:
        for key in ("code", "name"):
            if raw[key] in taken:
                yield Problem(str(path), _line(text, key), f"{key} `{raw[key]}` is taken by {taken[raw[key]]}")
            taken[raw[key]] = str(path)
        if path.stem != raw["name"]:
            yield Problem(str(path), _line(text, "name"), f"the file should be called {raw['name']}.yaml")
        for name in raw.get("folds", ()):
            if name not in names:
                mend = did_you_mean(name, names)
                told = f"`folds` names the unknown rule `{name}`" + (f" ({mend})" if mend else "")
                yield Problem(str(path), _line(text, "folds"), told)
        for name in (item if isinstance(item, str) else item["name"] for item in raw.get("explains", ())):
            if name not in names:
                mend = did_you_mean(name, names)
                told = f"`explains` names the unknown rule `{name}`" + (f" ({mend})" if mend else "")
                yield Problem(str(path), _line(text, "explains"), told)
        for key in ("message", "why", "advice", "refutation", "experiment"):
            if fault := template_fault(str(raw.get(key, ""))):
                yield Problem(str(path), _line(text, key), f"`{key}`: {fault}")
        for key in ("supports", "against"):
            for item in raw.get(key, ()):
                if fault := template_fault(item.get("text", "")):
                    yield Problem(str(path), _line(text, key), f"`{key}`: {fault}")
        advice = str(raw["advice"])
        if advice.endswith(".j2") and not (assets.template_folder() / advice).is_file():
            yield Problem(str(path), _line(text, "advice"), f"no template {advice}; write the advice itself here")


def _line(text: str, key: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith(f"{key}:")), 1)
