"""What the build of a wheel makes in advance, as JSON: rules, their expressions, compiled grammars, and tables.

Called by ``hatch_build.py``, in a place without numpy, and by the tests. A checkout has none of it and reads the files
themselves; ``assets.packed`` finds it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from diagnose import assets, parsers
from diagnose.language.parse import LanguageError, parse, plain

START = re.compile(r"^\??start\b", re.MULTILINE)


def build() -> Iterator[tuple[str, str]]:
    """Yield every pack: its name for ``assets.packed``, and its text."""
    yield "rules", _json(rules())
    for path in sorted(assets.grammar_folder().glob("*.lark")):
        if START.search(assets.grammar(path.stem)):
            yield f"grammars/{path.stem}", _json(parsers.serialized(path.stem))
    for path in assets.tables():
        yield assets.table_name(path), _json(assets.load(path))


def rules() -> dict[str, Any]:
    """Return every rule file as a mapping under its path, and every expression in them, parsed."""
    folder = assets.root() / "rules"
    found = {path.relative_to(folder).as_posix(): assets.load(path) for path in assets.rule_files()}
    trees = {}
    for text in sorted({text for rule in found.values() for text in _texts(rule)}):
        try:
            trees[text] = plain(parse(text))
        except LanguageError:
            continue
    return {"rules": found, "expressions": trees}


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _texts(rule: dict[str, Any]) -> Iterator[str]:
    """Yield every text that may be an expression."""
    yield from (str(text) for text in rule.get("let", {}).values())
    yield from (str(rule[key]) for key in ("when", "at", "subject") if key in rule)
    yield from (str(item["at"] if isinstance(item, dict) else item) for item in rule.get("evidence", ()))
    if isinstance(rule.get("severity"), dict):
        yield from (str(text) for text in rule["severity"].values())
    for item in (*rule.get("supports", ()), *rule.get("against", ())):
        at = item.get("at", ())
        yield from (str(text) for text in (item["when"], *([at] if isinstance(at, str) else at)))
    yield from (str(item["when"]) for item in rule.get("suspects", ()) if isinstance(item, dict) and "when" in item)
