"""``diagnose report``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from diagnose.cli import options
from diagnose.cli.arguments import Linting, build_request, with_hooks
from diagnose.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(Linting):
    """The arguments of ``report``."""

    baseline: str = ""
    config_diff: tuple[str, str] | None = None
    output: str = ""
    plan: str = ""
    apply: bool = False
    no_progress: bool = False
    quiet: bool = False


@click.command("report")
@options.paths
@click.option("--baseline", metavar="RUN", default="", help="A run that went well, to compare with: its log or folder.")
@click.option("--config-diff", nargs=2, metavar="OLD NEW", help="Two configs whose difference is part of the story.")
@click.option(
    "-o", "--output", metavar="FILE", default="", help="Write to a file: .md, .html or .json.  [Markdown on stdout]"
)
@click.option(
    "--plan",
    metavar="FOLDER",
    default="",
    help="Write what to run next: EXPECT.yaml for `verify`, and with --config-diff what `diff --fix-plan` writes.",
)
@click.option("--apply", is_flag=True, help="With --plan: overwrite files that are there.")
@options.selection
@options.settings
@options.inputs
@options.frames
@click.option("--no-progress", is_flag=True, help="Show no progress, not even on a terminal and for long work.")
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
def command(**given: Any) -> int:
    """Tell the story of a run: what happened, what is suspected, and what to run next.

    PATHS are logs, results files, or folders of runs. What was measured stands apart from what was made of it; no
    suspect is called a cause, since nothing here was tested.

    Exit status: 0 if the report was written, whatever it says, 2 if something could not be read or written.
    """
    return run(Arguments(**given))


def run(given: Arguments) -> int:
    """Read, tell, write, and return the exit status."""
    from diagnose.api.reporter import Reporter
    from diagnose.cli.console import say
    from diagnose.cli.progress import Progress
    from diagnose.text.wording import plural

    kind = _kind(given)
    request = build_request(given)
    if given.config_diff and not given.paths:
        request = with_hooks(request, paths=())
    with Progress(not (given.no_progress or given.quiet)) as progress:
        reporter = Reporter(with_hooks(request, watch=progress.step))
        story = reporter.run(baseline=given.baseline, pair=given.config_diff, folder=given.plan)
    for file in reporter.outcome.trouble:
        say(f"diagnose: {file.path}: {file.detail}")
    written = reporter.write_plan(given.plan, overwrite=given.apply) if given.plan else []
    _write(story, kind, given.output)
    if not given.quiet:
        if given.output:
            say(f"Written to {given.output}.")
        if given.plan:
            say(
                f"Wrote {plural(len(written), 'file')} to {given.plan}; begin with {_first(written)}."
                if written
                else "No plan was written: nothing is wrong, the configs do not differ, or the old cannot be edited."
            )
    return 2 if reporter.outcome.trouble else 0


def _first(written: Sequence[Path]) -> str:
    """Return the name of the file to be read first."""
    names = {path.name for path in written}
    return "PLAN.md" if "PLAN.md" in names else "EXPECT.yaml"


def _kind(given: Arguments) -> str:
    from diagnose.emit.report import SUFFIXES, kind_of

    if given.apply and not given.plan:
        raise click.UsageError("--apply needs --plan")
    if not given.output:
        return "markdown"
    kind = kind_of(given.output)
    if kind is None:
        raise click.UsageError(f"-o {given.output}: the suffix must be one of {', '.join(SUFFIXES)}")
    return kind


def _write(story: Any, kind: str, file: str) -> None:
    from diagnose import __version__
    from diagnose.cli.console import write
    from diagnose.cli.outputs import write_file
    from diagnose.emit import Context
    from diagnose.emit.report import render

    text = render(story, kind, __version__, Context().url)
    if file:
        write_file(file, text)
    else:
        write(text)
