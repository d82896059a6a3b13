"""Permission for a finding to stand: an ``ignore`` or ``waive`` in a comment, or a waiver in the settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from diagnose.engine.catalogue import named
from diagnose.model import Event, Place
from diagnose.records import dataclass, field
from diagnose.rules import Rule
from diagnose.settings import Policy, Waiver, parse_day

if TYPE_CHECKING:
    from diagnose.configs.directives import Directive

ABOUT = ("waiver", "suppression")
"""Kinds of events that tell of permissions themselves."""


@dataclass(slots=True)
class Permit:
    """One permission, and what came of it.

    Attributes:
        kind: ``waiver`` or ``suppression``.
        rules: names of rules by the selector that means them.
        place: where it stands.
        lines: first and last line of the setting it speaks of; (0, 0) for the whole file, or for the settings.
        inline: whether it stands in a comment of a config.
        key: canonical name of a setting, or glob on keys as written; empty for any.
        globs, base: paths it is for, if it stands in the settings; empty for any.
        expires: the last day on which it counts; None for ever.
        fault, mend: what is wrong with how it is written, and how to put it right; such a permit permits nothing.
        used: selectors under which something was covered.
        looked: selectors of which a rule has run.
        told: states of it that were reported.
    """

    kind: str
    rules: dict[str, frozenset[str]]
    place: Place
    lines: tuple[int, int] = (0, 0)
    inline: bool = True
    key: str = ""
    globs: tuple[str, ...] = ()
    base: Path = Path()
    reason: str = ""
    owner: str = ""
    expires: date | None = None
    confirmed_by: str = ""
    fault: str = ""
    mend: str = ""
    used: set[str] = field(default_factory=set)
    looked: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        """What ``--verbose`` calls it."""
        until = f" until {self.expires}" if self.expires else ""
        owner = f", {self.owner}" if self.owner else ""
        what = "waived" if self.kind == "waiver" else "ignored"
        return f"{what} at {self.place.path}:{self.place.line}{until}{owner}: {self.reason or 'no reason given'}"

    def event(self, state: str, message: str, *, mend: str = "", rules: Iterable[str] = ()) -> Event:
        """Return an event that tells of this permit."""
        fields = {
            "state": state,
            "rule": ", ".join(rules) or ", ".join(self.rules),
            "key": self.key,
            "reason": self.reason,
            "owner": self.owner,
            "expires": self.expires.isoformat() if self.expires else "",
            "confirmed_by": self.confirmed_by,
            "message": message,
            "mend": mend,
        }
        if self.kind == "suppression":
            fields = {name: fields[name] for name in ("state", "rule", "reason", "message", "mend")}
        return Event(self.kind, self.place, fields)


def about_permits(rule: Rule) -> bool:
    """Whether a rule judges permits, and so is not to be silenced by one."""
    return (rule.each is not None and rule.each[1].event in ABOUT) or any(
        kind == "event" and name in ABOUT for kind, name in rule.needs
    )


def from_directive(directive: Directive, rules: Sequence[Rule], policy: Policy, *, require_reasons: bool) -> Permit:
    """Return the permit that a comment gives."""
    from diagnose.configs.directives import EXAMPLE

    kind = "waiver" if directive.kind == "waive" else "suppression"
    permit = Permit(
        kind,
        dict.fromkeys(directive.rules, frozenset()),
        directive.place,
        (directive.covers, directive.until),
        key=directive.key,
        reason=directive.reason,
        owner=directive.owner,
        expires=parse_day(directive.expires),
        confirmed_by=directive.confirmed_by,
        fault=directive.fault,
        mend=directive.mend,
    )
    for selector in directive.rules:
        if permit.fault:
            return permit
        permit.rules[selector], permit.fault, permit.mend = _resolve(selector, rules)
    if permit.fault:
        return permit
    lacks = []
    if not directive.reason and (kind == "waiver" or require_reasons):
        lacks.append("reason")
    if kind == "waiver" and not directive.owner and policy.require_owner:
        lacks.append("owner")
    if kind == "waiver" and not directive.expires:
        lacks.append("expires")
    if lacks:
        permit.fault = f"the {kind} of {', '.join(directive.rules)} lacks {' and '.join(lacks)}"
        permit.mend = f"write {EXAMPLE}" if kind == "waiver" else "say why behind the bracket"
    elif kind == "waiver" and permit.expires is None:
        permit.fault = f"{directive.expires[:40]!r} is no date"
        permit.mend = "write expires=2027-01-31"
    return permit


def _resolve(selector: str, rules: Sequence[Rule]) -> tuple[frozenset[str], str, str]:
    """Return the names of the rules that a selector means, or what is wrong with it and the mend."""
    try:
        found = named(selector, rules)
    except LookupError as error:
        return frozenset(), f"no rule is called {selector[:40]}", str(error)
    names = frozenset(rule.name for rule in found if not about_permits(rule))
    if not names:
        return names, f"{selector} judges waivers themselves", "use `ignore` or `severity` in the settings"
    return names, "", ""


def from_settings(waiver: Waiver, names: dict[str, frozenset[str]], place: Place) -> Permit:
    """Return the permit that the settings give; *names* are those of the rules, by selector."""
    return Permit(
        "waiver",
        names,
        place,
        inline=False,
        key=waiver.key,
        globs=waiver.globs,
        base=waiver.base,
        reason=waiver.reason,
        owner=waiver.owner,
        expires=waiver.expires,
        confirmed_by=waiver.confirmed_by,
    )
