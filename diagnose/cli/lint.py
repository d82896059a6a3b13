"""``diagnose lint``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from diagnose.cli import options
from diagnose.cli.arguments import Linting, build_request, with_hooks

if TYPE_CHECKING:
    from diagnose.api import Outcome
    from diagnose.cli.outputs import Output
    from diagnose.model import FileReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(Linting):
    """The arguments of ``lint``."""

    min_severity: str | None = None
    fail_on: str | None = None
    exit_zero: bool = False
    baseline: str | None = None
    allow_unknown: bool = False
    output_format: tuple[str, ...] = ()
    output_file: str = ""
    statistics: bool = False
    color: str = "auto"
    no_progress: bool = False
    quiet: bool = False
    verbose: bool = False


@click.command("lint")
@options.paths
@options.selection
@click.option("--min-severity", type=click.Choice(options.SEVERITIES), help="Mildest severity that is shown.  [hint]")
@click.option(
    "--fail-on",
    type=click.Choice((*options.SEVERITIES, "new", "never")),
    help="Mildest severity that makes the exit status 1; `new`: whatever the baseline lacks.  [error]",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found; what could not be done is still 2.")
@click.option(
    "--output-format",
    multiple=True,
    type=options.OutputSpec(),
    help="Output: full (on a terminal), concise (elsewhere), grouped, json, jsonl, sarif, github, gitlab, azure, "
    "junit, markdown or html; repeatable as FMT:FILE.",
)
@click.option("--output-file", default="", metavar="FILE", help="Write to a file what would go to standard output.")
@click.option("--statistics", is_flag=True, help="Show how often each rule was reported, in place of the findings.")
@click.option("--baseline", metavar="FILE", help="Leave out the findings that this file knows.")
@options.settings
@options.inputs
@click.option("--allow-unknown", is_flag=True, help="Files of no known format do not make the exit status 2.")
@options.colour
@click.option("--no-progress", is_flag=True, help="Show no progress, not even on a terminal and for long work.")
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Also tell which settings and rules counted, and what was ignored.")
def command(**given: Any) -> int:
    """Find what went wrong in training logs and runs.

    PATHS are logs, results files, folders of runs, or `-` for standard input; by default the current folder. A named
    file is always linted; in a folder the files of a known format are found, and those of one run are read together.

    Exit status: 0 if nothing as severe as --fail-on was found, 1 if something was, 2 if something could not be done.
    """
    return run(Arguments(**given))


def run(given: Arguments) -> int:
    """Lint, write the outputs, and return the exit status."""
    from diagnose.api import Linter
    from diagnose.cli.outputs import build_context, build_outputs, write_outputs
    from diagnose.cli.progress import Progress

    request = build_request(given, min_severity=given.min_severity, fail_on=given.fail_on, baseline=given.baseline)
    with Progress(not (given.no_progress or given.quiet)) as progress:
        linter = Linter(with_hooks(request, watch=progress.step))
        outputs = build_outputs(given.output_format, given.output_file, linter.settings())
        outcome = linter.run()
    if given.statistics:
        write_statistics(outputs, outcome)
    else:
        write_outputs(outputs, outcome, build_context(outcome, given.color))
    tell(given, outputs, outcome)
    return status(given, outcome)


def status(given: Arguments, outcome: Outcome) -> int:
    """Return the exit status: what could not be done outranks what was found."""
    if any(file.status != "unknown" or not given.allow_unknown for file in outcome.trouble):
        return 2
    return int(bool(outcome.failing) and not given.exit_zero)


def write_statistics(outputs: list[Output], outcome: Outcome) -> None:
    """Write the statistics in place of each output."""
    from diagnose.cli.console import write
    from diagnose.cli.outputs import write_file
    from diagnose.cli.statistics import statistics

    for output in outputs:
        text = statistics(outcome.report, output.name)
        if output.file:
            write_file(output.file, text)
        else:
            write(text)


def tell(given: Arguments, outputs: list[Output], outcome: Outcome) -> None:
    """Tell on stderr what could not be done and, as far as it is wanted, what was done."""
    from diagnose.cli.console import say
    from diagnose.cli.outputs import FOR_PEOPLE
    from diagnose.text import wording

    stdout = next((output.name for output in outputs if not output.file), "")
    told = stdout in FOR_PEOPLE and not given.statistics and sys.stdout.isatty() and sys.stderr.isatty()
    for file in outcome.trouble if not told else ():
        say(f"diagnose: {file.path}: {problem(file)}")
    if given.quiet:
        return
    written = [output.file for output in outputs if output.file]
    if not stdout:
        say(f"{wording.found(outcome.report)}. Written to {', '.join(written)}.")
    if given.verbose:
        from diagnose.cli.verbose import account

        for line in account(outcome):
            say(line)


def problem(file: FileReport) -> str:
    """Return why a file was not, or not fully, checked."""
    from diagnose.text import wording

    return wording.problem(file) or "not checked"
