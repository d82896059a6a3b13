"""``diagnose baseline prune``."""

from __future__ import annotations

from typing import Any

import click

from diagnose.cli.baseline.common import Arguments, build_job, file_option, linting, trouble


@click.command("prune")
@linting
@file_option
def command(**given: Any) -> int:
    """Drop the entries of files in PATHS that are no longer found, and those of files that exist no more.

    New findings are not added. Nothing is written if a file cannot be read.
    """
    from diagnose.cli.console import write
    from diagnose.settings.load import shown

    job = build_job(Arguments(**given), heed=True)
    outcome = job.linter.run()
    if status := trouble(outcome):
        return status
    for baseline in outcome.baselines.values():
        kept = baseline.pruned(file.path for file in outcome.report.files)
        if kept.entries != baseline.entries:
            kept.save()
        dropped = len(baseline.entries) - len(kept.entries)
        write(f"{shown(baseline.file.absolute())}: {dropped} dropped, {len(kept.entries)} kept\n")
    return 0
