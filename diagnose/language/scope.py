"""What the names of an expression mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diagnose.language.memo import Memo
from diagnose.language.parse import Node, parse
from diagnose.language.values import MissingError, ValueTypeError
from diagnose.model import Finding, Segment
from diagnose.records import dataclass, field


@dataclass(slots=True)
class Scope:
    """What the names of an expression mean: one segment, named parts and parameters of the rule.

    Attributes:
        segment: series, events, facts and settings.
        lets: named parts, parsed and evaluated when first used.
        values: variables with a value (``each`` variables, parameters, and parts already evaluated).
        baseline: the run to compare with, if any.
        segments: all segments of the run, for what is seen from outside one of them.
        findings: what the rules have found in the run; None while they are still at it.
        memo: what functions gave before, for other rules of the same segment, baseline and findings; None for none.
        lacking: named parts that are missing, with what they lack, and without a word those that are being evaluated.
        kept: values of nodes that several rules ask for, made by ``language.narrow``; errors of what is missing.
    """

    segment: Segment
    lets: dict[str, Node | str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    baseline: Segment | None = None
    segments: Sequence[Segment] = ()
    findings: Sequence[Finding] | None = None
    memo: Memo | None = None
    lacking: dict[str, str] = field(default_factory=dict)
    kept: dict[int, Any] = field(default_factory=dict)

    def lookup(self, name: str) -> Any:
        """Return the value of a bare name. Raises MissingError for a series that the log does not hold."""
        if name in self.values:
            return self.values[name]
        if name in self.lets:
            return self.part(name)
        segment = self.segment
        if name in RESERVED:
            return RESERVED[name](segment) if self.memo is None else self.memo.of_segment(name, RESERVED[name], segment)
        if name in segment.series:
            return segment.series[name]
        raise MissingError(f"series {name}")

    def part(self, name: str) -> Any:
        """Return the value of a named part that was not needed before. Raises MissingError if it lacks something."""
        lacking = self.lacking
        if name in lacking:
            if lacking[name]:
                raise MissingError(lacking[name])
            raise ValueTypeError(f"`{name}` is defined by itself")
        lacking[name] = ""
        lack = ""
        try:
            node = self.lets[name]
            if type(node) is str:
                node = self.lets[name] = parse(node)
            value = self.values[name] = node.run(self)  # type: ignore[union-attr]
        except MissingError as error:
            lack = error.what if self.memo is not None else ""
            raise
        finally:
            if lack:
                lacking[name] = lack
            else:
                del lacking[name]
        return value


RESERVED: dict[str, Callable[[Segment], Any]] = {
    "epochs": lambda segment: float(segment.epochs),
    "segment": lambda segment: segment.name,
    "framework": lambda segment: segment.config.framework,
    "config_whole": lambda segment: bool(segment.config) and not segment.config.partial,
    "alone": lambda segment: not segment.series,
}
"""Names that a segment gives by itself."""
