"""``diagnose rules``: list, check, test and write rules."""

import click

from diagnose.cli.lazy import Lazy

COMMANDS = {
    "list": "List the rules.",
    "check": "Check rule files: every problem with its line.",
    "test": "Run the cases that rules carry.",
    "new": "Begin a rule.",
    "functions": "List the functions that conditions can call.",
}


@click.group("rules", cls=Lazy, package=__name__, table=COMMANDS)
def command() -> None:
    """List, check, test and write rules."""
