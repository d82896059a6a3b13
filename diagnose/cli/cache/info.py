"""``diagnose cache info``."""

from __future__ import annotations

import json

import click

from diagnose.cli import options
from diagnose.cli.cache.common import store


@click.command("info")
@options.listing("text", "json")
@options.settings
def command(output_format: str, config: tuple[str, ...], isolated: bool) -> int:
    """Show where the cache is, how many logs it holds and how large it is."""
    from diagnose.cli.console import write
    from diagnose.text.escape import plain

    known = store(config, isolated=isolated)
    number, size = known.usage()
    if output_format == "json":
        record = {"folder": str(known.folder), "entries": number, "bytes": size, "bound": known.bound}
        write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    else:
        write(f"folder: {plain(str(known.folder))}\nentries: {number}\nsize: {_mb(size)} of {_mb(known.bound)}\n")
    return 0


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
