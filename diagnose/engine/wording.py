"""Messages and advice: Jinja templates in a sandbox, filled from the scope of a hit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from diagnose import assets
from diagnose.errors import RuleError
from diagnose.language import LanguageError, MissingError, Scope
from diagnose.language.template import OddError, Words, plain
from diagnose.model import UNKNOWN as NOT_KNOWN
from diagnose.model import Change, Config, Event, Fact, Finding, Point, Segment, Series, Setting, UnknownValue

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.nodes import Node
    from jinja2.sandbox import SandboxedEnvironment


FILTERS = frozenset(
    {"abs", "count", "default", "first", "float", "int", "join", "last", "length", "lower", "max", "min", "num"}
    | {"percent", "round", "sort", "sum", "title", "trim", "truncate", "unique", "upper", "when"}
)
"""Filters of templates: none that makes much out of little."""
METHODS = frozenset({"get", "items", "keys", "values"})
"""What a template may call."""
FAULTS = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError, MemoryError)
"""What Python raises where a template makes nothing of what it is given."""
MOST_INTEGER = 1e12
"""Counts below it are written out (parameters, samples); larger numbers as powers of ten."""


class Unknown:
    """What a template gets for something the log does not tell: false, ``is none``, and shown as "unknown"."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:  # without it, a loop would ask ``__getitem__`` for ever
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return "unknown"

    def __float__(self) -> float:
        return math.nan

    def _compare(self, other: Any) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _compare


