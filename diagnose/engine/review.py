"""Findings against what permits them: which are suppressed, and what is wrong with the permits themselves."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatchcase

from diagnose.engine.gate import Gate
from diagnose.engine.suppress import covers
from diagnose.engine.today import today
from diagnose.engine.waive import Permit, about_permits
from diagnose.model import Change, Event, FileReport, Finding, Place, Run
from diagnose.model.change import RISKS
from diagnose.names import hyperparameter
from diagnose.rules import Rule
from diagnose.settings import Policy


class Review:
    """The review of one run."""

    def __init__(self, gate: Gate, run: Run, permits: list[Permit], file: FileReport) -> None:
        self.gate, self.run, self.permits, self.file = gate, run, permits, file
        self.today = today()
        self.main = {_normal(run.path)}
        self.changes: tuple[Change, ...] | None = next(
            (segment.changes for segment in run.segments if segment.changes is not None), None
        )
        self.at: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.also: dict[str, set[str]] = defaultdict(set)
        for segment in run.segments:
            for key, setting in segment.config.settings.items():
                row = hyperparameter(key, segment.config.framework)
                self._learn(key, row.name if row else "", setting.place)
        self.gone: dict[tuple[str, int], set[str]] = defaultdict(set)
        for change in self.changes or ():
            self._learn(change.key, change.name, change.new_place)
            if change.new_place is None and change.old_place is not None:
                place = change.old_place
                self.gone[_normal(place.path), place.line] |= {change.key, change.name}
        self.judging = {rule.name for rule in gate.rules if about_permits(rule)}
        self.of_changes = {rule.name for rule in gate.rules if _compares(rule)}
        self.events: list[Event] = []

    def _learn(self, key: str, name: str, place: Place | None) -> None:
        names = {key, name} - {""}
        if place is not None:
            self.at[_normal(place.path), place.line] |= names
        for word in names:
            self.also[word] |= names

    def done(self, findings: list[Finding]) -> tuple[list[Finding], list[Event]]:
        """Return the findings that stand, and events about the permits."""
        kept = [finding for finding in findings if finding.name in self.judging or not self._permitted(finding)]
        folded = {name for finding in findings for name in finding.folded}
        looked = self.file.ran | {name for name, lack in self.file.skipped.items() if self._had_nothing_to_see(lack)}
        for permit in self.permits:
            for word, names in permit.rules.items():
                if names & looked:
                    permit.looked.add(word)
                if names & folded:
                    permit.used.add(word)  # it was found, and another finding tells of it
            if permit.inline:
                self._tell(permit)
        return kept, self.events

    def _had_nothing_to_see(self, lack: str) -> bool:
        """Whether a rule that was skipped for want of something would have seen what there was to see."""
        if lack == "event policy":
            return self.gate.policy != Policy()
        return self.changes is not None and lack.startswith("a change")

    def _tell(self, permit: Permit) -> None:
        if permit.fault:
            state = "incomplete" if permit.kind == "waiver" else "invalid"
            self.events.append(permit.event(state, permit.fault, mend=permit.mend))
            return
        idle = [word for word in permit.rules if word in permit.looked and word not in permit.used]
        if idle:
            self.events.append(unused(permit, idle))
        elif not permit.looked and permit.expires is not None and permit.expires < self.today:
            said = f"the waiver of {', '.join(permit.rules)} expired on {permit.expires} and is still there"
            self._once(permit, "expired", [*permit.rules], said, "take the setting back, or agree on a new day")

    def _permitted(self, finding: Finding) -> bool:
        """Whether a permit suppresses a finding; those that would but for their state are told of."""
        permitted = ""
        for permit in self.permits:
            words = [word for word, names in permit.rules.items() if finding.name in names]
            if permit.fault or not words or not self._covers(permit, finding):
                continue
            permit.used.update(words)
            if permit.expires is not None and permit.expires < self.today:
                named_here = ", ".join(words)
                said = f"the waiver of {named_here} expired on {permit.expires}, and what it let pass stands again"
                self._once(permit, "expired", words, said, "mend the setting, or agree on a new day")
            elif fault := self._unconfirmed(permit, finding):
                self._once(permit, "unconfirmed", words, fault, "confirm the change, and write confirmed-by=ID")
            else:
                permitted = permitted or permit.label
        if permitted:
            self.gate.counts[permitted] += 1
            self.file.suppressed += 1
        return bool(permitted)

    def _once(self, permit: Permit, state: str, words: list[str], message: str, mend: str) -> None:
        if state in permit.told:
            return
        permit.told.add(state)
        if permit.kind == "suppression":  # what an `ignore` may not do, a waiver must
            permit = Permit("waiver", permit.rules, permit.place, reason=permit.reason)
        self.events.append(permit.event(state, message, mend=mend, rules=words))

    def _unconfirmed(self, permit: Permit, finding: Finding) -> str:
        if permit.confirmed_by:
            from diagnose.engine.confirm import fault_of

            return fault_of(permit.confirmed_by, permit.place.path, self.changes)
        risk = self._risk(finding)
        if risk not in self.gate.policy.require_confirmation:
            return ""
        told = f"{finding.name} is of {risk} risk, and the policy asks for a confirmation"
        return told if permit.kind == "waiver" else f"{told}, which an `ignore` cannot carry"

    def _risk(self, finding: Finding) -> str:
        """Return the risk of the change a finding is about; of the worst change if it is about all of them."""
        if not self.changes or finding.name not in self.of_changes:
            return ""
        about = [change for change in self.changes if finding.subject in (change.key, change.name)]
        return min((change.risk for change in about or self.changes), key=RISKS.index)

    def _covers(self, permit: Permit, finding: Finding) -> bool:
        return self._covers_at(permit, finding.place, finding.subject) and all(
            self._covers_at(permit, evidence.place, "")
            for evidence in finding.evidence
            if evidence.text.startswith("also: ") and evidence.place != finding.place
        )

    def _covers_at(self, permit: Permit, place: Place, subject: str) -> bool:
        path = _normal(place.path)
        names = self.also.get(subject, {subject}) if subject else self.at.get((path, place.line), set())
        if permit.key and not any(permit.key == name or fnmatchcase(name, permit.key) for name in names):
            return False
        if not permit.inline:
            return is_for(permit, {place.path, self.run.path})
        home = _normal(permit.place.path)
        first, last = permit.lines
        if not first:
            return home == path or home in self.main
        if subject in self.gone.get((path, place.line), ()):
            return False  # a line of the old config, whose number means nothing in the new one
        if home == path and first <= place.line <= last:
            return True
        return any(subject in self.at.get((home, line), ()) for line in range(first, last + 1))


def unused(permit: Permit, idle: list[str]) -> Event:
    """Return the event of a permit some of whose selectors covered nothing."""
    what = "waives" if permit.kind == "waiver" else "ignores"
    late = f", and expired on {permit.expires}" if permit.expires is not None and permit.expires < today() else ""
    rest = len(idle) < len(permit.rules)
    mend = f"take {', '.join(idle)} out of its brackets" if rest else "take it out"
    return permit.event("unused", f"{permit.kind} {what} nothing of {', '.join(idle)}{late}", mend=mend, rules=idle)


def is_for(permit: Permit, paths: Iterable[str]) -> bool:
    """Whether a permit counts for one of some paths."""
    return not permit.globs or any(covers(permit.base, permit.globs, path) for path in paths)


def _normal(path: str) -> str:
    return os.path.normpath(path)


def _compares(rule: Rule) -> bool:
    return rule.family == "DIFF" or any(kind == "changes" for kind, _ in rule.needs)
