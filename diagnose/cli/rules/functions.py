"""``diagnose rules functions``."""

from __future__ import annotations

import click

from diagnose.cli import options


@click.command("functions")
@options.listing("text", "json", "markdown")
def command(output_format: str) -> int:
    """List the functions that the conditions of rules can call."""
    from diagnose.cli.console import write
    from diagnose.kit.table import table
    from diagnose.language.functions import TABLE

    rows = [{"function": found.signature, "meaning": found.doc} for _, found in sorted(TABLE.items())]
    write(table(rows, output_format))
    return 0
