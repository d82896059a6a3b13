"""``diagnose cache``: what was read of logs before, and how to forget it."""

import click

from diagnose.cli.lazy import Lazy

COMMANDS = {
    "info": "Show where the cache is and how large.",
    "clean": "Delete what the cache holds.",
}


@click.group("cache", cls=Lazy, package=__name__, table=COMMANDS)
def command() -> None:
    """Show or delete what was read of logs before.

    `diagnose lint` keeps what it has read of logs of up to 1 MiB, so that those that did not change are not read again.
    """
