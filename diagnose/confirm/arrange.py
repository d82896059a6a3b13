"""Two configs and a command become a study that can be run: what is varied, and what is asked of runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from diagnose.configs.edit import REMOVE
from diagnose.confirm.atoms import Choice, Varied, choose, pick
from diagnose.confirm.prior import prior
from diagnose.confirm.spec import Spec
from diagnose.confirm.template import SEED, SET, Template, read_template
from diagnose.confirm.variants import Variants, fix_of
from diagnose.engine.confirm import diff_hash, settings_hash
from diagnose.engine.diff.compare import compare
from diagnose.engine.diff.results import results
from diagnose.engine.diff.side import Side, read_side
from diagnose.engine.fixplan.document import documents
from diagnose.engine.fixplan.draft import Draft
from diagnose.errors import SettingsError, SourceError, did_you_mean
from diagnose.model import UNKNOWN, Comparison, Config, Place
from diagnose.yaml_loader import Loader

SEED_NAME = "seed"
"""Canonical name of the setting that seeds a run."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A study whose configs are known.

    Attributes:
        old, new: baseline and suspect.
        comparison: what differs.
        diff: the hash of it that a confirmation is bound to.
        varied: the atoms by id, the most dangerous first.
        prior: their weights.
        suspects: ids of those that the user suspects.
        not_varied: sentences.
        aside: keys of the changes that no run has, so that no verdict is about them.
        folder: of this pair and command: ledger, configs, runs.
        id: of the study.
        notes: what the reader must know.
    """

    spec: Spec
    old: Side
    new: Side
    comparison: Comparison
    diff: str
    varied: Mapping[str, Varied]
    prior: Mapping[str, float]
    suspects: tuple[str, ...]
    not_varied: tuple[str, ...]
    template: Template
    variants: Variants
    folder: Path
    id: str
    notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


def arrange(spec: Spec, limit: int) -> Arrangement:
    """Return the arrangement of a study; nothing is run or written.

    Raises:
        SourceError: if a config cannot be read, or the two do not differ in anything that can be varied.
        SettingsError: for a command or options that cannot serve.
    """
    old, new = read_side(spec.baseline, limit), read_side(spec.suspect, limit)
    for side in (old, new):
        if not side.config.settings:
            mend = "name the config itself, or the folder of a run that holds it"
            raise SourceError("no config in it", place=Place(side.path), mend=mend)
    in_config = old.config.canonical.get(SEED_NAME)
    template = read_template(spec.command, spec.set_form, unseeded=spec.unseeded, in_config=in_config is not None)
    changes = compare(old.config, new.config)
    if not changes:
        mend = "nothing can be the cause among settings that are equal: look at data, code and versions"
        raise SourceError(f"{spec.baseline} and {spec.suspect} do not differ", mend=mend)
    touched = {change.key for change in changes}
    same = sum(key not in touched for key in new.config.settings)
    comparison = Comparison(old.path, new.path, changes, results(old, new), same)
    found, notes = documents(old.config, list(old.sources.values()))
    draft = Draft(changes, old.config, new.config, found)
    seed_key = in_config.key if in_config is not None and SEED not in template.names and not spec.unseeded else ""
    choice = choose(draft, spec.suspects, seed_key=seed_key)
    varied = {one.id: one for one in choice.varied}
    fix = fix_of({**_fix_config(spec, new.config, limit), **spec.fix}, draft)
    digest = diff_hash(changes)
    folder = Path(spec.folder).absolute() / _short([digest, list(template.words), list(template.set_form)])
    variants = Variants(draft, varied, folder / "configs", fix, seed_key)
    if len(found) > 1:
        named = ", ".join(Path(document.path).name for document in found)
        notes.append(f"the baseline consists of {named}: {{config}} is the first, the others lie beside it")
    _check_early(variants, template, spec)
    return Arrangement(
        spec,
        old,
        new,
        comparison,
        digest,
        varied,
        prior(choice.varied, spec.named),
        _suspects(spec, choice),
        choice.left,
        template,
        variants,
        folder,
        _short([digest, settings_hash(old.config), spec_text(spec)]),
        tuple(notes),
        choice.aside,
    )


def spec_text(spec: Spec) -> list[Any]:
    """Return all of a spec that the result of a study depends on."""
    fixed = sorted((key, repr(value)) for key, value in spec.fix.items())
    asked = [spec.symptom, spec.metric, spec.better, spec.cut, spec.suspect_run, spec.baseline_run]
    ways = [list(spec.command), spec.set_form, spec.unseeded, list(spec.read), sorted(spec.env.items())]
    return [asked, ways, fixed, spec.fix_config, sorted(spec.suspects), list(spec.skip), spec.seed, spec.sesoi]


def read_fix(words: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Return the values and the config that ``--fix`` was given: ``KEY=VALUE`` each, or one config.

    Raises:
        SettingsError: for what is neither.
    """
    values: dict[str, Any] = {}
    config = ""
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or Path(word).is_file():
            if config:
                raise SettingsError("--fix names two configs", mend="name one, and single settings as KEY=VALUE")
            config = word
        elif not key.strip():
            raise SettingsError(f"--fix {word!r}: no setting", mend="write KEY=VALUE")
        else:
            values[key.strip()] = _value(word, text)
    return values, config


def _value(word: str, text: str) -> Any:
    try:
        return yaml.load(text, Loader)  # noqa: S506 - the safe loader
    except yaml.YAMLError:
        raise SettingsError(f"--fix {word!r}: the value cannot be read", mend="write it as in YAML") from None


def _fix_config(spec: Spec, suspect: Config, limit: int) -> dict[str, Any]:
    """Return what a config that is the fix has in place of the suspect's values."""
    if not spec.fix_config:
        return {}
    side = read_side(spec.fix_config, limit)
    found: dict[str, Any] = {}
    for change in compare(suspect, side.config):
        setting = side.config.settings.get(change.key)
        if setting is not None and setting.value is UNKNOWN:
            raise SourceError(f"{change.key} cannot be told without running it", place=Place(spec.fix_config))
        found[change.key] = setting.value if setting is not None else REMOVE
    if not found:
        raise SourceError("the fix does not differ from the suspect config", place=Place(spec.fix_config))
    return found


def _suspects(spec: Spec, choice: Choice) -> tuple[str, ...]:
    try:
        return pick(spec.suspects, choice.varied)
    except LookupError as error:
        word = str(error.args[0])
        if word in choice.aside:
            raise SettingsError(f"--suspect {word}: differs, but is not varied", mend="see --dry-run") from None
        keys = [key for one in choice.varied for key in one.keys]
        mend = did_you_mean(word, keys) or f"there are {', '.join(keys[:12])}"
        raise SettingsError(f"--suspect {word}: not among the settings that differ", mend=mend) from None


def _check_early(variants: Variants, template: Template, spec: Spec) -> None:
    """Make every kind of variant once, so that what cannot be written is told before anything is run."""
    everything = tuple(variants.varied)
    variants.texts(everything, spec.seed)
    if SET in template.names:
        variants.settings(everything, spec.seed)


def _short(parts: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()[:12]
