"""``diagnose formats``: list the log formats, show what is read."""

import click

from diagnose.cli.lazy import Lazy

COMMANDS = {
    "list": "List the log formats that are known.",
    "parse": "Show what is read from a file: series, facts, events, segments.",
}


@click.group("formats", cls=Lazy, package=__name__, table=COMMANDS)
def command() -> None:
    """List the log formats, or show what is read from a file."""
