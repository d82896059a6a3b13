"""A comparison to a plan: which files to run next, in which order, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from diagnose.engine.fixplan.atoms import atoms
from diagnose.engine.fixplan.decide import decided
from diagnose.engine.fixplan.document import Document, documents, slug, values
from diagnose.engine.fixplan.draft import Draft, is_suspect
from diagnose.engine.fixplan.model import (
    HALF,
    KEPT,
    Atom,
    Decision,
    FixPlan,
    PlanFile,
    Single,
    Skipped,
    shown,
)
from diagnose.engine.fixplan.page import as_json, as_markdown
from diagnose.errors import SourceError
from diagnose.model import Comparison, Config
from diagnose.model.change import RISKS
from diagnose.sources import Source

SUSPECTED = ("critical", "high", "medium")
"""Risks of changes that get a file of their own unless the user says how many."""
MOST_SINGLES = 16
MOST_SUSPECTS = 400
LEAST_SINGLES = 5
"""Files of single changes where no change is of a risk that is suspected."""


def plan(
    comparison: Comparison,
    old: Config,
    new: Config,
    sources: Sequence[Source] = (),
    *,
    folder: str = "",
    max_singles: int | None = None,
    seeds: int = 4,
) -> FixPlan:
    """Return the files that recover OLD's result and find the change that lost it. Nothing is written.

    Args:
        comparison: what differs, the most dangerous first.
        old: OLD's settings.
        new: NEW's settings.
        sources: the files that OLD was read from; its config files among them are edited. Without any, OLD's settings
            are written as YAML.
        folder: where the files will stand, so that paths of base files can be mended.
        max_singles: how many suspects get a file; by default all of risk medium and above, at most ``MOST_SINGLES``.
        seeds: paired seeds of a confirmation.
    """
    found, notes = documents(old, sources)
    draft = _Plan(comparison, old, new, found, folder or ".")
    result = draft.result
    result.notes += notes
    result.edited = bool(found[0].path)
    result.seeds = seeds
    suspects = [move for move in draft.moves if is_suspect(move)]
    if len(suspects) > MOST_SUSPECTS:
        result.notes.append(
            f"of {len(suspects)} changes the first {MOST_SUSPECTS} are looked at, the rest stays as in OLD"
        )
    groups = atoms(suspects[:MOST_SUSPECTS], old, new)
    groups.sort(key=lambda atom: RISKS.index(atom.risk))
    draft.control()
    draft.singles(groups, max_singles)
    draft.trial(groups)
    result.files += [PlanFile("PLAN.md", as_markdown(result, comparison)), PlanFile("plan.json", as_json(result))]
    return result


class _Plan(Draft):
    def __init__(self, comparison: Comparison, old: Config, new: Config, found: list[Document], folder: str) -> None:
        super().__init__(comparison.changes, old, new, found)
        self.folder = folder
        self.result = FixPlan(comparison.old, comparison.new)

    def control(self) -> None:
        head = f"control: {self.result.old} again, nothing changed; run it first"
        self.result.control = self.files("control", {}, {}, head)

    def singles(self, groups: list[Atom], most: int | None) -> None:
        suspected = [atom for atom in groups if atom.risk in SUSPECTED]
        if most is None:
            most = min(len(suspected), MOST_SINGLES) if suspected else LEAST_SINGLES
        tested: list[frozenset[str]] = []
        skipped: dict[tuple[str, str], list[str]] = {}
        for atom in groups:
            number = len(self.result.singles) + 1
            keys = tuple(move.key for move in atom.moves)
            if number > most:
                few = "their risk is low" if atom.risk not in SUSPECTED else f"no more than {most} files"
                skipped.setdefault((few, atom.risk), []).extend(keys)
                continue
            if any(known.issuperset(keys) for known in tested):
                continue  # an earlier file moved it in passing
            try:
                single = self.written(number, atom)
            except SourceError as error:
                self.result.skipped.append(Skipped(keys, error.message, atom.risk))
                continue
            self.result.singles.append(single)
            tested.append(frozenset((*(move.key for move in single.atom.moves), *single.passing)))
        self.result.skipped += [Skipped(tuple(keys), why, risk) for (why, risk), keys in skipped.items()]

    def written(self, number: int, atom: Atom) -> Single:
        """Return the single; in a Python config without the names that its settings are made of, if those hinder.

        Raises:
            SourceError: if it cannot be written.
        """
        try:
            return self.single(number, atom)
        except SourceError:
            less = self.reduced(atom)
            if less is None:
                raise
            return self.single(number, less)

    def single(self, number: int, atom: Atom) -> Single:
        said = {
            move.key: f"control has {shown(move.old)}, here NEW's value; suspect {number}, risk {move.change.risk}"
            for move in atom.moves
        }
        said |= dict.fromkeys(atom.stems, f"here NEW's list; suspect {number}, risk {atom.risk}")
        what = f"{atom.lead.key} {shown(atom.lead.old)} -> {shown(atom.lead.new)}"
        rest = f" and {len(atom.moves) - 1} more that belong to it" if len(atom.moves) > 1 else ""
        head = f"single {number:02d}: the control with NEW's {what}{rest}; reasons in PLAN.md"
        changes = self.changes(atom)
        texts = self.texts(changes, said, head)
        keys = {move.key for move in atom.moves}
        passing = [
            key
            for document, text in zip(self.documents, texts, strict=True)
            for key in _differing(document, text)
            if key not in keys and not any(key.startswith(f"{stem}.") for stem in atom.stems)
        ]
        names = self.put(f"single_{number:02d}_{slug(atom.lead.key)}", texts)
        home = self.home(next(iter(changes)))
        return Single(number, atom, (names[home], *names[:home], *names[home + 1 :]), tuple(passing))

    def trial(self, groups: Iterable[Atom]) -> None:
        decisions: dict[str, Decision] = {}
        for atom in groups:
            decisions |= {one.move.key: one for one in decided(atom, self.old.framework, self.moves)}
        for move in self.moves:
            if move.key not in decisions:
                decisions[move.key] = Decision(move, KEPT, move.old, "no suspect")
        texts, made = self.trial_texts(decisions)
        self.result.decisions = [decisions[move.key] for move in self.moves]
        self.result.trial = self.put("next_trial", texts)
        if not made:
            self.result.notes.append("the next trial equals the control: no change is safe enough for half a step")

    def trial_texts(self, decisions: dict[str, Decision]) -> tuple[list[str], bool]:
        """Return the texts; what cannot be written stays at OLD's value, and its decision says so."""
        while True:
            steps = {key: one.value for key, one in decisions.items() if one.what == HALF}
            said = {key: _said(one) for key, one in decisions.items() if is_suspect(one.move)}
            try:
                head = "next trial: OLD with half a step where that is safe; reasons in PLAN.md"
                return self.texts(steps, said, head, steps), bool(steps)
            except SourceError as error:
                key = next((key for key in steps if error.message.startswith(f"{key} ")), None)
                for name in [key] if key else [*steps]:
                    move = decisions[name].move
                    decisions[name] = Decision(move, KEPT, move.old, error.message)

    def files(self, stem: str, changes: Mapping[str, Any], comments: Mapping[str, str], head: str) -> tuple[str, ...]:
        return self.put(stem, self.texts(changes, comments, head))

    def put(self, stem: str, texts: Sequence[str]) -> tuple[str, ...]:
        """Keep a file of every document, and return their names."""
        names = []
        for document, text in zip(self.documents, texts, strict=True):
            text, note = document.moved(text, self.folder)
            if note and note not in self.result.notes:
                self.result.notes.append(note)
            names.append(document.name(stem))
            self.result.files.append(PlanFile(names[-1], text, document.encoding))
        return tuple(names)


def _differing(document: Document, text: str) -> list[str]:
    now, then = values(document.read(text)), values(document.settings)
    return [key for key in {**then, **now} if now.get(key) != then.get(key)]


def _said(decision: Decision) -> str:
    move = decision.move
    if decision.what == HALF:
        return f"control has {shown(move.old)}, NEW {shown(move.new)}: half of the step"
    return f"stays, NEW has {shown(move.new)}: {decision.why}"
