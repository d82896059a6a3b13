"""``diagnose formats list``."""

from __future__ import annotations

import click

from diagnose.cli import options


@click.command("list")
@options.listing("text", "json", "markdown")
def command(output_format: str) -> int:
    """List the log formats that are known. They are detected from content, never from the name alone."""
    from diagnose.cli.console import write
    from diagnose.kit.table import table
    from diagnose.logs import formats

    rows = [{"name": name, "title": format.TITLE} for name, format in sorted(formats().items())]
    write(table(rows, output_format))
    return 0
