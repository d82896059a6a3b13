"""Which outputs are wanted, and where each goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from diagnose.cli import console
from diagnose.errors import SettingsError, did_you_mean
from diagnose.model import Place
from diagnose.records import dataclass

if TYPE_CHECKING:
    from diagnose.api import Outcome
    from diagnose.emit import Context, RuleInfo
    from diagnose.rules import Rule
    from diagnose.settings import Settings

FOR_PEOPLE = ("full", "concise", "grouped")


@dataclass(frozen=True, slots=True)
class Output:
    """One wanted output; without a file it goes to stdout."""

    name: str
    file: str = ""


def build_outputs(specs: Sequence[str], output_file: str, settings: Settings) -> list[Output]:
    """Return the outputs that options and settings ask for; by default ``full`` on a terminal, else ``concise``.

    Raises:
        SettingsError: for unknown outputs, two on stdout, and files that cannot be written.
    """
    usual = from_settings(settings) or Output("full" if sys.stdout.isatty() and not output_file else "concise")
    wanted = [_parse(spec, Place("--output-format")) for spec in specs] or [usual]
    if output_file:
        wanted = [output if output.file else Output(output.name, output_file) for output in wanted]
    for file in dict.fromkeys(output.file for output in wanted):
        sharing = [output.name for output in wanted if output.file == file]
        if len(sharing) > 1:
            where = file or "standard output"
            raise SettingsError(f"{' and '.join(sharing)} cannot both go to {where}", mend="write FORMAT:FILE for one")
        check_file(file)
    return wanted


def from_settings(settings: Settings) -> Output | None:
    """Return the output that the settings ask for, if they do. Raises SettingsError if there is none of that name."""
    value, layer = settings.setting("output-format")
    return None if layer is None else _parse(value, layer.place("output-format"))


def build_context(outcome: Outcome, color: str) -> Context:
    """Return what the outputs know besides the report."""
    from diagnose import emit

    told = outcome.report.ran | {finding.name for finding in outcome.report.findings}
    rules = {rule.code: rule for plan in outcome.plans for rule in plan.rules if rule.name in told}
    colour = console.wants_colour(color, sys.stdout)
    return emit.Context(
        colour=colour,
        hyperlinks=colour and sys.stdout.isatty() and not os.environ.get("CI"),
        width=console.width(sys.stdout),
        rules=_Rules(rules),
        root=_root(),
        comparing=outcome.comparing,
    )


class _Rules(Mapping[str, "RuleInfo"]):
    """What is told of rules, by code: looked up when an output asks for any of it, as few do."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules

    @cached_property
    def _told(self) -> dict[str, RuleInfo]:
        from diagnose import emit
        from diagnose.engine.catalogue import is_builtin

        told = {}
        for code, rule in self._rules.items():
            url = "" if is_builtin(rule) else next((text for text in rule.references if text.startswith("http")), "")
            told[code] = emit.RuleInfo(code, rule.name, rule.title, rule.worst, rule.why, url, rule.family)
        return told

    def __getitem__(self, code: str) -> RuleInfo:
        return self._told[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._rules)


def write_outputs(outputs: Iterable[Output], outcome: Outcome, context: Context) -> None:
    """Write every output; what goes to a file has no colour.

    Raises:
        SettingsError: if a file cannot be written.
    """
    from diagnose import emit
    from diagnose.records import replace

    for output in outputs:
        if output.file:
            plain = replace(context, colour=False, hyperlinks=False, width=100)
            write_file(output.file, emit.emit(outcome.report, output.name, plain))
        else:
            console.write(emit.emit(outcome.report, output.name, context))


def write_file(name: str, text: str) -> None:
    """Write a result to a file; GitHub's step summary is added to, since other tools write there too.

    Raises:
        SettingsError: if it cannot be written.
    """
    mode = "a" if name == os.environ.get("GITHUB_STEP_SUMMARY") else "w"
    try:
        with Path(name).open(mode, encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise SettingsError(f"cannot write: {error.strerror}", place=Place(name)) from None


def places(specs: Iterable[str], formats: Sequence[str], file: str) -> list[tuple[str, str]]:
    """Return each wanted output of a command that writes one document, with its file; empty for standard output.

    Args:
        specs: ``FMT`` or ``FMT:FILE``.
        formats: those the command has.
        file: where to write what names no file.

    Raises:
        click.UsageError: for an unknown format, or two outputs in one place.
    """
    import click

    found = []
    for spec in specs:
        name, _, own = spec.partition(":")
        if name not in formats:
            raise click.UsageError(f"unknown output format {name!r}: one of {', '.join(formats)}")
        found.append((name, "" if own == "-" else own or file))
    files = [file for _, file in found]
    if len(set(files)) < len(files):
        raise click.UsageError("two outputs cannot go to the same place: write FMT:FILE for one")
    return found


def _parse(spec: str, place: Place | None) -> Output:
    from diagnose import emit

    name, _, file = spec.partition(":")
    try:
        emit.output(name)
    except KeyError:
        mend = did_you_mean(name, emit.names()) or f"one of {', '.join(emit.names())}"
        raise SettingsError(f"unknown output format {name!r}", place=place, mend=mend) from None
    return Output(name, "" if file == "-" else file)


def check_file(name: str) -> None:
    """Make sure that a result can go to a file, before the work for it is done; no name is standard output.

    Raises:
        SettingsError: if it cannot.
    """
    if not name:
        return
    if Path(name).is_dir():
        raise SettingsError("cannot write: it is a folder", place=Place(name))
    if not Path(name).absolute().parent.is_dir():
        raise SettingsError("cannot write: no such folder", place=Place(name))
    there = Path(name)
    if not os.access(there if there.exists() else there.absolute().parent, os.W_OK):
        raise SettingsError("cannot write: permission denied", place=Place(name))


def _root() -> Path:
    for variable in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        if (folder := os.environ.get(variable)) and Path(folder).is_dir():
            return Path(folder)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
