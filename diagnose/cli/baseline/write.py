"""``diagnose baseline write``."""

from __future__ import annotations

from typing import Any

import click

from diagnose.cli.baseline.common import Arguments, build_job, linting, trouble


@click.command("write")
@linting
@click.option("-o", "--output", "--baseline", "baseline", metavar="FILE", help="The file to write.")
def command(**given: Any) -> int:
    """Lint, and accept every finding, whatever its severity.

    The file is sorted and says nothing of lines, so that its differences are small. It holds the findings of PATHS
    alone: name all paths that are to be covered. Nothing is written if a file cannot be read.
    """
    from diagnose.cli.console import say, write
    from diagnose.engine.baseline import from_findings
    from diagnose.settings.load import shown
    from diagnose.text.wording import plural

    job = build_job(Arguments(**given), heed=False)
    outcome = job.linter.run()
    if status := trouble(outcome):
        return status
    baseline = from_findings(job.file, outcome.report.findings)
    baseline.save()
    write(f"{shown(job.file.absolute())}: {plural(len(outcome.report.findings), 'finding')} accepted\n")
    if not job.named:
        say(f'To use it, add to diagnose.toml: baseline = "{job.file.name}"')
    return 0
