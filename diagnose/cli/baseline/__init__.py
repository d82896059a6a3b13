"""``diagnose baseline``: accept today's findings."""

import click

from diagnose.cli.lazy import Lazy

COMMANDS = {
    "write": "Accept every finding of today.",
    "check": "Report what the baseline lacks, and entries that are no longer found.",
    "prune": "Drop the entries that are no longer found.",
}


@click.group("baseline", cls=Lazy, package=__name__, table=COMMANDS)
def command() -> None:
    """Accept today's findings, so that only new ones are reported.

    The baseline is a text file for the repository. An entry is known by rule, metric, segment and path, not by line.
    `diagnose lint --baseline FILE`, or `baseline = "FILE"` in the settings, leaves out what it knows.
    """
