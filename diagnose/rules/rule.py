"""A rule as the engine sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnose.language import Node
from diagnose.model import SEVERITIES
from diagnose.records import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Selector:
    """What ``each`` walks over: series by glob, kind and direction, events of a kind, settings, or changes.

    Attributes:
        series: globs on canonical names; empty if events are walked.
        kinds: kinds of metrics (``score``, ``loss`` ...); empty for any.
        better: ``higher`` or ``lower``; empty for any.
        event: event kind, if events are walked.
        unlike: globs of what is left out.
        setting: globs on keys as written, if settings are walked.
        change: whether changes are walked; ``kinds`` are then kinds of changes.
        names, roles: canonical names and roles of settings or changes; empty for any.
    """

    series: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    better: str = ""
    event: str = ""
    unlike: tuple[str, ...] = ()
    setting: tuple[str, ...] = ()
    change: bool = False
    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def of_series(self) -> bool:
        """Whether series are walked."""
        return not (self.event or self.change or self.setting or self.names or self.roles)


@dataclass(frozen=True, slots=True)
class SuspectRule:
    """A possible cause: counted if ``when`` holds (always if empty), with its weight and reason."""

    name: str
    when: str = ""
    because: str = ""
    score: float = 0.3


@dataclass(frozen=True, slots=True)
class ArgumentRule:
    """What speaks for or against a cause if ``when`` holds.

    Attributes:
        when: the condition; a list of findings, events or changes holds if it is not empty.
        weight: above 0; what it adds to the cause, or takes from it.
        text: one sentence, a template; ``told`` in it is the message of the first finding that ``when`` gives.
        at: expressions whose places show it; by default the value of ``when``.
    """

    when: str
    weight: float
    text: str
    at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainRule:
    """A finding that follows from a cause: in its segment, or in a `later` one; under a condition if there is one."""

    name: str
    when: str = ""
    later: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule file. Texts are Jinja templates (message, because, evidence texts) or Markdown (why, advice).

    Attributes:
        severity: pairs (severity, condition); the first whose condition holds counts; the last has none.
        needs: pairs (kind, name) such as ("event", "weights_restored"), ("series", "val/loss"), ("fact", "batch_size").
        each: variable and what it takes on; None for a rule that looks at the segment once.
        merge: whether several hits in one segment become one finding.
        params: thresholds that settings may override, usable as names in expressions.
        lets: named parts.
        when: the condition.
        at: expression whose place is the finding's primary place; by default the first evidence.
        evidence: pairs (expression, text); an empty text quotes the line.
        folds: names of rules whose findings in the same segment this one explains.
        basis: the source of the thresholds, or that they are ours and what they were measured on.
        path: the file it was read from.
        supports, against: of a cause: what speaks for it and against it.
        least: the sum of weights from which on a cause is named.
        refutation: of a cause: the cheap run or look-up that would show that it is not so.
        experiment: of a cause: what one run would change, and nothing else; empty if a look-up settles it.
        explains: findings that follow from a cause.
        is_cause: whether it weighs a cause in the light of all findings, and is no finding itself.
    """

    code: str
    name: str
    title: str
    severity: tuple[tuple[str, str], ...]
    when: str
    message: str
    why: str
    since: str = "0.1"
    status: str = "stable"
    needs: tuple[tuple[str, str], ...] = ()
    each: tuple[str, Selector] | None = None
    merge: bool = True
    params: dict[str, Any] = field(default_factory=dict)
    lets: dict[str, str] = field(default_factory=dict)
    at: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    suspects: tuple[SuspectRule, ...] = ()
    advice: str = ""
    folds: tuple[str, ...] = ()
    false_alarms: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    basis: str = ""
    cases: tuple[tuple[str, dict[str, Any]], ...] = ()
    path: Path = Path()
    supports: tuple[ArgumentRule, ...] = ()
    against: tuple[ArgumentRule, ...] = ()
    least: float = 2.0
    refutation: str = ""
    experiment: str = ""
    explains: tuple[ExplainRule, ...] = ()
    is_cause: bool = False
    _more: Callable[[str], Mapping[str, Any]] | None = field(default=None, init=False, repr=False, compare=False)
    _parts: dict[str, Node | str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def outlined(cls, known: tuple[Any, ...], more: Callable[[str], Mapping[str, Any]]) -> Rule:
        """Return a rule with the attributes ``OUTLINE``; *more* gives others along with the one it is asked for."""
        rule = cls.__new__(cls)
        for name, value in zip((*OUTLINE, "_more", "_parts"), (*known, more, {}), strict=True):
            object.__setattr__(rule, name, value)
        return rule

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            """Find out an attribute that is not there yet."""
            if name not in LATER:
                raise AttributeError(name)
            for key, value in self._more(name).items():
                object.__setattr__(self, key, value)
            return object.__getattribute__(self, name)

    @property
    def family(self) -> str:
        """The letters of the code."""
        return self.code.rstrip("0123456789")

    @property
    def worst(self) -> str:
        """The worst severity the rule can have, shown in lists."""
        return min((level for level, _ in self.severity), key=SEVERITIES.index)

    def texts(self) -> Iterator[str]:
        """Yield all its templates, but for advice that stands in a file."""
        yield from (self.message, self.why, self.refutation, self.experiment)
        yield from (text for _, text in self.evidence)
        yield from (suspect.because for suspect in self.suspects)
        yield from (argument.text for argument in (*self.supports, *self.against))
        if not self.advice.endswith(".j2"):
            yield self.advice

    def parts(self) -> dict[str, Node | str]:
        """Return the named parts for scopes, which parse each when they first need it, for all scopes to come."""
        if not self._parts:
            self._parts.update(self.lets)
        return self._parts


OUTLINE = ("code", "name", "status", "needs", "each", "is_cause")
"""What tells whether a rule has anything to do."""
LATER = frozenset(one.name for one in fields(Rule) if one.init and one.name not in OUTLINE)
