"""Is a rule file valid? All problems at once, each with its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from diagnose.language import LanguageError, names_in, parse
from diagnose.language.functions import TABLE
from diagnose.model import SEVERITIES
from diagnose.names import event_kinds, fact_names
from diagnose.patterns import lazy
from diagnose.records import dataclass
from diagnose.yaml_loader import Loader

REQUIRED = ("code", "name", "title", "severity", "since", "when", "message", "why", "advice", "cases")
OPTIONAL = ("status", "needs", "each", "merge", "params", "let", "at", "evidence", "subject", "suspects", "folds",
            "false-alarms", "references", "basis")  # fmt: skip
CAUSE = ("code", "name", "title", "since", "why", "supports", "refutation", "advice", "cases")
OF_CAUSES = ("against", "least", "explains", "experiment")
ARGUMENT = ("when", "weight", "text", "at")
"""Keys of what speaks for or against a cause; the last two may be left out."""
NEEDS = (
    "series",
    "event",
    "fact",
    "config",
    "kind",
    "format",
    "baseline",
    "changes",
    "any-series",
    "any-event",
    "any-fact",
)
EXPRESSION = (str, bool, int, float)
SHAPES: tuple[tuple[tuple[str, ...], Any, str], ...] = (
    (("code", "name", "title", "message", "why", "advice"), str, "a text"),
    (("when", "at", "subject"), EXPRESSION, "an expression"),
    (("severity",), (str, dict), "a severity, or severities with conditions"),
    (("params", "let", "each"), dict, "a mapping"),
    (("refutation", "experiment"), str, "a text"),
    (("least",), (int, float), "a number"),
    (
        (
            "needs",
            "evidence",
            "suspects",
            "folds",
            "false-alarms",
            "references",
            "cases",
            "supports",
            "against",
            "explains",
        ),
        list,
        "a list",
    ),
)
ITEMS: Mapping[str, Mapping[str, Any]] = {
    "evidence": {"at": EXPRESSION, "text": str},
    "suspects": {"name": str, "when": EXPRESSION, "because": str, "score": (int, float)},
    "folds": {},
    "false-alarms": {},
    "references": {},
    "explains": {"name": str, "when": EXPRESSION, "later": bool},
}
"""Lists of texts, or of mappings of these keys, the first of which is there always."""
EACH = frozenset({"series", "kind", "better", "event", "unlike", "setting", "change", "name", "role"})
MOST_WEIGHT = 5
"""The weight of what a log states in words; the scale is in docs/causes.md."""
DEEPEST = 50
"""Levels of a rule file."""
CODE = lazy(r"[A-Z]{2,8}\d{3}")
NAME = lazy(r"[a-z0-9]+(-[a-z0-9]+)*")
BUILT_IN = frozenset(
    {
        "epochs",
        "segment",
        "segment_index",
        "segment_count",
        "format",
        "framework",
        "config_whole",
        "alone",
        "compared",
        "event",
        "fact",
        "config",
        "baseline",
        "previous",
        "old",
        "new",
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a rule file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def check(path: Path, text: str | None = None) -> list[Problem]:
    """Return every problem of a rule file; none if it is valid. Cases are not run (see ``diagnose rules test``)."""
    try:
        text = path.read_text(encoding="utf-8") if text is None else text
    except (OSError, UnicodeDecodeError) as error:
        return [Problem(str(path), 1, f"cannot be read: {error}")]
    try:
        if problem := _unfit(path, text):
            return [problem]
        node = yaml.compose(text, Loader=Loader)
        raw = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader
    except (ValueError, RecursionError) as error:  # such as a date that does not exist
        return [Problem(str(path), 1, f"not YAML: {error}")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [Problem(str(path), mark.line + 1 if mark else 1, f"not YAML: {getattr(error, 'problem', error)}")]
    if not isinstance(raw, dict):
        return [Problem(str(path), 1, "a rule is a mapping of keys")]
    lines = dict(_lines(node, ()))
    wrong = [*_repeated(node), *_shapes(raw)]
    return [
        Problem(
            str(path), next((lines[key[:cut]] for cut in range(len(key), -1, -1) if key[:cut] in lines), 1), message
        )
        for key, message in wrong or _problems(raw)
    ]


def _unfit(path: Path, text: str) -> Problem | None:
    """Return what must not even be built: aliases of aliases unfold to billions, and deep nesting ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            return Problem(str(path), line, f"a rule has no aliases (`*{event.anchor}`)")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return Problem(str(path), line, f"nested more than {DEEPEST} deep")
    return None


