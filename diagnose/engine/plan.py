"""Settings and rules together: which rules run, how severe they are, with which thresholds, and what is suppressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnose.engine.catalogue import catalogue, named
from diagnose.engine.gate import Gate
from diagnose.engine.lint import Options
from diagnose.engine.suppress import SilentPaths, Suppressor, covers
from diagnose.errors import SettingsError, did_you_mean
from diagnose.model import SEVERITIES, Finding, Place
from diagnose.names import canonical
from diagnose.records import dataclass, field
from diagnose.rules import Rule, Selection, select, selects
from diagnose.rules.load import param
from diagnose.settings import Layer, Settings

if TYPE_CHECKING:
    from diagnose.engine.baseline import Baseline
    from diagnose.engine.waive import Permit

COUNTS_ROLES = "too-many-at-once"
"""The rule whose bounds the policy may set."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with the files that some settings govern."""

    settings: Settings
    rules: tuple[Rule, ...]
    options: Options
    suppressor: Suppressor
    gate: Gate = field(default_factory=Gate)

    def shows(self, finding: Finding) -> bool:
        """Whether a finding is severe enough to be shown."""
        return SEVERITIES.index(finding.severity) <= SEVERITIES.index(self.settings.min_severity)

    def fails(self, finding: Finding) -> bool:
        """Whether a finding makes the exit status 1."""
        gate = self.settings.fail_on
        if gate in ("new", "never"):
            return gate == "new"
        return SEVERITIES.index(finding.severity) <= SEVERITIES.index(gate)

    def skips(self, path: Path) -> bool:
        """Whether the search for files leaves a file or folder out."""
        return bool(self.settings.exclude) and _matched(self.settings.exclude, path, folder=path.is_dir())

    def watches(self, path: Path) -> bool:
        """Whether the gate looks at a config that changed between revisions; at all of them if no paths are set."""
        paths = self.gate.policy.paths
        return not paths or _matched(paths, path)


def _matched(patterns: Iterable[tuple[Path, str]], path: Path, *, folder: bool = False) -> bool:
    by_base: dict[Path, list[str]] = {}
    for base, pattern in patterns:
        by_base.setdefault(base, []).append(pattern)
    return any(covers(base, globs, path, folder=folder) for base, globs in by_base.items())


def plan(settings: Settings, *, format: str = "", baseline: Baseline | None = None) -> Plan:
    """Return what is to be done under these settings.

    Raises:
        SettingsError: for rules, parameters and combinations that do not exist, with their place.
        RuleError: for user rules that are invalid or clash with others.
    """
    rules = catalogue(settings.rules)
    if settings.fail_on == "new" and baseline is None:
        layer = settings.setting("fail-on")[1]
        place = layer.place("fail-on") if layer else None
        raise SettingsError("fail-on = new needs a baseline", place=place, mend="name one with --baseline")
    chosen = choose(rules, settings)
    suppressor = Suppressor(tuple(_silent(settings, rules)), baseline)
    gate = Gate(rules, settings.policy, tuple(_waived(settings, rules)), settings.require_reasons, suppressor.counts)
    severities, thresholds = _severities(settings, rules), _thresholds(settings, rules)
    options = Options(chosen, severities, thresholds, format, settings.frames, suppressor, gate)
    return Plan(settings, tuple(chosen), options, suppressor, gate)


def choose(rules: Iterable[Rule], settings: Settings) -> list[Rule]:
    """Return the rules that run: a layer that sets ``select`` begins anew, others change what was chosen below them.

    Raises:
        SettingsError: for a selector that names no rule, or something ignored without a reason where one is required.
    """
    rules = list(rules)
    _check_selectors(rules, settings)
    chosen = select(rules, Selection())
    for layer in settings.layers:
        wanted, more = layer.values.get("select"), layer.values.get("extend-select", ())
        ignored = tuple(layer.values.get("ignore", {}))
        if wanted is not None:
            chosen = select(rules, Selection(wanted, more, ignored))
            continue
        kept = {rule.code for rule in chosen}
        chosen = [rule for rule in rules if _decide(rule, more, ignored, rule.code in kept)]
    return chosen


def _decide(rule: Rule, more: Iterable[str], ignored: Iterable[str], chosen: bool) -> bool:
    for_it = max((selects(selector, rule) for selector in more), default=0)
    against = max((selects(selector, rule) for selector in ignored), default=0)
    if for_it > against:
        return rule.status != "preview" or for_it > 1 or chosen
    return chosen and not against


def _check_selectors(rules: list[Rule], settings: Settings) -> None:
    for layer in settings.layers:
        for key in ("select", "extend-select", "ignore"):
            for index, selector in enumerate(layer.values.get(key, ())):
                _named(selector, rules, layer.entry(key, index, selector))
        if settings.require_reasons and layer.lines:
            for index, (selector, reason) in enumerate(layer.values.get("ignore", {}).items()):
                if not reason:
                    place = layer.entry("ignore", index, selector)
                    mend = 'write `ignore = {CODE = "reason"}`'
                    raise SettingsError(f"{selector} is ignored without a reason", place=place, mend=mend)


