"""The condition language with the functions that only experiments have: other runs, findings, criteria, tiers.

Their calls are taken out of the tree when it is parsed, and evaluated by the scope when they are looked up; so their
arguments may be evaluated in another run, and rules cannot call them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from diagnose.errors import did_you_mean
from diagnose.language import LanguageError, MissingError, Node, Scope, evaluate, parse
from diagnose.language.functions import TABLE
from diagnose.language.values import ValueTypeError, placed
from diagnose.model import Evidence, Finding, Point, Series
from diagnose.names import canonical, event_kinds, fact_names, traits
from diagnose.patterns import lazy
from diagnose.records import dataclass, field
from diagnose.rules.check import BUILT_IN, SERIES

if TYPE_CHECKING:
    from diagnose.engine.expect.bench import Arm, Bench

MOST_NAMED = 8
"""Series that are named where one is not there."""
MARK = "\0"
"""Begins the name that stands for a call; no expression can hold it."""
NAMES_FIRST = frozenset({"found", "metric", "said", "in_run", "given", "met", "failed", "told", "reached", "shown"})
"""Functions of experiments whose first argument names something."""
OF_EVENTS = ("seen", "count_of", "events", "first_event", "last_event", "seen_before", "segments_with", "sum_of")
NUMBER = lazy(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?\s*(%?)")

Call = TypeVar("Call", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Own:
    """A function of experiments; *call* takes the scope and the nodes of the arguments."""

    name: str
    signature: str
    least: int
    most: int
    call: Callable[..., Any]
    doc: str
    of_runs: bool


OWN: dict[str, Own] = {}


def _own(signature: str, *, of_runs: bool = True) -> Callable[[Call], Call]:
    """Register a function; ``=`` in the signature marks what may be left out."""

    def register(call: Call) -> Call:
        name, _, rest = signature.partition("(")
        given = [part for part in rest.rstrip(")").split(", ") if part]
        least = sum("=" not in part for part in given)
        doc = " ".join((call.__doc__ or "").split("\n\n")[0].split())
        OWN[name] = Own(name, signature, least, len(given), call, doc, of_runs)
        return call

    return register


@dataclass(slots=True)
class ExpectScope(Scope):
    """The scope of one segment of one run; it knows the others.

    Attributes:
        arm: the run.
        bench: all runs, the baseline, and what was judged before.
        whole: whether no segment was asked for, so that findings of the whole run count.
        trace: places that functions of experiments have looked at.
    """

    arm: Arm = None  # type: ignore[assignment]
    bench: Bench = None  # type: ignore[assignment]
    whole: bool = True
    trace: list[Evidence] = field(default_factory=list)

    def lookup(self, name: str) -> Any:
        """Return what a name means; that of a call is evaluated."""
        if name.startswith(MARK):
            call, nodes = CALLS[name]
            return call.call(self, *nodes)
        try:
            return Scope.lookup(self, name)
        except MissingError as error:
            near = _near(name, self.segment.series) if error.what == f"series {name}" else ""
            raise MissingError(_told(error.what, near)) from None


def _near(name: str, series: Mapping[str, Series]) -> str:
    """Return which series may be meant by one that is not there: of the same metric, else the scores there are."""
    split, _, base = name.rpartition("/")
    alike = [one for one in series if one.rpartition("/")[2] == base and (not split or one.startswith(f"{split}/"))]
    if len(alike) == 1:
        return f"did you mean {alike[0]}?"
    kinds = {one: traits(one).kind for one in series}
    there = alike or [one for one, kind in kinds.items() if kind == traits(name).kind] or list(series)
    more = f", and {len(there) - MOST_NAMED} more" if len(there) > MOST_NAMED else ""
    return f"there is {', '.join(there[:MOST_NAMED])}{more}" if there else "nothing was measured"


CALLS: dict[str, tuple[Own, tuple[Node, ...]]] = {}
"""Calls that were taken out of trees, by the name that stands for them."""
_READY: dict[str, Node] = {}


def ready(text: str) -> Node:
    """Return the tree of an expression, with names in place of the calls that only experiments have.

    Raises:
        LanguageError: if it is not an expression of the language.
    """
    if text not in _READY:
        _READY[text] = _taken_out(parse(text))
    return _READY[text]


def _taken_out(node: Node) -> Node:
    args = tuple(_taken_out(arg) if isinstance(arg, Node) else arg for arg in node.args)
    if node.kind == "call" and node.args[0] in OWN:
        name = f"{MARK}{len(CALLS)}"
        CALLS[name] = OWN[node.args[0]], args[1:]
        return Node("name", (name,), node.line, node.column, node.text)
    return Node(node.kind, args, node.line, node.column, node.text)


@dataclass(frozen=True, slots=True)
class Known:
    """What an expression may name.

    Attributes:
        rules: names and codes of rules.
        runs, criteria, tiers, risks: those of the file.
        judging: whether it speaks of what was judged (decisions, hypotheses) besides what was logged.
    """

    rules: frozenset[str]
    runs: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    judging: bool = False


def problems(text: str, known: Known) -> Iterator[LanguageError]:
    """Yield what is wrong with an expression, each with line, column and caret."""
    try:
        tree = parse(text)
    except LanguageError as error:
        yield error
        return
    for node in tree.walk():
        for message in _wrong(node, known):
            yield LanguageError(message, text, node.column, node.line)


def _wrong(node: Node, known: Known) -> Iterator[str]:
    if node.kind == "call":
        yield from _wrong_call(node, known)
    elif node.kind == "name" and "/" not in node.args[0]:
        name = str(node.args[0])
        if name not in BUILT_IN and name not in SERIES:
            words = {*BUILT_IN, *SERIES, *(f"{word}()" for word in {*TABLE, *OWN})}
            yield _told(f"unknown name `{name}`", did_you_mean(name, words) or "a series is written val/map")
    elif node.kind == "attribute" and node.args[0].kind == "name" and node.args[0].args[0] == "fact":
        yield from [
            _told(f"unknown fact `{name}`", did_you_mean(name, fact_names()))
            for name in node.args[1:]
            if name not in fact_names()
        ]


def _wrong_call(node: Node, known: Known) -> Iterator[str]:
    name, args = str(node.args[0]), node.args[1:]
    function = OWN.get(name) or TABLE.get(name)
    if function is None:
        yield _told(f"unknown function `{name}`", did_you_mean(name, [*TABLE, *OWN]))
        return
    if not function.least <= len(args) <= function.most:
        yield f"`{name}` is called as {function.signature}"
        return
    if isinstance(function, Own) and not function.of_runs and not known.judging:
        yield f"`{name}` speaks of what was judged: for hypotheses and decisions, not for criteria and risks"
        return
    if name in NAMES_FIRST and args[0].kind != "string":
        yield f"`{name}` needs a text in quotes: {function.signature}"
        return
    words = [arg.args[0][1:-1] if arg.kind == "string" else None for arg in args]
    for index, (what, allowed) in enumerate(_expected(name, known)):
        word = words[index] if index < len(words) else None
        if word and "*" not in allowed and not any(fnmatchcase(one, word) for one in allowed):
            yield _told(f"unknown {what} `{word}`", did_you_mean(word, allowed))


def _expected(name: str, known: Known) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return of each argument what it names, and the names there are."""
    criterion, run = ("criterion", known.criteria), ("run", known.runs)
    own: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
        "found": (("rule", tuple(known.rules)), ("place to look in", ("", "before", "run"))),
        "in_run": (run,),
        "given": (run,),
        "met": (criterion, run),
        "failed": (criterion, run),
        "told": (criterion, run),
        "reached": (("tier", known.tiers), run),
        "shown": (("risk", known.risks),),
        "better_by": (("series", ("*",)), ("form of a difference", ("", "share"))),
    }
    if name in OF_EVENTS:
        return (("event", tuple(event_kinds())),)
    return own.get(name, ())


