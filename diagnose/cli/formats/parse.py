"""``diagnose formats parse``."""

from __future__ import annotations

import sys

import click

from diagnose.cli import options


@click.command("parse")
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False), metavar="FILE...")
@click.option("--all", "every", is_flag=True, help="Show every point in text, not only the first and last.")
@options.listing("text", "json")
@options.inputs
def command(
    paths: tuple[str, ...], every: bool, output_format: str, format: str, stdin_filename: str, max_size: int | None
) -> int:
    """Show what is read from files, folders or `-`: series, facts, settings, events and segments, with their lines."""
    from diagnose import logs
    from diagnose.api.session import check_format
    from diagnose.cli.console import say, write
    from diagnose.engine.inputs import collect
    from diagnose.errors import DiagnoseError
    from diagnose.kit import record, snapshot
    from diagnose.sources import MAX_BYTES
    from diagnose.text import escape

    if format:
        check_format(format)
    limit = max_size or MAX_BYTES
    stdin = sys.stdin.buffer if "-" in paths else b""
    failed, records, found = False, [], 0
    for given in collect(list(paths), limit=limit, stdin=stdin, stdin_name=stdin_filename or "<stdin>"):
        found += 1
        for source in given.sources:
            try:
                run = logs.read(source, format)
                if run is None:
                    raise DiagnoseError("no known format", mend="name it with --format")
            except DiagnoseError as error:
                failed = True
                say(f"diagnose: {source.path}: {error.message}" + (f" ({error.mend})" if error.mend else ""))
                continue
            if output_format == "json":
                records.append(record.record(run))
            else:
                write(escape.clean(f"file: {escape.plain(source.path)}\n{snapshot.describe(run, all_points=every)}"))
        if given.error is not None:
            failed = True
            say(f"diagnose: {given.path}: {given.error.message}")
    if output_format == "json":
        write(escape.json(records, indent=2) + "\n")
    if not found:
        say(f"diagnose: no log of a known format in {', '.join(paths)}")
    return 2 if failed or not found else 0
