"""All causes of a run, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from diagnose.engine.causes.weigh import MOST_PLACES, Held, Weighed, weigh
from diagnose.engine.quote import Quotes
from diagnose.engine.summarised import baseline_of
from diagnose.errors import RuleError
from diagnose.language import LanguageError, MissingError
from diagnose.model import Argument, Cause, Finding, Place, Run
from diagnose.rules import Rule, builtin
from diagnose.sources import Source
from diagnose.text.wording import plural

HIGH = 4.0
"""From this score on a cause is strongly suspected: several clear arguments, or one that the log states in words."""


def causes_of(
    run: Run,
    findings: Sequence[Finding],
    rules: Iterable[Rule] | None = None,
    *,
    thresholds: Mapping[str, Mapping[str, Any]] | None = None,
    sources: Mapping[str, Source] | None = None,
    strict: bool = False,
) -> list[Cause]:
    """Return the causes that a run's findings, facts, settings and changes speak for, the strongest first.

    A cause that is seen in several segments of the run is told once, with the arguments of the segment where it is
    strongest and the lines of the others.

    Args:
        run: what was linted. A segment called ``baseline`` is compared with, and ``changes`` of a segment count.
        findings: what the rules found in it; those of a comparison may be among them.
        rules: which rules; other rules than causes are passed over. By default the built-in ones.
        thresholds: parameters of a rule by name, from the settings.
        sources: what was read, by path, to quote lines from.
        strict: raise the error of a rule that is at fault; else the others go on.

    Raises:
        RuleError: if a rule is at fault and *strict* is set.
    """
    baseline = baseline_of(run)
    weighed: dict[tuple[str, str], list[Weighed]] = defaultdict(list)
    for rule in builtin() if rules is None else rules:
        if not rule.is_cause:
            continue
        for segment in run.segments:
            if segment is baseline:
                continue
            overrides = (thresholds or {}).get(rule.name, {})
            try:
                for one in weigh(rule, run, segment, findings, overrides, baseline):
                    group = weighed[rule.name, one.subject]
                    # The same setting may be written twice: in the config, and as the log prints it.
                    if all(other.segment is not segment for other in group):
                        group.append(one)
            except MissingError:
                continue
            except (LanguageError, RuleError) as error:
                if strict:
                    raise RuleError(f"cause {rule.name}: {error.message}", place=Place(str(rule.path))) from None
    causes = [_cause(group, run) for group in weighed.values()]
    causes.sort(key=lambda cause: (-cause.score, cause.code))
    quotes = Quotes(sources or {})
    quotes.fetch(place for cause in causes for item in (*cause.supports, *cause.against) for place in item.places)
    return [_quoted(cause, quotes) for cause in causes]


def under(causes: Sequence[Cause], findings: Iterable[Finding]) -> tuple[dict[str, list[Finding]], list[Finding]]:
    """Return the findings folded under the first cause that explains each, by the cause's name, and those left over."""
    folded: dict[str, list[Finding]] = {}
    left = []
    for finding in findings:
        owner = next((cause for cause in causes if finding.name in cause.explains), None)
        if owner is None:
            left.append(finding)
        else:
            folded.setdefault(owner.name, []).append(finding)
    return folded, left


def _cause(group: list[Weighed], run: Run) -> Cause:
    first, *others = sorted(group, key=lambda one: (-one.score, one.segment.index))
    rule = first.rule
    return Cause(
        rule.code,
        rule.name,
        first.title,
        first.segment.path or run.path,
        first.segment.name if not others else "",
        round(first.score, 2),
        _arguments(first.supports, [one for other in others for one in _named(other, other.supports)]),
        _arguments(first.against, [one for other in others for one in _named(other, other.against)]),
        first.refutation,
        first.advice,
        tuple(dict.fromkeys(name for one in (first, *others) for name in one.explains)),
    )


def _named(weighed: Weighed, held: list[Held]) -> list[tuple[str, Held]]:
    return [(weighed.segment.name, item) for item in held]


def _arguments(mine: list[Held], others: list[tuple[str, Held]]) -> tuple[Argument, ...]:
    made = []
    for held in mine:
        places = dict.fromkeys(held.places)
        elsewhere = [(segment, other) for segment, other in others if other.number == held.number]
        new = [
            segment for segment, other in elsewhere if other.text != held.text or set(other.places) - set(held.places)
        ]
        for _, other in elsewhere:
            places |= dict.fromkeys(other.places)
        text = held.text + (f" (likewise in {plural(len(new), 'other segment')})" if new else "")
        made.append(Argument(held.weight, text, tuple(places)[:MOST_PLACES], held.finding))
    return tuple(sorted(made, key=lambda argument: -abs(argument.weight)))


def _quoted(cause: Cause, quotes: Quotes) -> Cause:
    def quoted(argument: Argument) -> Argument:
        return replace(argument, places=tuple(map(quotes.place, argument.places)))

    return replace(cause, supports=tuple(map(quoted, cause.supports)), against=tuple(map(quoted, cause.against)))
