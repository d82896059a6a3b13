"""What the build of a wheel makes in advance, as JSON: rules, formats, compiled grammars, templates, gates, tables.

Called by ``hatch_build.py``, in a place without numpy, and by the tests. A checkout has none of it and reads the files
themselves; ``assets.packed`` finds it.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Any

from diagnose import assets, parsers
from diagnose.digest import digest
from diagnose.foreseen import worked_out
from diagnose.language import template
from diagnose.language.parse import LanguageError, parse, plain
from diagnose.logs import detect, formats, sketches
from diagnose.names import frameworks
from diagnose.names.slips import words
from diagnose.reader import RunBuilder, gates
from diagnose.reader.learning import Heard, learned, listening
from diagnose.reader.sketch import packed
from diagnose.reader.uniform import is_uniform
from diagnose.rules import builtin
from diagnose.rules.load import condition, outline
from diagnose.scan.engine import VARIABLE
from diagnose.scan.powers import powers
from diagnose.sources import from_bytes, open_source

LOGS = (".csv", ".log", ".txt")
"""Endings of fixtures from which templates are learned."""
CODE = (".py", ".c", ".h", ".yaml", ".lark")
START = re.compile(r"^\??start\b", re.MULTILINE)


def build() -> Iterator[tuple[str, str]]:
    """Yield every pack: its file, and its text."""
    rest = list(map(_ascii, rules()))
    yield "rules.jsonl", "\n".join(rest)
    yield "conditions.jsonl", _lines(conditions(rest))
    yield "expressions.jsonl", _lines(expressions())
    yield "templates.jsonl", _lines(templates())
    for name, data in _packs():
        yield f"{name}.json", _json(data)


def _packs() -> Iterator[tuple[str, Any]]:
    """Yield what ``assets.packed`` reads, by name."""
    yield "formats", [packed(one) for one in sketches()]
    yield "advice", advice()
    yield "functions", functions()
    yield "code", code()
    for path in sorted(assets.grammar_folder().glob("*.lark")):
        if START.search(assets.grammar(path.stem)):
            yield f"grammars/{path.stem}", parsers.serialized(path.stem)
            yield f"lines/{path.stem}", parsers.stamped_tables(path.stem)
    for name, lines in heard().items():
        yield f"shapes/{name}", learned(name, lines.values())
    shared = words("")
    yield "words", {"": sorted(shared)} | {name: sorted(words(name) ^ shared) for name in frameworks()}
    yield from _foreseen().items()
    for path in assets.tables():
        yield assets.table_name(path), assets.load(path)


def _foreseen() -> dict[str, Any]:
    """Return what was worked out while samples were read, and what reading logs like others needs beside it."""
    powers()
    for pattern in {pattern for one in sketches() for pattern in one.sniffed}:
        is_uniform(pattern)
    found = worked_out()
    return {**found, "gates": {key: gates.packed(*made) for key, made in found["gates"].items() if made is not None}}


def heard() -> Heard:
    """Return what the grammars accept in the samples of all formats, and in the fixtures where there are any."""
    sources = [
        (format, from_bytes("sample", sample.encode()))
        for format in formats().values()
        for sample in format.SAMPLES
        if isinstance(sample, str)
    ]
    for _, source in sources:
        detect(source)  # what it works out of patterns is packed, too
    for path in sorted((assets.PACKAGE.parent / "fixtures").rglob("*")):
        if path.suffix in LOGS:
            source = open_source(path)
            format = detect(source)
            sources += [] if format is None or getattr(format, "IS_CONFIG", False) else [(format, source)]
    engine = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "lark"  # every line, and nothing by templates
    try:
        with listening() as found:
            for format, source in sources:
                with suppress(ImportError):  # what needs numpy to be read has no grammar
                    format.read(source, RunBuilder(source.path, format.NAME))
    finally:
        os.environ.pop(VARIABLE)
        os.environ |= {} if engine is None else {VARIABLE: engine}
    return found


def rules() -> Iterator[Any]:
    """Yield what is in the file of each rule, but for its cases."""
    for rule in builtin():
        yield {key: value for key, value in assets.load(rule.path).items() if key != "cases"}


def conditions(rest: Sequence[str]) -> Iterator[Any]:
    """Yield the outlines of all rules, each with where the line stands that is the rest of it, and their conditions."""
    starts = accumulate((len(line) + 1 for line in rest), initial=0)
    at = zip(starts, map(len, rest), strict=False)
    yield [[*outline(rule), place] for rule, place in zip(builtin(), at, strict=True)]
    yield from map(condition, builtin())


def expressions() -> Iterator[Any]:
    """Yield every expression in the rules, and its tree."""
    for text in sorted({text for path in assets.rule_files() for text in _texts(assets.load(path))}):
        try:
            tree = plain(parse(text))
        except LanguageError:
            continue
        yield text
        yield tree


def code() -> str:
    """Return what tells our code and grammars from others, for the cache."""
    files = sorted([*assets.PACKAGE.rglob("*.*"), *assets.grammar_folder().glob("*.lark")])
    texts = [path.read_bytes() for path in files if path.suffix in CODE]
    return digest(b"\0".join(texts)).hexdigest()


def functions() -> dict[str, str]:
    """Return the module of each function of the language, read from their text: a build has no numpy."""
    found = {}
    for path in sorted((assets.PACKAGE / "language" / "functions").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and "function" in map(ast.unparse, node.decorator_list):
                found[node.name.rstrip("_")] = path.stem
    return found


def advice() -> dict[str, str]:
    """Return the templates of advice by file."""
    folder = assets.template_folder()
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("advice/*.j2"))
    }


def templates() -> Iterator[Any]:
    """Yield every template in the rules and their advice, and its tree."""
    texts = {text for rule in builtin() for text in rule.texts() if "{" in text}
    for text in sorted({*texts, *advice().values()}):
        yield text
        yield template.plain(text)


def _lines(items: Iterable[Any]) -> str:
    return "\n".join(map(_ascii, items))


def _ascii(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"))


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
