"""What the commands about baselines share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from diagnose.cli import options
from diagnose.cli.arguments import Linting, build_request, with_hooks
from diagnose.records import dataclass

if TYPE_CHECKING:
    from diagnose.api import Linter, Outcome

DEFAULT = "diagnose-baseline.toml"
"""Stands beside the settings file, or in the working directory if there is none."""

Command = TypeVar("Command", bound=Callable[..., object])
linting = options.together(options.paths, options.selection, options.settings, options.inputs, options.pace)
file_option = click.option(
    "--baseline", metavar="FILE", help=f"The baseline.  [that of the settings, or {DEFAULT} beside them]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(Linting):
    """The arguments of the commands about baselines."""

    baseline: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A linter, the baseline file it is about, and whether options or settings name that file."""

    linter: Linter
    file: Path
    named: bool


def build_job(given: Arguments, *, heed: bool) -> Job:
    """Return what is to be done.

    Args:
        given: the arguments.
        heed: whether findings that the baseline knows are left out; otherwise no baseline is read.
    """
    from diagnose.api import Linter

    settings = Linter(build_request(given)).settings()
    named = given.baseline is not None or settings.baseline is not None
    beside = settings.path.absolute().parent if settings.path else Path.cwd()
    file = Path(given.baseline) if given.baseline else settings.baseline or beside / DEFAULT
    request = build_request(given, baseline=str(file), fail_on="never", min_severity="hint")
    return Job(Linter(with_hooks(request, baselines=heed)), file, named)


def trouble(outcome: Outcome) -> int:
    """Tell on stderr what could not be checked; return 2 if there is any of it, else 0."""
    from diagnose.cli.console import say
    from diagnose.cli.reporting import problem

    for file in outcome.trouble:
        say(f"diagnose: {file.path}: {problem(file)}")
    return 2 if outcome.trouble else 0
