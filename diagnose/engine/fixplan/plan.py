"""A comparison to a plan: which files to run next, in which order, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from diagnose.configs.edit import REMOVE, Tree
from diagnose.engine.fixplan.atoms import atoms, below, moves
from diagnose.engine.fixplan.decide import decided, typed
from diagnose.engine.fixplan.document import Document, documents, is_beside, slug, values
from diagnose.engine.fixplan.model import (
    HALF,
    KEPT,
    Atom,
    Decision,
    FixPlan,
    Move,
    PlanFile,
    Single,
    Skipped,
    shown,
)
from diagnose.engine.fixplan.nested import ClashError, nested
from diagnose.engine.fixplan.page import as_json, as_markdown
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN, Comparison, Config
from diagnose.model.change import RISKS
from diagnose.sources import Source

SUSPECTED = ("critical", "high", "medium")
"""Risks of changes that get a file of their own unless the user says how many."""
MOST_SINGLES = 16
MOST_SUSPECTS = 400
LEAST_SINGLES = 5
"""Files of single changes where no change is of a risk that is suspected."""
APART = frozenset({"bookkeeping", "seed"})
"""Roles that are no suspects: they name things, or chance."""


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
    draft = _Draft(comparison, old, new, found, folder or ".")
    result = draft.result
    result.notes += notes
    result.edited = bool(found[0].path)
    result.seeds = seeds
    suspects = [move for move in draft.moves if _suspect(move)]
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


def _suspect(move: Move) -> bool:
    return move.change.risk != "none" and move.change.role not in APART


class _Draft:
    def __init__(self, comparison: Comparison, old: Config, new: Config, found: list[Document], folder: str) -> None:
        self.old, self.new, self.documents, self.folder = old, new, found, folder
        self.moves = [*moves(comparison.changes, old, new)]
        self.also = {move.key: move.new for move in self.moves if move.known}
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
            dotted = [move for move in atom.moves if "." in move.key]
            if self.documents[0].kind != "python" or not 0 < len(dotted) < len(atom.moves):
                raise
            return self.single(number, replace(atom, moves=dotted))

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

    def changes(self, atom: Atom) -> dict[str, Any]:
        """Return what the edit is asked for.

        Raises:
            SourceError: if NEW's value cannot be told.
        """
        found: dict[str, Any] = {}
        stems = [stem for stem in atom.stems if below(self.new, stem)]  # without any the list is gone
        for stem in stems:
            found[stem] = _tree(stem, below(self.new, stem))
        for move in atom.moves:
            if any(move.key.startswith(f"{stem}.") for stem in stems):
                continue
            if not move.known:
                raise SourceError(f"NEW's {move.change.key} cannot be told without running it")
            found[move.key] = typed(move, move.new)
        return found

    def rewritten(self, changes: Mapping[str, Any], document: Document) -> dict[str, Any]:
        """Return the changes with lists and mappings written anew where single keys of a base cannot be overridden.

        A Python config can neither reach an item of an inherited list nor drop an inherited key.

        Raises:
            SourceError: if a value of them cannot be told.
        """
        found = dict(changes)
        stems = {stem for key, value in changes.items() if (stem := self.anew(key, changes, document))}
        for stem in sorted(stems):
            if any(stem.startswith(f"{outer}.") for outer in stems):
                continue
            inside = {f"{stem}.{key}": value for key, value in below(self.old, stem).items()}
            for key in [key for key in found if key.startswith(f"{stem}.")]:
                value = found.pop(key)
                if isinstance(value, Tree):
                    inside = {name: one for name, one in inside.items() if not name.startswith(f"{key}.")}
                    inside |= value.settings
                elif value is REMOVE:
                    inside.pop(key, None)
                else:
                    inside[key] = value
            found[stem] = _tree(stem, {key[len(stem) + 1 :]: value for key, value in inside.items()})
        return found

    def anew(self, key: str, changes: Mapping[str, Any], document: Document) -> str:
        """Return the list or mapping that must be written anew to change an inherited key; empty if none must."""
        setting = self.old.settings.get(key)
        if setting is not None and setting.place.path == document.path:
            return ""
        parts = key.split(".")
        number = next((at for at, part in enumerate(parts) if part.isdigit()), 0)
        if number:
            return ".".join(parts[:number])
        while parts and changes[key] is REMOVE:  # up to where something is left
            parts.pop()
            stem = ".".join(parts)
            if any(changes.get(f"{stem}.{rest}") is not REMOVE for rest in below(self.old, stem)):
                return stem
        return ""

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
            said = {key: _said(one) for key, one in decisions.items() if _suspect(one.move)}
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

    def texts(
        self,
        changes: Mapping[str, Any],
        comments: Mapping[str, str],
        head: str,
        also: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Return the edited copy of every document.

        Raises:
            SourceError: if a change cannot be written.
        """
        shares: list[dict[str, Any]] = [{} for _ in self.documents]
        for key, value in changes.items():
            shares[self.home(key)][key] = value
        also = {key: value for key, value in (self.also if also is None else also).items() if value is not REMOVE}
        return [
            self.edited(document, share, comments, also, head)
            for document, share in zip(self.documents, shares, strict=True)
        ]

    def edited(
        self,
        document: Document,
        share: Mapping[str, Any],
        comments: Mapping[str, str],
        also: Mapping[str, Any],
        head: str,
    ) -> str:
        try:
            return document.edited(share, comments, also, head)
        except SourceError:
            anew = self.rewritten(share, document) if document.kind == "python" else share
            if anew == share:
                raise
            said = dict.fromkeys(anew, "written anew, since single keys of a base cannot be changed from here")
            return document.edited(anew, {**said, **comments}, also, head)

    def home(self, key: str) -> int:
        """Return which document a key stands in, or belongs into."""
        holding = [number for number, document in enumerate(self.documents) if key in document.keys]
        if holding:
            path = self.old.settings[key].place.path
            return next((number for number in holding if self.documents[number].path == path), holding[0])
        stem = key.rpartition(".")[0] or key
        after = next((move.after for move in self.moves if move.key == key), None)
        path = after.place.path if after is not None else ""
        fits: tuple[Callable[[Document], bool], ...] = (
            lambda document: any(one.startswith((f"{key}.", f"{stem}.")) for one in document.keys),
            lambda document: is_beside(path, document),
        )
        return next(
            (number for fit in fits for number, document in enumerate(self.documents) if fit(document)),
            0,
        )

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


def _tree(stem: str, inside: Mapping[str, Any]) -> Tree:
    if any(value is UNKNOWN for value in inside.values()):
        raise SourceError(f"{stem} cannot be told without running it")
    try:
        tree = nested({f"{stem}.{key}": value for key, value in inside.items()})
    except ClashError:
        raise SourceError(f"{stem} is nothing that can be written") from None
    for part in stem.split("."):
        tree = tree[int(part)] if isinstance(tree, list) else tree.get(part)
    return Tree(tree, {f"{stem}.{key}": value for key, value in inside.items()})


def _differing(document: Document, text: str) -> list[str]:
    now, then = values(document.read(text)), values(document.settings)
    return [key for key in {**then, **now} if now.get(key) != then.get(key)]


def _said(decision: Decision) -> str:
    move = decision.move
    if decision.what == HALF:
        return f"control has {shown(move.old)}, NEW {shown(move.new)}: half of the step"
    return f"stays, NEW has {shown(move.new)}: {decision.why}"