def _named(selector: str, rules: Iterable[Rule], place: Place) -> list[Rule]:
    try:
        return named(selector, list(rules))
    except LookupError as error:
        raise SettingsError(f"unknown rule {selector!r}", place=place, mend=str(error)) from None


def _one(word: str, rules: Iterable[Rule], layer: Layer, *path: str | int) -> Rule:
    found = [rule for rule in rules if word in (rule.code, rule.name)]
    if not found:
        words = [name for rule in rules for name in (rule.code, rule.name)]
        mend = did_you_mean(word, words) or "see `diagnose rules list`"
        raise SettingsError(f"unknown rule {word!r}", place=layer.place(*path), mend=mend)
    return found[0]


def _severities(settings: Settings, rules: tuple[Rule, ...]) -> dict[str, str]:
    return {
        _one(word, rules, layer, "severity", word).name: level
        for values, layer in settings.each("severity")
        for word, level in values.items()
    }


def _thresholds(settings: Settings, rules: tuple[Rule, ...]) -> dict[str, dict[str, Any]]:
    merged = _of_policy(settings, rules)
    for values, layer in settings.each("thresholds"):
        for word, params in values.items():
            rule = _one(word, rules, layer, "thresholds", word)
            own = merged.setdefault(rule.name, {"metrics": {}})
            plain = {name: value for name, value in params.items() if name != "metrics"}
            own.update(_params(rule, plain, layer, "thresholds", word))
            for metric, of_metric in params.get("metrics", {}).items():
                checked = _params(rule, of_metric, layer, "thresholds", word, "metrics", metric)
                own["metrics"].setdefault(canonical(metric), {}).update(checked)
    return merged


def _of_policy(settings: Settings, rules: tuple[Rule, ...]) -> dict[str, dict[str, Any]]:
    """Return the parameters that the policy sets: how much is too much at once."""
    policy = settings.policy
    given = {"max_roles": policy.max_roles, "together": [list(group) for group in policy.together] or None}
    params = {name: value for name, value in given.items() if value is not None}
    return {
        rule.name: {"metrics": {}} | {name: params[name] for name in params if name in rule.params}
        for rule in rules
        if params and rule.name == COUNTS_ROLES
    }


def _params(rule: Rule, given: Mapping[str, Any], layer: Layer, *path: str) -> dict[str, Any]:
    params = {name: param(value) for name, value in given.items()}
    for name, value in params.items():
        place = layer.place(*path, name)
        if name not in rule.params:
            known = f"it has {', '.join(rule.params)}" if rule.params else "it has none"
            mend = did_you_mean(name, rule.params) or known
            if mend != known:
                mend = f"{mend} {known}"
            raise SettingsError(f"rule {rule.name} has no parameter {name!r}", place=place, mend=mend)
        if _kind(value) != _kind(rule.params[name]):
            expected = f"expected {_kind(rule.params[name])}, such as its own value {rule.params[name]!r}"
            raise SettingsError(f"{rule.name}.{name}: not {value!r}", place=place, mend=expected)
    return params


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "a text"


def _waived(settings: Settings, rules: tuple[Rule, ...]) -> Iterable[Permit]:
    owned = settings.policy.require_owner
    for waivers, layer in settings.each("waivers"):
        from diagnose.engine.waive import about_permits, from_settings  # few have waivers

        for waiver in waivers:
            at = ("waivers", *waiver.at)
            names = {}
            for selector in waiver.rules:
                found = _named(selector, rules, layer.place(*at, "rule"))
                names[selector] = frozenset(rule.name for rule in found if not about_permits(rule))
                if selector == "ALL" or not names[selector]:
                    said = "would waive every rule" if selector == "ALL" else "judges waivers themselves"
                    raise SettingsError(f"{selector} {said}", place=layer.place(*at, "rule"), mend="name other rules")
            if owned and not waiver.owner:
                mend = "write `owner`, or set `policy.require-owner = false`"
                raise SettingsError("a waiver without an owner", place=layer.place(*at), mend=mend)
            yield from_settings(waiver, names, layer.place(*at))


def _silent(settings: Settings, rules: tuple[Rule, ...]) -> Iterable[SilentPaths]:
    for values, layer in settings.each("per-path-ignores"):
        for ignore in values:
            at = ("per-path-ignores", *ignore.at)
            names = {
                rule.name for selector in ignore.rules for rule in _named(selector, rules, layer.place(*at, "rules"))
            }
            if settings.require_reasons and layer.lines and not ignore.reason:
                mend = "write `reason`"
                raise SettingsError("a path is ignored without a reason", place=layer.place(*at), mend=mend)
            yield SilentPaths(ignore.globs, frozenset(names), ignore.reason, ignore.base)