def _told(message: str, mend: str) -> str:
    return f"{message} ({mend})" if mend else message


def named_rules(text: str) -> set[str]:
    """Return the rules that an expression asks for with ``found``."""
    return {
        str(node.args[1].args[0])[1:-1]
        for node in parse(text).walk()
        if node.kind == "call" and node.args[0] == "found" and len(node.args) > 1 and node.args[1].kind == "string"
    }


# --- what is known of this run ----------------------------------------------------------------------------------------


@_own('found(rule, where="")')
def found(scope: ExpectScope, rule: Node, where: Node | None = None) -> list[Finding]:
    """Findings by the name or code of their rule (a glob), in the segment or the whole `"run"`.

    Missing if the rule had nothing to look at: that it was not found would say nothing then.
    """
    name, place = str(evaluate(rule, scope)), str(evaluate(where, scope)) if where is not None else ""
    there = scope.arm.found(name)
    if not (scope.whole or place == "run"):
        there = [one for one in there if scope.arm.concerns(one, scope.segment, before=place == "before")]
    scope.trace += [Evidence(one.place, f"{one.name}: {one.message}") for one in there]
    if not there and (lack := scope.arm.lacks(name)):
        raise MissingError(lack)
    return there


@_own("metric(name)")
def metric(scope: ExpectScope, name: Node) -> Series:
    """A series by its canonical name, its name as the log prints it, or a glob; missing if it is not logged."""
    word = str(evaluate(name, scope))
    series: dict[str, Series] = scope.segment.series
    for key in (word, canonical(word), f"val/{canonical(word)}"):
        if key in series:
            return series[key]
    printed = [one for one in series.values() if one.printed == word or _joined(one.printed) == _joined(word)]
    fitting = printed[:1] or [one for one in series.values() if fnmatchcase(one.name, word)]
    if len(fitting) > 1:
        raise MissingError(
            f"one metric that {word} means: it fits {', '.join(one.name for one in fitting[:MOST_NAMED])}"
        )
    if not fitting:
        near = did_you_mean(word, [*series, *(one.printed for one in series.values())])
        raise MissingError(_told(f"metric {word}", near or _near(word, series)))
    return fitting[0]


