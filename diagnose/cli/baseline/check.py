"""``diagnose baseline check``."""

from __future__ import annotations

from typing import Any

import click

from diagnose.cli.baseline.common import Arguments, build_job, file_option, linting, trouble


@click.command("check")
@linting
@file_option
def command(**given: Any) -> int:
    """Report findings that the baseline lacks, and entries that are no longer found in PATHS.

    Exit status: 1 if there are any of either, 2 if a file could not be read.
    """
    from diagnose import emit
    from diagnose.cli.console import say, write
    from diagnose.text.escape import plain
    from diagnose.text.wording import plural

    job = build_job(Arguments(**given), heed=True)
    outcome = job.linter.run()
    if outcome.report.findings:
        write(emit.emit(outcome.report, "concise"))
    stale = [
        (entry, baseline.met[entry.fingerprint])
        for baseline in outcome.baselines.values()
        for entry in baseline.stale(file.path for file in outcome.report.files)
    ]
    for entry, met in stale:
        told = f"found {met} of {entry.count} times" if met else "no longer found"
        write(f"{plain(entry.path)}: stale {entry.code} {entry.name}: {told}: {plain(entry.message)}\n")
    known = plural(outcome.report.suppressed, "known finding")
    entries = f"{len(stale)} stale {'entry' if len(stale) == 1 else 'entries'}"
    say(f"{known}, {len(outcome.report.findings)} new, {entries}.")
    if stale:
        say("Drop stale entries with: diagnose baseline prune")
    return trouble(outcome) or int(bool(stale or outcome.report.findings))
