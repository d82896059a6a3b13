"""The built-in rules in one file: what the wheel carries so that a start reads neither YAML nor expressions.

Made by ``hatch_build.py`` from ``rules/``, never by hand; an editable install has none and reads the YAML files. The
import of this module needs no numpy, since the build imports it alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from diagnose import assets
from diagnose.language.parse import LanguageError, parse, plain, prepare


def build() -> str:
    """Return the pack: every rule file as a mapping under its path, and every expression in them, parsed."""
    folder = assets.root() / "rules"
    rules = {path.relative_to(folder).as_posix(): assets.load(path) for path in assets.rule_files()}
    trees = {}
    for text in sorted({text for rule in rules.values() for text in _texts(rule)}):
        try:
            trees[text] = plain(parse(text))
        except LanguageError:
            continue
    return json.dumps({"rules": rules, "expressions": trees}, ensure_ascii=False, separators=(",", ":"))


def load(path: Path) -> dict[str, Any]:
    """Return the rules of a pack by path, and make its expressions known to the parser."""
    pack = json.loads(path.read_text(encoding="utf-8"))
    prepare(pack["expressions"])
    rules: dict[str, Any] = pack["rules"]
    return rules


def _texts(rule: dict[str, Any]) -> Iterator[str]:
    """Yield every text that may be an expression."""
    yield from (str(text) for text in rule.get("let", {}).values())
    yield from (str(rule[key]) for key in ("when", "at", "subject") if key in rule)
    yield from (str(item["at"] if isinstance(item, dict) else item) for item in rule.get("evidence", ()))
    if isinstance(rule["severity"], dict):
        yield from (str(text) for text in rule["severity"].values())
    yield from (str(item["when"]) for item in rule.get("suspects", ()) if isinstance(item, dict) and "when" in item)
