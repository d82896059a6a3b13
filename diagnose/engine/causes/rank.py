"""All causes of a run, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from diagnose.engine.causes.weigh import MOST_PLACES, Held, Weighed, weigh
from diagnose.engine.gather import NUMBER
from diagnose.engine.quote import Quotes
from diagnose.engine.summarised import baseline_of
from diagnose.engine.view import View
from diagnose.errors import RuleError
from diagnose.language import LanguageError, MissingError
from diagnose.model import Argument, Cause, Finding, Place, Run, Segment
from diagnose.records import replace
from diagnose.rules import Rule, builtin
from diagnose.sources import Source
from diagnose.text.wording import plural

HIGH = 4.0
"""From this score on a cause is strongly suspected: several clear arguments, or one that the log states in words."""
CLEAR = 2.0
"""From this weight on a finding is a clear sign of a cause, and is told under it even if another one is stronger."""


def causes_of(
    run: Run,
    findings: Sequence[Finding],
    rules: Iterable[Rule] | None = None,
    *,
    thresholds: Mapping[str, Mapping[str, Any]] | None = None,
    sources: Mapping[str, Source] | None = None,
    baselines: Mapping[int, Segment] | None = None,
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
        baselines: by the index of a segment, the segment of another run that it is compared with.
        strict: raise the error of a rule that is at fault; else the others go on.

    Raises:
        RuleError: if a rule is at fault and *strict* is set.
    """
    inside = baseline_of(run) if not baselines else None
    views = [
        View(run, segment, (baselines or {}).get(segment.index, inside))
        for segment in run.segments
        if segment is not inside
    ]
    weighed: dict[tuple[str, str], list[Weighed]] = defaultdict(list)
    for rule in builtin() if rules is None else rules:
        if not rule.is_cause:
            continue
        for view in views:
            overrides = (thresholds or {}).get(rule.name, {})
            try:
                for one in weigh(rule, view, findings, overrides):
                    group = weighed[rule.name, one.subject]
                    # The same setting may be written twice: in the config, and as the log prints it.
                    if all(other.segment is not view.segment for other in group):
                        group.append(one)
            except MissingError:
                continue
            except (LanguageError, RuleError) as error:
                if strict:
                    raise RuleError(f"cause {rule.name}: {error.message}", place=Place(str(rule.path))) from None
    pairs = [(group, _cause(group, run)) for group in weighed.values()]
    pairs.sort(key=lambda pair: (-pair[1].score, pair[1].code))
    owned = _owned(pairs)
    causes = [replace(cause, folds=tuple(owned.get(rank, ()))) for rank, (_, cause) in enumerate(pairs)]
    quotes = Quotes(sources or {})
    quotes.fetch(place for cause in causes for item in (*cause.supports, *cause.against) for place in item.places)
    return [_quoted(cause, quotes) for cause in causes]


def under(causes: Sequence[Cause], findings: Iterable[Finding]) -> tuple[dict[str, list[Finding]], list[Finding]]:
    """Return the findings that are told under a cause, by the cause's name, and those left over."""
    owners = {fingerprint: cause.name for cause in causes for fingerprint in cause.folds}
    folded: dict[str, list[Finding]] = {}
    left = []
    for finding in findings:
        if finding.fingerprint in owners:
            folded.setdefault(owners[finding.fingerprint], []).append(finding)
        else:
            left.append(finding)
    return folded, left


def _owned(ranked: Sequence[tuple[list[Weighed], Cause]]) -> dict[int, list[str]]:
    """Return by the rank of a cause the findings told under it, each under one cause only.

    That is the strongest cause that explains the finding, or the one for which it is the clearest sign.
    """
    best: dict[str, tuple[float, int]] = {}
    for rank, (group, cause) in enumerate(ranked):
        if cause.score <= 0:
            continue
        for one in group:
            signs = {
                finding.fingerprint: held.weight
                for held in sorted(one.supports, key=lambda held: held.weight)
                for finding in held.rests
            }
            for finding in one.explains:
                weight = signs.get(finding.fingerprint, 0.0)
                claim = (weight if weight >= CLEAR else 0.0, -rank)
                best[finding.fingerprint] = max(best.get(finding.fingerprint, claim), claim)
    owned: dict[int, list[str]] = {}
    for fingerprint, (_, rank) in best.items():
        owned.setdefault(-rank, []).append(fingerprint)
    return owned


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
        _arguments(first.supports, [held for other in others for held in other.supports]),
        _arguments(first.against, [held for other in others for held in other.against]),
        first.refutation,
        first.advice,
        tuple(dict.fromkeys(name for one in (first, *others) for name in _names(one))),
        experiment=first.experiment,
    )


def _names(one: Weighed) -> list[str]:
    """Return the names of the findings that follow, in the order of the rule."""
    there = {name for finding in one.explains for name in (finding.name, *finding.folded)}
    return [item.name for item in one.rule.explains if item.name in there]


def _arguments(mine: list[Held], others: list[Held]) -> tuple[Argument, ...]:
    made = []
    for held in mine:
        places = dict.fromkeys(held.places)
        # An argument may be worded by the finding it rests on: only what says the same elsewhere is the same.
        like = [other for other in others if other.number == held.number and _gist(other) == _gist(held)]
        mine_too = {finding.fingerprint for finding in held.rests}
        # A finding that stands for several segments says so itself.
        new = sum(
            (other.text != held.text or bool(set(other.places) - set(held.places)))
            and not (mine_too and mine_too == {finding.fingerprint for finding in other.rests})
            for other in like
        )
        for other in like:
            places |= dict.fromkeys(other.places)
        text = held.text + (f" (likewise in {plural(new, 'other segment')})" if new else "")
        made.append(Argument(held.weight, text, tuple(places)[:MOST_PLACES], held.finding))
    return tuple(sorted(made, key=lambda argument: -abs(argument.weight)))


def _gist(held: Held) -> str:
    return NUMBER.sub("0", held.text)


def _quoted(cause: Cause, quotes: Quotes) -> Cause:
    def quoted(argument: Argument) -> Argument:
        return replace(argument, places=tuple(map(quotes.place, argument.places)))

    return replace(cause, supports=tuple(map(quoted, cause.supports)), against=tuple(map(quoted, cause.against)))