def _lines(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
            yield (*path, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*path, index))


Found = Iterator[tuple[tuple[Any, ...], str]]


def _repeated(node: Any) -> Found:
    names = Counter(key.value for key, _ in node.value)
    yield from (((name,), f"`{name}` is there {number} times") for name, number in names.items() if number > 1)


def _shapes(raw: Mapping[str, Any]) -> Found:
    """What is not even of the right kind; no other check is made then."""
    for keys, kind, called in SHAPES:
        for key in keys:
            if key in raw and not isinstance(raw[key], kind):
                yield (key,), f"`{key}` is {called}, not {str(raw[key])[:40]!r}"
    for key, fields in ITEMS.items():
        items = raw.get(key, [])
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, dict) and next(iter(fields), None) in item and item.keys() <= fields.keys():
                for name, value in item.items():
                    if not isinstance(value, fields[name]):
                        yield (key, index), f"`{name}` of `{key}` is not {str(value)[:40]!r}"
            elif not isinstance(item, str):
                known = f" or a mapping of {', '.join(fields)}" if fields else ""
                yield (key, index), f"an item of `{key}` is a text{known}, not {str(item)[:40]!r}"
    for key in ("supports", "against"):
        items = raw.get(key, [])
        for index, item in enumerate(items if isinstance(items, list) else []):
            if fault := _argument(item):
                yield (key, index), f"an item of `{key}` {fault}"


def _argument(item: Any) -> str:
    """Return what is wrong with an argument for or against a cause."""
    if not isinstance(item, dict) or not set(ARGUMENT[:2]) <= item.keys() <= set(ARGUMENT):
        return f"is a mapping of {', '.join(ARGUMENT)} (the last two may be left out), not {str(item)[:40]!r}"
    weight = item["weight"]
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= MOST_WEIGHT:
        return f"has a weight above 0 and up to {MOST_WEIGHT}, not {str(weight)[:40]!r}"
    at = item.get("at", [])
    texts = [item.get("text", ""), *(at if isinstance(at, list) else [at])]
    if not all(isinstance(text, str) for text in texts) or not isinstance(item["when"], EXPRESSION):
        return "has a condition, a text, and expressions as `at`"
    return ""


def _problems(raw: Mapping[str, Any]) -> Found:
    cause = "supports" in raw or str(raw.get("code", "")).startswith("CAUSE")
    required = CAUSE if cause else REQUIRED
    for key in required:
        if key not in raw:
            yield (), f"`{key}` is missing"
    if raw.get("supports", True) == []:
        yield ("supports",), "nothing speaks for this cause"
    for key in raw:
        if key not in (*required, *OPTIONAL) and not (cause and key in (*REQUIRED, *OF_CAUSES)):
            yield (key,), f"unknown key `{key}`"
    if not CODE.fullmatch(str(raw.get("code", "LOG001"))):
        yield ("code",), "a code is capital letters and three digits, such as LOSS001"
    if not NAME.fullmatch(str(raw.get("name", "a"))):
        yield ("name",), "a name is kebab-case, such as loss-nan"
    if not raw.get("references") and not raw.get("basis"):
        yield (), "needs `references`, or a `basis` that says the threshold is ours and what it was measured on"
    yield from _severities(raw.get("severity", "info"))
    yield from _needs(raw.get("needs", []))
    yield from _each(raw.get("each", {}))
    yield from _expressions(raw)
    yield from _cases(raw.get("cases", []))


