"""The file of an experiment to an ``Experiment``: every problem at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from diagnose.engine.expect.conditions import Known, problems
from diagnose.engine.expect.document import Document, KeyPath, NotReadableError, read
from diagnose.engine.expect.spec import (
    OVER,
    Baseline,
    Criterion,
    DecisionSpec,
    Experiment,
    Expression,
    Hypothesis,
    Risk,
    RunSpec,
)
from diagnose.errors import DiagnoseError, did_you_mean
from diagnose.model import Place
from diagnose.model.verdict import OTHER, TIERS
from diagnose.patterns import lazy
from diagnose.rules.check import Problem

EXPRESSION = (str, bool, int, float)
NUMBER = (int, float)
NAME = lazy(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
WORDS = (str, list)
SEGMENT = (str, int)
SHAPES: Mapping[str, Mapping[str, tuple[Any, str]]] = {
    "an experiment": {
        "experiment": (str, "its name"),
        "question": (str, "a text"),
        "plan": (str, "a path or a link"),
        "date": (object, "a date"),
        "baseline": ((str, dict), "a path, or a mapping of path, segment, run, figures"),
        "runs": (dict, "a mapping from name to text, or to text, path, segment"),
        "reached": (str, "any or every"),
        "hypotheses": (list, "a list"),
        "criteria": (dict, "a mapping from tier to a list"),
        "risks": (list, "a list"),
        "decisions": (list, "a list"),
    },
    "a baseline": {
        "path": (str, "a path"),
        "segment": (SEGMENT, "a glob, or a number from 1"),
        "run": (str, "a run"),
        "figures": (dict, "a mapping from series to number"),
    },
    "a run": {
        "text": (str, "a text"),
        "path": (str, "a path"),
        "segment": (SEGMENT, "a glob, or a number from 1"),
    },
    "a hypothesis": {
        "id": (str, "a name"),
        "text": (str, "a text"),
        "criteria": (WORDS, "a list of criteria"),
        "supported": (EXPRESSION, "a condition"),
        "weakened": (EXPRESSION, "a condition"),
    },
    "a criterion": {
        "id": (str, "a name"),
        "text": (str, "a text"),
        "when": (EXPRESSION, "a condition"),
        "run": (WORDS, "a run, or a list of runs"),
        "segment": (SEGMENT, "a glob, or a number from 1"),
        "over": (str, "every, any, first or last"),
        "evidence": (list, "a list of expressions"),
    },
    "a risk": {
        "id": (str, "a name"),
        "text": (str, "a text"),
        "rule": (WORDS, "a rule, or a list of rules"),
        "when": (EXPRESSION, "a condition"),
        "run": (WORDS, "a run, or a list of runs"),
        "segment": (SEGMENT, "a glob, or a number from 1"),
    },
    "a decision": {
        "scenario": (str, "a text"),
        "when": (EXPRESSION, "a condition"),
        "tier": (str, "a tier"),
        "run": (WORDS, "a run, or a list of runs"),
        "then": (str, "a text"),
    },
    "evidence": {"at": (EXPRESSION, "an expression"), "text": (str, "a text")},
}
"""The keys of each kind of mapping: the type of the value, and what to call it."""
NEEDED = {
    "an experiment": ("experiment", "criteria"),
    "a hypothesis": ("id", "text"),
    "a criterion": ("id", "when"),
    "a risk": ("text",),
    "a decision": ("then",),
    "evidence": ("at",),
}
Found = Iterator[tuple[KeyPath, str]]


class ExperimentError(DiagnoseError):
    """A file that is no valid experiment."""


def load(path: str | Path, rules: Iterable[str] = ()) -> Experiment:
    """Return the experiment that a file registers.

    Args:
        path: the file.
        rules: names and codes of the rules there are.

    Raises:
        ExperimentError: with all problems of the file at once, each with its line.
    """
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else "not UTF-8 text"
        raise ExperimentError(f"cannot be read: {said}", place=Place(name)) from None
    found = check(name, text, rules)
    if found:
        raise ExperimentError(
            "not a valid experiment:\n" + "\n".join(f"  {problem}" for problem in found), place=Place(name)
        )
    return _experiment(name, read(text))


def check(path: str, text: str, rules: Iterable[str] = ()) -> list[Problem]:
    """Return every problem of the file of an experiment; none if it is valid."""
    try:
        document = read(text)
    except NotReadableError as error:
        return [Problem(path, error.line, error.message)]
    wrong = [
        *_shape("an experiment", document.raw, ()),
        *((one, f"`{one[-1]}` is there twice") for one in document.repeated),
    ]
    wrong += _parts(document.raw) if not wrong else []
    found = [Problem(path, document.line(at), message) for at, message in wrong]
    if not wrong:
        found += _meanings(path, document, frozenset(rules))
    return sorted(found, key=lambda problem: problem.line)


def _shape(kind: str, raw: Any, at: KeyPath) -> Found:
    keys = SHAPES[kind]
    if not isinstance(raw, dict):
        yield at, f"{kind} is a mapping of {', '.join(keys)}"
        return
    for key, value in raw.items():
        if key not in keys:
            near = did_you_mean(str(key), keys) or f"{kind} has {', '.join(keys)}"
            yield (*at, str(key)), f"unknown key `{key}` ({near})"
        elif not isinstance(value, keys[key][0]) or (isinstance(value, bool) and bool not in _types(keys[key][0])):
            yield (*at, key), f"`{key}` is {keys[key][1]}, not {str(value)[:40]!r}"
    for key in NEEDED.get(kind, ()):
        if key not in raw:
            yield at, f"{kind} needs `{key}`"


def _types(kinds: Any) -> tuple[Any, ...]:
    return (*kinds, object) if isinstance(kinds, tuple) and bool in kinds else (kinds,)


def _parts(raw: Mapping[str, Any]) -> list[tuple[KeyPath, str]]:
    found: list[tuple[KeyPath, str]] = []
    if isinstance(raw.get("baseline"), dict):
        found += _shape("a baseline", raw["baseline"], ("baseline",))
    for name, run in raw.get("runs", {}).items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            found.append((("runs", str(name)), f"`{name}` is no name of a run: letters, digits, `-`, `_` and `.`"))
        if not isinstance(run, str):
            found += _shape("a run", run, ("runs", str(name)))
    for key, kind in (("hypotheses", "a hypothesis"), ("risks", "a risk"), ("decisions", "a decision")):
        for index, item in enumerate(raw.get(key, ())):
            found += _shape(kind, item, (key, index))
    groups = (*TIERS, OTHER)
    for tier, criteria in raw["criteria"].items():
        if tier not in groups:
            near = did_you_mean(str(tier), groups) or f"one of {', '.join(groups)}"
            found.append((("criteria", str(tier)), f"unknown tier `{tier}` ({near})"))
        elif not isinstance(criteria, list) or not criteria:
            found.append((("criteria", tier), f"`{tier}` is a list of criteria; leave it out if there are none"))
        else:
            for index, item in enumerate(criteria):
                found += _shape("a criterion", item, ("criteria", tier, index))
                for number, one in enumerate(item.get("evidence") or () if isinstance(item, dict) else ()):
                    if not isinstance(one, EXPRESSION):
                        found += _shape("evidence", one, ("criteria", tier, index, "evidence", number))
    if not set(raw["criteria"]) & set(TIERS):
        found.append((("criteria",), f"no criterion in any tier ({', '.join(TIERS)})"))
    return found


# --- what the parts mean together -------------------------------------------------------------------------------------


def _meanings(path: str, document: Document, rules: frozenset[str]) -> list[Problem]:
    plan = _experiment(path, document)
    judged = Known(
        rules,
        tuple(run.name for run in plan.runs),
        tuple(dict.fromkeys(one.id for one in plan.criteria)),
        TIERS,
        tuple(one.id for one in plan.risks),
        judging=True,
    )
    found = [Problem(path, document.line(at), message) for at, message in _links(document.raw, plan, judged)]
    logged = Known(judged.rules, judged.runs)
    for at, text, known in _expressions(document.raw, logged, judged):
        for error in problems(str(text), known):
            line = document.start(at) + error.line - 1
            shown = error.text.split("\n")[error.line - 1] if error.text else ""
            caret = " " * (error.column - 1) + "^"
            found.append(Problem(path, line, f"{error.reason}\n      {shown}\n      {caret}"))
    return found


def _links(raw: Mapping[str, Any], plan: Experiment, known: Known) -> Found:
    """Yield names that name nothing, and names that are there twice."""
    yield from _twice(((("criteria", tier, index), item["id"]) for tier, index, item in _criteria(raw)), "criterion")
    for key, what in (("hypotheses", "hypothesis"), ("risks", "risk")):
        items = enumerate(raw.get(key, ()))
        yield from _twice((((key, index), item["id"]) for index, item in items if "id" in item), what)
    bearing: list[tuple[KeyPath, Mapping[str, Any]]] = []
    bearing += [(("criteria", tier, index), item) for tier, index, item in _criteria(raw)]
    bearing += [((key, index), item) for key in ("risks", "decisions") for index, item in enumerate(raw.get(key, ()))]
    for at, item in bearing:
        yield from _unknown(at, "run", _words(item.get("run")), known.runs, "declare it under `runs`")
    for index, item in enumerate(raw.get("hypotheses", ())):
        yield from _unknown(("hypotheses", index), "criteria", _words(item.get("criteria")), known.criteria)
        given = [key for key in ("supported", "weakened") if key in item]
        if bool(given) == bool(item.get("criteria")):
            yield ("hypotheses", index), "a hypothesis needs either `criteria`, or `supported` and `weakened`"
    for index, item in enumerate(raw.get("risks", ())):
        yield from _unknown(
            ("risks", index), "rule", _words(item.get("rule")), known.rules, "see `diagnose rules list`"
        )
        if not item.get("rule") and "when" not in item:
            yield ("risks", index), "a risk needs the `rule` that would show it, or a condition `when`"
    for tier, index, item in _criteria(raw):
        if item.get("over", OVER[0]) not in OVER:
            yield ("criteria", tier, index, "over"), f"`over` is one of {', '.join(OVER)}, not {item['over']!r}"
    yield from _links_of_decisions(raw, plan)
    if raw.get("reached", "any") not in ("any", "every"):
        yield ("reached",), f"`reached` is any or every, not {raw['reached']!r}"
    yield from _links_of_baseline(raw.get("baseline"), known)


def _links_of_decisions(raw: Mapping[str, Any], plan: Experiment) -> Found:
    decisions = raw.get("decisions", ())
    for index, item in enumerate(decisions):
        if "when" in item and "tier" in item:
            yield ("decisions", index), "a decision has `when` or `tier`, not both"
        if "when" not in item and "tier" not in item and index < len(decisions) - 1:
            yield ("decisions", index), "a decision without `when` and `tier` is what follows otherwise: it stands last"
        yield from _unknown(("decisions", index), "tier", _words(item.get("tier")), (*plan.tiers(),))


def _links_of_baseline(raw: Any, known: Known) -> Found:
    if not isinstance(raw, dict):
        return
    given = [key for key in ("path", "run", "figures") if raw.get(key)]
    if len(given) != 1:
        yield ("baseline",), "a baseline is one of `path`, `run` and `figures`"
    yield from _unknown(("baseline",), "run", _words(raw.get("run")), known.runs, "declare it under `runs`")
    for name, value in (raw.get("figures") or {}).items():
        if not isinstance(value, NUMBER) or isinstance(value, bool):
            yield ("baseline", "figures", str(name)), f"`{name}` is a number, not {str(value)[:40]!r}"


def _unknown(at: KeyPath, key: str, words: Iterable[str], known: Iterable[str], mend: str = "") -> Found:
    there = tuple(known)
    for word in words:
        if not (any(fnmatchcase(one, word) for one in there) if key == "rule" else word in there):
            near = did_you_mean(word, there) or mend or f"there is {', '.join(there) or 'none'}"
            yield (*at, key), f"unknown {'criterion' if key == 'criteria' else key} `{word}` ({near})"


def _twice(named: Iterable[tuple[KeyPath, str]], what: str) -> Found:
    seen: set[str] = set()
    for at, name in named:
        if name in seen:
            yield at, f"a second {what} `{name}`"
        if not NAME.fullmatch(name):
            yield at, f"`{name}` is no id: letters, digits, `-`, `_` and `.`"
        seen.add(name)


def _expressions(raw: Mapping[str, Any], logged: Known, judged: Known) -> Iterator[tuple[KeyPath, Any, Known]]:
    for tier, index, item in _criteria(raw):
        at: KeyPath = ("criteria", tier, index)
        yield (*at, "when"), item["when"], logged
        for number, one in enumerate(item.get("evidence", ())):
            inside: KeyPath = (*at, "evidence", number)
            yield ((*inside, "at"), one["at"], logged) if isinstance(one, dict) else (inside, one, logged)
    for key, names, known in (
        ("risks", ("when",), logged),
        ("hypotheses", ("supported", "weakened"), judged),
        ("decisions", ("when",), judged),
    ):
        for index, item in enumerate(raw.get(key, ())):
            yield from (((key, index, name), item[name], known) for name in names if name in item)


def _criteria(raw: Mapping[str, Any]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    for tier in (*TIERS, OTHER):
        for index, item in enumerate(raw["criteria"].get(tier, ())):
            yield tier, index, item


def _words(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(map(str, value))


# --- valid data to an experiment --------------------------------------------------------------------------------------


def _experiment(path: str, document: Document) -> Experiment:
    raw = document.raw

    def expression(at: KeyPath, value: Any) -> Expression:
        text = str(value).lower() if isinstance(value, bool) else str(value).strip()
        return Expression(text, Place(path, document.start(at)))

    def optional(at: KeyPath, item: Mapping[str, Any], key: str) -> Expression | None:
        return expression((*at, key), item[key]) if key in item else None

    def evidence(at: KeyPath, items: Iterable[Any]) -> Iterator[tuple[Expression, str]]:
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield expression((*at, index, "at"), item["at"]), item.get("text", "")
            else:
                yield expression((*at, index), item), ""

    criteria = tuple(
        Criterion(
            item["id"],
            tier,
            _text(item),
            expression(("criteria", tier, index, "when"), item["when"]),
            _words(item.get("run")),
            str(item.get("segment", "")),
            item.get("over", OVER[0]),
            tuple(evidence(("criteria", tier, index, "evidence"), item.get("evidence", ()))),
        )
        for tier, index, item in _criteria(raw)
    )
    hypotheses = tuple(
        Hypothesis(
            item["id"],
            _text(item),
            _words(item.get("criteria")),
            optional(("hypotheses", index), item, "supported"),
            optional(("hypotheses", index), item, "weakened"),
        )
        for index, item in enumerate(raw.get("hypotheses", ()))
    )
    risks = tuple(
        Risk(
            item.get("id", f"R{index + 1}"),
            _text(item),
            _words(item.get("rule")),
            optional(("risks", index), item, "when"),
            _words(item.get("run")),
            str(item.get("segment", "")),
        )
        for index, item in enumerate(raw.get("risks", ()))
    )
    decisions = tuple(
        DecisionSpec(
            " ".join(item["then"].split()),
            item.get("scenario", ""),
            optional(("decisions", index), item, "when"),
            item.get("tier", ""),
            _words(item.get("run")),
        )
        for index, item in enumerate(raw.get("decisions", ()))
    )
    runs = tuple(
        RunSpec(name, run)
        if isinstance(run, str)
        else RunSpec(name, _text(run), run.get("path", ""), str(run.get("segment", "")))
        for name, run in raw.get("runs", {}).items()
    )
    return Experiment(
        path,
        raw["experiment"],
        " ".join(raw.get("question", "").split()),
        raw.get("plan", ""),
        _baseline(raw.get("baseline"), document),
        runs,
        raw.get("reached", "any"),
        hypotheses,
        criteria,
        risks,
        decisions,
    )


def _text(item: Mapping[str, Any]) -> str:
    return " ".join(item.get("text", "").split())


def _baseline(raw: Any, document: Document) -> Baseline | None:
    if raw is None:
        return None
    if isinstance(raw, str):
        return Baseline(raw)
    figures = {str(name): value for name, value in (raw.get("figures") or {}).items()}
    lines = {name: document.line(("baseline", "figures", name)) for name in figures}
    return Baseline(raw.get("path", ""), str(raw.get("segment", "")), raw.get("run", ""), figures, lines)
