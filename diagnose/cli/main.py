"""The command ``diagnose``: its subcommands are the modules of this package, imported when called."""

from __future__ import annotations

import importlib

import click

from diagnose import __version__

COMMANDS = {
    "lint": "Find what went wrong in training logs and runs.",
}
"""Subcommands and their one-line help, so that ``--help`` imports none of them."""


class Lazy(click.Group):
    """A group that imports a subcommand only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the subcommands in the order of their importance."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a subcommand, or None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"diagnose.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="diagnose")
def main() -> None:
    """Read training logs and configs, say what is wrong, where, why, and what to change.

    Start with `diagnose lint PATH`: a log, a results file, or the folder of a run.
    """
