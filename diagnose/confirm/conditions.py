"""What can be told of a symptom and a metric from their text alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagnose.engine.expect.conditions import Known, problems
from diagnose.errors import SettingsError, did_you_mean
from diagnose.language import Node, parse
from diagnose.names import split_of, traits
from diagnose.rules import Rule

FINAL = frozenset({"loss-nan", "loss-nan-reported", "out-of-memory", "traceback", "disk-full", "killed-by-system"})
"""Rules whose finding no later line takes back: a run that shows them need not go on."""
RULE = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)+|[A-Z]+\d+")
NO_CONDITION = frozenset({"number", "quantity", "string", "name", "binary", "sign", "power", "list"})
NO_NUMBER = frozenset(
    {"string", "name", "compare", "and_", "or_", "not_", "list", "true", "false", "contains", "lacks"}
)
"""Kinds of expressions."""


def as_condition(text: str, rules: Iterable[Rule]) -> str:
    """Return a condition; the name or code of a rule alone asks for its finding."""
    word = text.strip()
    names = {name for rule in rules for name in (rule.name, rule.code)}
    return f'found("{word}")' if word in names else word


def direction(metric: str) -> str:
    """Return which way an expression over one metric is better, by the metric's name; empty if that is not known."""
    ways = {traits(name).better for name in series_in(metric)} if metric else set()
    way = ways.pop() if len(ways) == 1 else ""
    return way if way in ("higher", "lower") else ""


def series_in(text: str) -> set[str]:
    """Return the series that an expression names, as far as they can be told from it."""
    if not text:
        return set()
    names = {str(node.args[0]) for node in parse(text).walk() if node.kind == "name"}
    return {name for name in names if "/" in name and split_of(name)} | (names & {"lr", "grad_norm"})


def metric_of(symptom: str) -> str:
    """Return the metric that a symptom speaks of: ``best(val/accuracy)`` of ``best(val/accuracy) < 0.5``."""
    names = series_in(symptom)
    if len(names) != 1:
        return ""
    name = next(iter(names))
    kind = traits(name)
    if kind.kind == "loss":
        return f"last({name})"
    return f"best({name})" if kind.better in ("higher", "lower") else ""


def check(what: str, text: str, rules: Iterable[Rule]) -> None:
    """Make sure that a text can be asked of a run.

    Args:
        what: the option that it was given with.
        text: an expression.
        rules: all that it may name.

    Raises:
        SettingsError: if it cannot, with column and caret.
    """
    words = [word for rule in rules for word in (rule.name, rule.code)]
    known = Known(frozenset(words))
    if what == "--symptom" and RULE.fullmatch(text):
        mend = did_you_mean(text, words) or "see `diagnose rules list`, or write a condition such as last(val/loss) > 2"
        raise SettingsError(f"{what}: there is no rule {text!r}", mend=mend)
    for error in problems(text, known):
        raise SettingsError(f"{what}: {error}")
    kind = parse(text).kind
    if what == "--symptom" and kind in NO_CONDITION:
        raise SettingsError(f"{what} {text!r}: no condition", mend="compare something, as in best(val/map) < 0.3")
    if what == "--metric" and kind in NO_NUMBER:
        raise SettingsError(
            f"{what} {text!r}: no number", mend=f"write best({text}) or last({text})" if kind == "name" else ""
        )
    if "better_by(" in text.replace(" ", ""):
        raise SettingsError(
            f"{what}: better_by() compares with another run", mend="compare with a number: best(x) < 0.5"
        )


def final(node: Node) -> frozenset[bool]:
    """Return the truth values that a condition, once it has them, keeps as the log grows."""
    args = [arg for arg in node.args if isinstance(arg, Node)]
    if node.kind == "call" and node.args[0] == "found" and len(args) == 1 and args[0].kind == "string":
        return frozenset({True} if str(args[0].args[0])[1:-1] in FINAL else ())
    if node.kind == "call" and node.args[0] == "seen":
        return frozenset({True})
    if node.kind == "not_":
        return frozenset(not value for value in final(args[0]))
    if node.kind in ("and_", "or_"):
        return frozenset.intersection(*(final(arg) for arg in args))
    return _final_comparison(node, args)


def _final_comparison(node: Node, args: list[Node]) -> frozenset[bool]:
    """Return the same of ``best(x) < number``: the best value only gets better."""
    nothing: frozenset[bool] = frozenset()
    if (
        node.kind != "compare"
        or len(node.args) != 3
        or [arg.kind for arg in args] not in (["call", "number"], ["call", "quantity"])
    ):
        return nothing
    call, sign = args[0], str(node.args[1])
    if call.args[0] != "best" or len(call.args) != 2 or getattr(call.args[1], "kind", "") != "name":
        return nothing
    better = traits(str(call.args[1].args[0])).better
    if better not in ("higher", "lower") or sign not in ("<", "<=", ">", ">="):
        return nothing
    return frozenset({(sign[0] == ">") == (better == "higher")})
