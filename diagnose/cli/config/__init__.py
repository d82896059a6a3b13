"""``diagnose config``: the settings."""

import click

from diagnose.cli.lazy import Lazy

COMMANDS = {
    "show": "Show the settings that count for a file, and where each comes from.",
    "schema": "Print the JSON schema of the settings, for editors.",
}


@click.group("config", cls=Lazy, package=__name__, table=COMMANDS)
def command() -> None:
    """Show the settings that count, or their schema.

    Settings stand in `.diagnose.toml`, `diagnose.toml` or `[tool.diagnose]` of `pyproject.toml`. The closest file wins
    alone; `extend = "path"` builds on another.
    """
