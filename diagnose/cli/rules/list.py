"""``diagnose rules list``."""

from __future__ import annotations

import click

from diagnose.cli import options


@click.command("list")
@options.listing("text", "json", "markdown")
@options.settings
def command(output_format: str, config: tuple[str, ...], isolated: bool) -> int:
    """List all rules: the built-in ones and those of the settings here."""
    from diagnose.cli.console import write
    from diagnose.cli.known import checked, settings_here
    from diagnose.engine.catalogue import catalogue, is_builtin
    from diagnose.kit.table import table

    settings = settings_here(config, isolated=isolated)
    rules = catalogue(settings.rules)
    plan = checked(settings)
    chosen = {rule.code for rule in plan.rules}
    rows = [
        {
            "code": rule.code,
            "name": rule.name,
            "severity": "cause" if rule.is_cause else plan.options.severity.get(rule.name, rule.worst),
            "status": rule.status if rule.code in chosen else "off",
            "title": rule.title,
            "origin": "built-in" if is_builtin(rule) else str(rule.path),
        }
        for rule in rules
    ]
    shown = ["code", "name", "severity", "title"]
    if any(row["status"] != "stable" for row in rows):
        shown.insert(3, "status")
    write(table(rows, output_format, shown))
    return 0
