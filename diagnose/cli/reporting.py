"""What commands that report findings share: their options, the outputs, and the exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from diagnose.cli import options
from diagnose.cli.arguments import Linting
from diagnose.records import dataclass

if TYPE_CHECKING:
    from diagnose.api import Outcome
    from diagnose.cli.outputs import Output
    from diagnose.model import FileReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting(Linting):
    """The arguments of every command that reports findings."""

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


verdict = options.together(
    click.option(
        "--min-severity", type=click.Choice(options.SEVERITIES), help="Mildest severity that is shown.  [hint]"
    ),
    click.option(
        "--fail-on",
        type=click.Choice((*options.SEVERITIES, "new", "never")),
        help="Mildest severity that makes the exit status 1; `new`: whatever the baseline lacks.  [error]",
    ),
    click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found; what could not be done is still 2."),
    click.option(
        "--output-format",
        multiple=True,
        type=options.OutputSpec(),
        help="Output: full (on a terminal), concise (elsewhere), grouped, json, jsonl, sarif, github, gitlab, azure, "
        "junit, markdown or html; repeatable as FMT:FILE.",
    ),
    click.option("--output-file", default="", metavar="FILE", help="Write to a file what would go to standard output."),
    click.option("--statistics", is_flag=True, help="Show how often each rule was reported, in place of the findings."),
    click.option("--baseline", metavar="FILE", help="Leave out the findings that this file knows."),
)
manner = options.together(
    options.colour,
    click.option("--no-progress", is_flag=True, help="Show no progress, not even on a terminal and for long work."),
    click.option("-q", "--quiet", is_flag=True, help="Only results and errors."),
    click.option(
        "-v", "--verbose", is_flag=True, help="Also tell which settings and rules counted, and what was ignored."
    ),
)


def write(given: Reporting, outputs: list[Output], outcome: Outcome) -> int:
    """Write the outputs, tell what is to be told, and return the exit status."""
    from diagnose.cli.outputs import build_context, write_outputs

    if given.statistics:
        write_statistics(outputs, outcome)
    else:
        write_outputs(outputs, outcome, build_context(outcome, given.color))
    tell(given, outputs, outcome)
    return status(given, outcome)


def status(given: Reporting, outcome: Outcome) -> int:
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


def tell(given: Reporting, outputs: list[Output], outcome: Outcome) -> None:
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
