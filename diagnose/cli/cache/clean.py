"""``diagnose cache clean``."""

from __future__ import annotations

import click

from diagnose.cli import options
from diagnose.cli.cache.common import store


@click.command("clean")
@options.settings
def command(config: tuple[str, ...], isolated: bool) -> int:
    """Delete what the cache holds; the folder itself stays, and so does what else is in it."""
    from diagnose.cli.console import write
    from diagnose.text.escape import plain
    from diagnose.text.wording import plural

    known = store(config, isolated=isolated)
    number, size = known.clean()
    write(f"{plain(str(known.folder))}: {plural(number, 'file')} deleted, {size / 1e6:.1f} MB\n")
    return 0
