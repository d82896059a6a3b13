"""``diagnose sweep``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from diagnose.cli import options, reporting
from diagnose.cli.arguments import build_request, with_hooks
from diagnose.cli.reporting import Reporting
from diagnose.errors import DiagnoseError
from diagnose.records import dataclass, replace

if TYPE_CHECKING:
    from diagnose.api import Outcome
    from diagnose.cli.outputs import Output
    from diagnose.emit import Context
    from diagnose.model import Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(Reporting):
    """The arguments of ``sweep``."""

    metric: str = ""
    goal: str = ""
    at: str = "best"
    write_config: str = ""
    epochs: int | None = None


@click.command("sweep")
@options.paths
@click.option(
    "--metric", default="", metavar="NAME", help="Rank by this metric, in place of the one that speaks for most runs."
)
@click.option("--goal", type=click.Choice(("max", "min")), help="Whether high or low is better.  [the metric's own]")
@click.option("--at", type=click.Choice(("best", "last")), default="best", help="The epoch whose value counts.  [best]")
@click.option(
    "--write-config", metavar="FILE", default="", help="Write the best run's config, with the epochs of a full run."
)
@click.option("--epochs", type=click.IntRange(min=1), help="With --write-config: the epochs of a full run.")
@options.selection
@reporting.verdict
@options.settings
@options.inputs
@reporting.manner
def command(**given: Any) -> int:
    """Rank many runs, say which failed or are too short to judge, and what went with the result.

    PATHS are logs, folders of runs, results files (JSON, CSV), an Optuna storage (SQLite, journal), trials of Keras
    Tuner, and configs whose parts bear the names of the runs.

    Exit status: 0 if nothing as severe as --fail-on was found, 1 if something was, 2 if something could not be done.
    """
    return run(Arguments(**{**given, "goal": given["goal"] or ""}))


def run(given: Arguments) -> int:
    """Compare, write the outputs, and return the exit status."""
    from diagnose.api.sweeper import Sweeper, Wanted
    from diagnose.cli.console import say
    from diagnose.cli.outputs import build_context, build_outputs
    from diagnose.cli.progress import Progress

    if given.epochs and not given.write_config:
        raise click.UsageError("--epochs needs --write-config")
    request = build_request(given, min_severity=given.min_severity, fail_on=given.fail_on, baseline=given.baseline)
    with Progress(not (given.no_progress or given.quiet)) as progress:
        wanted = Wanted(metric=given.metric, goal=given.goal, at=given.at)
        sweeper = Sweeper(with_hooks(request, watch=progress.step), wanted)
        outputs = build_outputs(given.output_format, given.output_file, sweeper.settings())
        outcome = sweeper.run()
    config: dict[str, Any] | None = None
    fault: DiagnoseError | None = None
    if given.write_config:
        try:
            written = sweeper.write_config(given.write_config, given.epochs)
            config = {"file": given.write_config, "notes": list(written.notes)}
        except DiagnoseError as error:
            fault = error  # the comparison is told all the same
    if given.statistics:
        reporting.write_statistics(outputs, outcome)
    else:
        _write(outputs, outcome, build_context(outcome, given.color), sweeper.sweep, config)
    reporting.tell(given, outputs, outcome)
    if fault is not None:
        raise fault
    if config is not None and not given.quiet:
        say(f"wrote {given.write_config}: {'; '.join(config['notes']) or 'unchanged'}")
    return reporting.status(given, outcome)


def _write(
    outputs: list[Output], outcome: Outcome, context: Context, sweep: Sweep, config: dict[str, Any] | None
) -> None:
    from diagnose.cli.console import write
    from diagnose.cli.outputs import write_file

    for output in outputs:
        if output.file:
            plain = replace(context, colour=False, hyperlinks=False, width=100)
            write_file(output.file, _text(outcome, output.name, plain, sweep, config))
        else:
            write(_text(outcome, output.name, context, sweep, config))


def _text(outcome: Outcome, name: str, context: Context, sweep: Sweep, config: dict[str, Any] | None) -> str:
    """Return the sweep and its findings in an output; outputs for machines hold the findings alone."""
    from diagnose import emit
    from diagnose.text import escape
    from diagnose.text.sweep import markdown, page, records, table
    from diagnose.text.terminal import Style

    report = outcome.report
    if name == "json":
        return escape.json(records.sweep_document(sweep, report, context.version, config), indent=2) + "\n"
    findings = emit.emit(report, name, context)
    if not sweep.trials:
        return findings
    style = Style(context.colour, context.hyperlinks)
    if name == "full":
        return "\n".join([*table.full(sweep, max(context.width, 60), style), "", findings])
    if name == "concise":
        return "\n".join([*table.concise(sweep, style), findings])
    if name == "markdown":
        return "\n".join([*markdown.section(sweep), findings])
    if name == "html":
        return page.into(findings, sweep)
    return findings