def _joined(name: str) -> str:
    """Return a name as it is where parts of a results file are joined in another way."""
    return name.replace("/", "_")


@_own("said(text)")
def said(scope: ExpectScope, text: Node) -> Any:
    """The number that the log prints right after a text (in any case), the last time it does; `12 %` is 0.12.

    For figures that are printed and not read, such as those of a closing report. Missing if the text is not there.
    """
    words = str(evaluate(text, scope))
    line = scope.arm.line_with(words)
    if line is None:
        raise MissingError(f'a line that says "{words}"')
    number, place = line
    return placed(number, place)


@_own("best_epoch(series=)")
def best_epoch(scope: ExpectScope, series: Node | None = None) -> Any:
    """The epoch of the best value of a series; without one, of the weights that the log restored or called best.

    If it says nothing of that, the best epoch of the main score. Missing if that is not logged either.
    """
    if series is not None:
        return _epoch_of(_best(_series(evaluate(series, scope), scope)))
    for kind in ("weights_restored", "best_summary"):
        for event in reversed(scope.segment.events_of(kind)):
            epoch = event.fields.get("epoch")
            if isinstance(epoch, int | float) and epoch == epoch:
                return placed(epoch, event.place)
    try:
        return _epoch_of(_best(TABLE["main_score"].call(scope)))
    except MissingError as error:
        raise MissingError(f"the best epoch (no restored weights, and not {error.what})") from None


def _epoch_of(point: Point) -> Any:
    if point.epoch != point.epoch:
        raise MissingError(f"epochs of {point.series}")
    return placed(point.epoch, point.place)


def _best(series: Series) -> Point:
    point: Point = TABLE["best"].call(series)
    return point


def _series(value: Any, scope: ExpectScope) -> Series:
    if isinstance(value, str):
        return metric(scope, Node("string", (f'"{value}"',), 1, 1, value))
    if not isinstance(value, Series):
        raise ValueTypeError("a series is needed, such as val/map or metric('AP50')")
    return value


