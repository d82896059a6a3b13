"""``diagnose lint``."""

from __future__ import annotations

import gc
from typing import Any

import click

from diagnose.cli import options, reporting
from diagnose.cli.arguments import build_request, with_hooks
from diagnose.cli.reporting import Reporting


@click.command("lint")
@options.paths
@options.selection
@reporting.verdict
@options.settings
@options.inputs
@options.frames
@options.pace
@click.option("--allow-unknown", is_flag=True, help="Files of no known format do not make the exit status 2.")
@reporting.manner
def command(**given: Any) -> int:
    """Find what went wrong in training logs and runs.

    PATHS are logs, results files, folders of runs, or `-` for standard input; by default the current folder. A named
    file is always linted; in a folder the files of a known format are found, and those of one run are read together.

    Exit status: 0 if nothing as severe as --fail-on was found, 1 if something was, 2 if something could not be done.
    """
    return run(Reporting(**given))


def run(given: Reporting) -> int:
    """Lint, write the outputs, and return the exit status."""
    from diagnose.api import Linter
    from diagnose.cli.outputs import build_outputs
    from diagnose.cli.progress import Progress

    request = build_request(given, min_severity=given.min_severity, fail_on=given.fail_on, baseline=given.baseline)
    with Progress(not (given.no_progress or given.quiet)) as progress:
        linter = Linter(with_hooks(request, watch=progress.step))
        outputs = build_outputs(given.output_format, given.output_file, linter.settings())
        gc.freeze()  # what was imported stays: no use in looking through it for what is no longer used
        outcome = linter.run()
    return reporting.write(given, outputs, outcome)