def _severities(raw: Any) -> Found:
    levels = [raw] if isinstance(raw, str) else [raw.get("else"), *(level for level in raw if level != "else")]
    for level in levels:
        if level not in SEVERITIES:
            yield ("severity",), f"severity is one of {', '.join(SEVERITIES)} (with `else` for the last), not {level!r}"


def _needs(raw: Any) -> Found:
    known = {"event": event_kinds(), "fact": fact_names()}
    for index, need in enumerate(raw):
        if not isinstance(need, dict) or len(need) != 1:
            yield ("needs", index), "a need is one pair such as `event: weights_restored`"
            continue
        ((kind, name),) = need.items()
        if kind not in NEEDS:
            yield ("needs", index), f"unknown need `{kind}`: one of {', '.join(NEEDS)}"
        elif not isinstance(name, str | bool):
            yield ("needs", index), f"`{kind}` needs a name, not {str(name)[:40]!r}"
        elif kind in known and name not in known[kind]:
            yield ("needs", index), f"unknown {kind} `{name}`"


def _each(raw: Any) -> Found:
    if not isinstance(raw, dict) or len(raw) > 1:
        yield ("each",), "`each` has one variable, such as `m: {series: val/*, kind: score}`"
        return
    for variable, body in raw.items():
        if not isinstance(body, dict) or not set(body) <= EACH:
            yield ("each", variable), "expected some of " + ", ".join(sorted(EACH))
        elif "event" in body and str(body["event"]) not in event_kinds():
            yield ("each", variable), f"unknown event `{body['event']}`"


def _expressions(raw: Mapping[str, Any]) -> Found:
    lets = raw.get("let", {})
    known = BUILT_IN | set(lets) | set(raw.get("params", {})) | set(raw.get("each", {}))
    for key, text in _texts(raw):
        try:
            node = parse(str(text))
        except LanguageError as error:
            yield key, str(error)
            continue
        for name in names_in(node):
            if "/" not in name and name not in known and name not in SERIES:
                yield key, f"unknown name `{name}` in `{text}`"
        for part in node.walk():
            if part.kind == "call" and part.args[0] not in TABLE:
                yield key, f"unknown function `{part.args[0]}` in `{text}`"
            yield from ((key, message) for message in _namespaced(part))


SERIES = frozenset({"lr", "grad_norm", "throughput"})
"""Bare names of series, which carry no split."""


def _namespaced(part: Any) -> Iterator[str]:
    if part.kind != "attribute" or part.args[0].kind != "name" or part.args[0].args[0] != "fact":
        return
    if part.args[1] not in fact_names():
        yield f"unknown fact `{part.args[1]}`"


def _texts(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield from ((("let", name), text) for name, text in raw.get("let", {}).items())
    yield from (((key,), raw[key]) for key in ("when", "at", "subject") if key in raw)
    for index, item in enumerate(raw.get("evidence", ())):
        yield ("evidence", index), item["at"] if isinstance(item, dict) else item
    if isinstance(raw.get("severity"), dict):
        yield from ((("severity", level), text) for level, text in raw["severity"].items() if level != "else")
    for index, item in enumerate(raw.get("suspects", ())):
        if isinstance(item, dict) and "when" in item:
            yield ("suspects", index), item["when"]
    for index, item in enumerate(raw.get("explains", ())):
        if isinstance(item, dict) and "when" in item:
            yield ("explains", index), item["when"]
    for key in ("supports", "against"):
        for index, item in enumerate(raw.get(key, ())):
            at = item.get("at", [])
            yield from (((key, index), text) for text in (item["when"], *(at if isinstance(at, list) else [at])))


def _cases(raw: Any) -> Found:
    words = [word for case in raw if isinstance(case, dict) for word in case]
    for word in ("reported", "silent"):
        if word not in words:
            yield ("cases",), f"a rule needs at least one `{word}` case"
    for index, case in enumerate(raw):
        if not isinstance(case, dict) or set(case) - {"reported", "silent", "skipped"}:
            yield ("cases", index), "a case is `reported: {...}`, `silent: {...}` or `skipped: {...}`"
