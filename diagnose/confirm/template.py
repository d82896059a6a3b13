"""The user's training command as a template: words with placeholders, no shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnose.configs.edit.literals import CannotWriteError, literal
from diagnose.errors import SettingsError, did_you_mean

CONFIG, SEED, OUT, SET = "config", "seed", "out", "set"
PLACEHOLDERS = (CONFIG, SEED, OUT, SET)
MARK = re.compile(r"(?<!\$)\{([A-Za-z_-]+)\}")
"""A word in braces. ``${HOME}`` is left alone, and so is JSON."""
EXAMPLE = "-- python train.py --hyp {config} --seed {seed} --project {out}"
SET_FORM = "{key}={value}"


@dataclass(frozen=True, slots=True)
class Template:
    """A command in which one run fills in its config, seed and folder.

    Attributes:
        words: the command, word by word.
        set_form: how one setting is passed where a word is ``{set}``: words with ``{key}`` and ``{value}``.
    """

    words: tuple[str, ...]
    set_form: tuple[str, ...] = (SET_FORM,)

    @property
    def names(self) -> frozenset[str]:
        """The placeholders in it."""
        return frozenset(name for word in self.words for name in MARK.findall(word))

    @property
    def text(self) -> str:
        """The command as it would be typed."""
        return typed(self.words)

    def filled(self, config: str, seed: int, out: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the command of one run.

        Args:
            config: path of its config file.
            seed: of the run.
            out: the folder it writes to.
            settings: what ``{set}`` passes, by key.

        Raises:
            SettingsError: for a value that cannot be written as one word.
        """
        given = {CONFIG: config, SEED: str(seed), OUT: out}
        found: list[str] = []
        for word in self.words:
            if word == f"{{{SET}}}":
                for key, value in settings.items():
                    found += self._setting(key, value)
            else:
                found.append(MARK.sub(lambda match: given.get(match[1], match[0]), word))
        return tuple(found)

    def _setting(self, key: str, value: Any) -> Iterable[str]:
        try:
            text = value if isinstance(value, str) else literal(value, "yaml")
        except CannotWriteError as error:
            raise SettingsError(
                f"{key} cannot be passed on the command line: {error}", mend="use {config} in place of {set}"
            ) from None
        for word in self.set_form:
            yield re.sub(r"\{(key|value)\}", lambda match: key if match[1] == "key" else text, word)


def read_template(
    words: Sequence[str], set_form: str = "", *, unseeded: bool = False, in_config: bool = False
) -> Template:
    """Return a command template.

    Args:
        words: what stands behind ``--``.
        set_form: how one setting is passed.
        unseeded: the command draws a new seed by itself.
        in_config: the seed is a setting of the config.

    Raises:
        SettingsError: for a command that cannot serve, with the way to mend it.
    """
    if not words:
        raise SettingsError("no training command", mend=f"end with {EXAMPLE}")
    form = shlex.split(set_form) if set_form else [SET_FORM]
    found = Template(tuple(words), tuple(form))
    for name in sorted(found.names - set(PLACEHOLDERS)):
        near = did_you_mean(name, PLACEHOLDERS)
        there = "there are {config}, {seed}, {out} and {set}"
        mend = near.replace(f"mean {near[13:-1]}", f"mean {{{near[13:-1]}}}") + f" {there}" if near else there
        raise SettingsError(f"unknown placeholder {{{name}}} in the training command", mend=mend)
    if not {CONFIG, SET} & found.names:
        mend = f"say where its config file goes, as in {EXAMPLE}, or write {{set}} where it takes KEY=VALUE settings"
        raise SettingsError("no {config} in the training command, so every run would be the same", mend=mend)
    for word in found.words:
        if f"{{{SET}}}" in word and word != f"{{{SET}}}":
            raise SettingsError(
                f"{{set}} is a word of its own, not a part of {word!r}", mend="use --set-form for what stands around it"
            )
    if set_form and SET not in found.names:
        raise SettingsError("--set-form without {set} in the training command", mend="write {set} where settings go")
    if not all(any(f"{{{part}}}" in word for word in form) for part in ("key", "value")):
        raise SettingsError(
            f"--set-form {set_form!r} needs {{key}} and {{value}}", mend="as in --set-form '--{key} {value}'"
        )
    if MARK.search(found.words[0]):
        raise SettingsError("the training command begins with a placeholder", mend=f"end with {EXAMPLE}")
    if SEED not in found.names and not in_config and not unseeded:
        mend = "write {seed} where it takes one, give the config a seed, or add --unseeded if every run draws its own"
        raise SettingsError("no {seed} in the training command: equal seeds would look like proof", mend=mend)
    return found


def typed(words: Iterable[str]) -> str:
    """Return a command as it would be typed; placeholders stay readable."""
    return " ".join(word if MARK.fullmatch(word) else shlex.quote(word) for word in words)
