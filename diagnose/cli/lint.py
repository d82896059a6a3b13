"""``diagnose lint``."""

from __future__ import annotations

import sys

import click

from diagnose.errors import DiagnoseError


@click.command("lint")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--output-format", default="", help="full, concise, json ...")
@click.option("--select", multiple=True)
@click.option("--exit-zero", is_flag=True)
def command(paths: tuple[str, ...], output_format: str, select: tuple[str, ...], exit_zero: bool) -> None:
    """Find what went wrong in training logs and runs."""
    from diagnose import emit
    from diagnose.engine import Options, lint
    from diagnose.engine.inputs import collect
    from diagnose.rules import Selection, builtin
    from diagnose.rules import select as select_rules
    from diagnose.sources import MAX_BYTES

    try:
        rules = select_rules(builtin(), Selection(select or ("ALL",)))
        report = lint(collect(list(paths) or ["."], limit=MAX_BYTES), Options(rules))
    except DiagnoseError as error:
        click.echo(f"diagnose: {error}", err=True)
        sys.exit(2)
    name = output_format or "full"
    rules_info = {
        rule.code: emit.RuleInfo(rule.code, rule.name, rule.title, rule.worst, rule.why, "", rule.family)
        for rule in rules
    }
    click.echo(emit.emit(report, name, emit.Context(colour=sys.stdout.isatty(), rules=rules_info)), nl=False)
    if any(file.status != "ok" for file in report.files):
        sys.exit(0 if exit_zero else 2)
    sys.exit(1 if report.count("error") and not exit_zero else 0)
