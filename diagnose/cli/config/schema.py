"""``diagnose config schema``."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> int:
    """Print the JSON schema of the settings, for editors."""
    import json

    from diagnose import emit
    from diagnose.cli.console import write
    from diagnose.settings import json_schema

    write(json.dumps(json_schema(emit.names()), indent=2) + "\n")
    return 0