UNKNOWN = Unknown()
SCOPE = "(scope)"
"""What a template's context calls the scope of the hit: no name that a template could use."""


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.runtime import Context
    from jinja2.sandbox import SandboxedEnvironment
    from jinja2.utils import missing

    class Names(Context):
        """Looks a name up in the scope when the template comes to it."""

        def resolve_or_missing(self, key: str) -> Any:
            found = super().resolve_or_missing(key)
            if found is missing:
                found = self.vars[key] = _value(key, self.parent[SCOPE])
            return found

    class Environment(SandboxedEnvironment):
        context_class = Names
        intercepted_binops = frozenset({"*", "**", "%"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if not isinstance(left, int | float) or not isinstance(right, int | float):
                raise SecurityError(f"{operator} is for numbers")
            # As floats, since whole numbers grow without end.
            return super().call_binop(context, operator, float(left), float(right))

    environment = Environment(
        loader=FileSystemLoader(assets.template_folder()),
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.globals.clear()
    environment.filters["percent"] = percent
    environment.filters["num"] = shown
    environment.filters["when"] = when
    environment.filters["join"] = joined
    environment.filters = {name: environment.filters[name] for name in sorted(FILTERS)}
    environment.tests["none"] = lambda value: value is None or isinstance(value, Unknown)
    return environment


def shown(value: Any) -> Any:
    """Return a value as messages show it: four significant digits on the log's scale, series by their printed name."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return value
    if isinstance(value, float | int):
        number = float(value) * (value.scale if isinstance(value, Point) else 1.0)
        if not math.isfinite(number):
            return str(number)
        if number == int(number) and abs(number) < MOST_INTEGER:
            return str(int(number))
        return f"{number:.0f}" if 1e4 <= abs(number) < 1e7 else f"{number:.4g}"
    if isinstance(value, Series):
        return value.printed
    if isinstance(value, UnknownValue):
        return "unknown"
    if isinstance(value, Setting | Change):
        return value.key
    if isinstance(value, Finding):
        return value.message
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(shown(item)) for item in value) + "]"
    return value


def percent(value: float) -> str:
    """Return a share as percent: 0.149 -> ``14.9 %``."""
    return f"{float(value) * 100:.3g} %"


def joined(items: Any, between: str = "") -> str:
    """Return items in one text; a text is one already, and is not taken apart."""
    return items if isinstance(items, str) else str(between).join(str(shown(item)) for item in items)


def when(point: Any) -> str:
    """Return where in the run a point is: ``epoch 7``, else ``step 3000``, else ``line 12``."""
    if not isinstance(point, Point):
        return "unknown"
    for name in ("epoch", "step"):
        if not math.isnan(number := getattr(point, name)):
            return f"{name} {shown(number)}"
    return f"line {point.line}"


WORDS = Words({"num": shown, "percent": percent, "when": when, "join": joined}, Unknown, shown)


@cache
def _packed() -> dict[str, str]:
    """Return the trees that the build made of the templates of the rules, by their texts, both in JSON."""
    lines = assets.packed_lines("templates")
    return dict(zip(lines[::2], lines[1::2], strict=True))


@lru_cache(maxsize=4096)
def _made(text: str, *, ours: bool) -> Callable[[Callable[[str], Any]], str] | None:
    """Return what makes words of a template; None if that is left to Jinja."""
    packed = _packed().get(json.dumps(text))
    if packed is None and not ours and template_fault(text):
        return None
    tree = plain(text) if packed is None else json.loads(packed)
    return None if tree is None else WORDS.compiled(tree)


@cache
def _compiled(text: str, *, ours: bool = False) -> Template:
    environment = _environment()
    tree = environment.parse(text)
    if not ours:
        _bounded(tree)
    return environment.from_string(tree)


def _bounded(tree: Node) -> None:
    """Refuse what can make a template run for ever or fill the memory; what is left is linear in what it is given.

    Raises:
        TemplateSyntaxError: for loops in loops, assignments, macros, other templates, and calls but for a few methods.
    """
    from jinja2 import TemplateSyntaxError, nodes

    def refuse(node: Node, what: str) -> NoReturn:
        raise TemplateSyntaxError(f"{what} is not allowed here", node.lineno)

    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.For) and any(inner is not node for inner in node.find_all(nodes.For)):
            refuse(node, "a loop in a loop")
        if isinstance(node, nodes.Stmt) and not isinstance(node, nodes.For | nodes.If | nodes.Output):
            refuse(node, f"`{type(node).__name__.lower()}`")
        if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS):
            refuse(node, "this call")
        if (
            isinstance(node, nodes.Filter)
            and node.name == "join"
            and not all(isinstance(arg, nodes.Const) for arg in node.args)
        ):
            refuse(node, "`join` with anything but a fixed text")


def template_fault(text: str) -> str:
    """Return what is wrong with a template of a rule; empty if nothing is."""
    from jinja2 import TemplateSyntaxError

    try:
        _compiled(text)
    except TemplateSyntaxError as error:
        return str(error)
    return ""


class _Facts:
    """Facts for templates: ``fact.batch_size`` is the value, or unknown where the log does not tell it."""

    def __init__(self, segment: Segment) -> None:
        self._facts: dict[str, Fact] = segment.facts

    def __getattr__(self, name: str) -> Any:
        fact = self._facts.get(name)
        return UNKNOWN if fact is None else fact.value


class _Settings:
    """Settings for templates: ``config.lr`` is the value by canonical name or key, or unknown."""

    def __init__(self, segment: Segment | None) -> None:
        self._config = segment.config if segment is not None else Config()

    def __getattr__(self, name: str) -> Any:
        setting = self._config.get(name)
        return UNKNOWN if setting is None or setting.value is NOT_KNOWN else setting.value


def words(text: str, scope: Scope, *, ours: bool = False) -> str:
    """Return a template filled with the names of a scope; a name the log cannot give is ``Unknown``.

    Args:
        text: the template.
        scope: what its names mean.
        ours: whether it ships with the program; the templates of rules may do less.

    Raises:
        RuleError: if the template itself is at fault.
    """
    if "{" not in text:
        return text
    made = _made(text, ours=ours)
    if made is not None:
        known: dict[str, Any] = {}

        def look(name: str) -> Any:
            if name not in known:
                known[name] = _value(name, scope)
            return known[name]

        with suppress(LanguageError, OddError, *FAULTS):  # Jinja tells of it, if it is none the wiser
            return made(look).strip()
    from jinja2 import TemplateError

    try:
        return _compiled(text, ours=ours).render({SCOPE: scope}).strip()
    except (TemplateError, LanguageError, *FAULTS) as error:
        raise RuleError(f"the text {text[:60]!r} of a rule is at fault: {error}") from None


def advice(name: str, scope: Scope) -> str:
    """Return the advice of a rule: a template file under ``templates/`` or the text itself.

    Raises:
        RuleError: if the template is missing or at fault.
    """
    if not name.endswith(".j2"):
        return words(name, scope)
    return words(_source(name), scope, ours=True)


@cache
def _source(name: str) -> str:
    """Return the text of a template. Raises RuleError if there is none."""
    if (text := (assets.packed("advice") or {}).get(name)) is not None:
        return str(text)
    from jinja2 import TemplateNotFound

    try:
        source, _, _ = _environment().loader.get_source(_environment(), name)  # type: ignore[union-attr]
    except TemplateNotFound:
        raise RuleError(f"no template {name}", mend="write the advice itself in the rule") from None
    return source


def _value(name: str, scope: Scope) -> Any:
    if name == "fact":
        return _Facts(scope.segment)
    if name in ("config", "new", "old"):
        return _Settings(scope.baseline if name == "old" else scope.segment)
    try:
        value = scope.lookup(name)
    except MissingError:
        return UNKNOWN
    if isinstance(value, Event):
        return {**value.fields, "line": value.place.line, "text": value.place.text}
    return value