# --- beside other runs ------------------------------------------------------------------------------------------------


@_own('better_by(series, as="")')
def better_by(scope: ExpectScope, series: Node, how: Node | None = None) -> float:
    """By how much the best value is better than the baseline's, in the direction of the metric: above 0 is better.

    With `"share"`, relative to the baseline's: `better_by(val/map, "share") >= 5%`.
    """
    other = scope.bench.baseline_scope(scope)
    here, there = (_best(_series(evaluate(series, one), one)) for one in (scope, other))
    sign = -1.0 if traits(here.series).better == "lower" else 1.0
    scope.trace += [
        Evidence(here.place, f"best {here.series} = {figure(here)}"),
        Evidence(there.place, f"baseline: best {there.series} = {figure(there)}"),
    ]
    gain = sign * (float(here) - float(there))
    if how is None or evaluate(how, scope) != "share":
        return Point(
            gain, path=here.path, line=here.line, step=here.step, epoch=here.epoch, series=here.series, scale=here.scale
        )
    if not float(there):
        raise MissingError(f"a share of the baseline's {there.series}, which is 0")
    return gain / abs(float(there))


@_own("in_run(name, value)")
def in_run(scope: ExpectScope, name: Node, value: Node) -> Any:
    """A value in another run of the experiment: `in_run("A", best(val/map))`. Missing if that run is not given."""
    other = scope.bench.scope_of(str(evaluate(name, scope)), scope)
    other.trace = scope.trace
    return evaluate(value, other)


@_own("given(run)")
def given(scope: ExpectScope, run: Node) -> bool:
    """Whether a run of the experiment was given."""
    return str(evaluate(run, scope)) in scope.bench.arms


# --- what was judged --------------------------------------------------------------------------------------------------


def _status(scope: ExpectScope, criterion: Node, run: Node | None) -> str:
    name, of = str(evaluate(criterion, scope)), str(evaluate(run, scope)) if run is not None else ""
    return scope.bench.status(name, of)


@_own("met(criterion, run=)", of_runs=False)
def met(scope: ExpectScope, criterion: Node, run: Node | None = None) -> bool:
    """Whether a criterion is met: by the run, else by all it was evaluated on. Missing if it cannot be told."""
    status = _status(scope, criterion, run)
    if status == "unknown":
        raise MissingError(f"criterion {evaluate(criterion, scope)}, which cannot be told")
    return status == "met"


@_own("failed(criterion, run=)", of_runs=False)
def failed(scope: ExpectScope, criterion: Node, run: Node | None = None) -> bool:
    """Whether a criterion is known not to be met; false where it cannot be told."""
    return _status(scope, criterion, run) == "not-met"


@_own("told(criterion, run=)", of_runs=False)
def told(scope: ExpectScope, criterion: Node, run: Node | None = None) -> bool:
    """Whether it can be told if a criterion is met."""
    return _status(scope, criterion, run) != "unknown"


@_own("reached(tier, run=)", of_runs=False)
def reached(scope: ExpectScope, tier: Node, run: Node | None = None) -> bool:
    """Whether the experiment, or one run of it, reached a tier. Missing if that run is not given."""
    return scope.bench.reached(str(evaluate(tier, scope)), str(evaluate(run, scope)) if run is not None else "")


@_own("shown(risk)", of_runs=False)
def shown(scope: ExpectScope, risk: Node) -> bool:
    """Whether a risk has materialised. Missing if it cannot be told."""
    return scope.bench.materialised(str(evaluate(risk, scope)))


def figure(value: Any) -> str:
    """Return a number for people: whole ones without a point, others with the digits that count."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        number = float(value)
        return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.4g}"
    return str(value)


def number_after(text: str, words: str) -> float | None:
    """Return the number that follows some words in a line, whatever the space between them; None if none does."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    match = re.search(rf"{pattern}[\s:=~≈]*", text, re.IGNORECASE) if pattern else None
    number = NUMBER.match(text, match.end()) if match else None
    if number is None:
        return None
    value = float(number[0].rstrip("% \t"))
    return value / 100 if number[1] else value
