"""``diagnose diff``."""

from __future__ import annotations

from typing import Any

import click

from diagnose.cli import options, reporting
from diagnose.cli.arguments import build_request, with_hooks
from diagnose.cli.reporting import Reporting
from diagnose.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(Reporting):
    """The arguments of ``diff``."""

    git: str = ""
    staged: bool = False
    fix_plan: str | None = None
    apply: bool = False


@click.command("diff")
@options.paths
@click.option(
    "--git", metavar="BASE[..HEAD]", default="", help="Compare the configs among PATHS between revisions of git; "
    "without HEAD, with the working tree.",
)  # fmt: skip
@click.option("--staged", is_flag=True, help="With --git: compare with what is staged, in place of the working tree.")
@click.option(
    "--fix-plan", metavar="FOLDER", help="Write what to run next: the control, each suspect alone, and a "
    "conservative next trial.",
)  # fmt: skip
@click.option("--apply", is_flag=True, help="With --fix-plan: overwrite files that are there.")
@options.selection
@reporting.verdict
@options.settings
@options.inputs
@reporting.manner
def command(**given: Any) -> int:
    """Rank what was changed between two configs or runs by how dangerous it is.

    PATHS are OLD and NEW: a config file, a log that prints its config, the folder of a run, or `-`. With --git they
    are the files and folders to look at, by default all configs.

    Exit status: 0 if nothing as severe as --fail-on was found, 1 if something was, 2 if something could not be done.
    """
    return run(Arguments(**given))


def run(given: Arguments) -> int:
    """Compare, write the outputs, and return the exit status."""
    from diagnose.api.differ import Differ
    from diagnose.cli.outputs import build_outputs
    from diagnose.cli.progress import Progress

    _check(given)
    request = build_request(given, min_severity=given.min_severity, fail_on=given.fail_on, baseline=given.baseline)
    with Progress(not (given.no_progress or given.quiet)) as progress:
        differ = Differ(with_hooks(request, watch=progress.step))
        outputs = build_outputs(given.output_format, given.output_file, differ.settings())
        outcome = differ.revisions(given.git, staged=given.staged) if given.git else differ.paths()
    status = reporting.write(given, outputs, outcome)
    if given.fix_plan and differ.pairs:
        from diagnose.cli.console import say

        written, notes = differ.write_plan(given.fix_plan, overwrite=given.apply)
        for note in notes:
            say(f"note: {note}")
        if not given.quiet:
            say(f"Wrote {len(written)} files to {given.fix_plan}; begin with PLAN.md.")
    return status


def _check(given: Arguments) -> None:
    if given.staged and not given.git:
        raise click.UsageError("--staged needs --git, such as --git HEAD")
    if given.fix_plan is not None and not given.fix_plan.strip():
        raise click.UsageError("--fix-plan needs the name of a folder")
    if given.apply and given.fix_plan is None:
        raise click.UsageError("--apply needs --fix-plan")
    if not given.git and len(given.paths) != 2:
        raise click.UsageError("name OLD and NEW, or use --git BASE[..HEAD]")
    if "-" in given.paths and (given.git or given.paths[0] == given.paths[1]):
        raise click.UsageError("`-` stands for one of OLD and NEW")
