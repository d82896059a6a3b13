"""``diagnose explain``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from diagnose.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.rules import Rule


@click.command("explain")
@click.argument("rules", nargs=-1, type=options.OneRule(), metavar="RULE...")
@click.option("--all", "every", is_flag=True, help="Explain every rule.")
@options.listing("text", "json", "markdown")
@options.settings
@options.colour
def command(
    rules: tuple[str, ...], every: bool, output_format: str, config: tuple[str, ...], isolated: bool, color: str
) -> int:
    """Explain rules: what they mean, when they fire, what to do, and when they may be wrong.

    RULE is a code (LOSS001), a name (loss-nan), a family (LOSS), or something like it.
    """
    from diagnose.cli.console import wants_colour, width, write
    from diagnose.cli.known import known_rules
    from diagnose.errors import SettingsError
    from diagnose.kit import explain
    from diagnose.text import escape

    if not rules and not every:
        raise click.UsageError("Name a rule, or use --all.")
    known = known_rules(config, isolated=isolated)
    chosen = list(known)
    if not every:
        try:
            chosen = [rule for word in rules for rule in find(word, known)]
        except LookupError as error:
            raise SettingsError(str(error)) from None
    if output_format == "json":
        write(escape.json([explain.record(rule) for rule in chosen], indent=2) + "\n")
    elif output_format == "markdown":
        write("\n".join(explain.markdown(rule) for rule in chosen))
    else:
        colour = wants_colour(color, sys.stdout)
        write("\n".join(explain.text(rule, colour=colour, width=width(sys.stdout)) for rule in chosen))
    return 0


def find(word: str, rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules a word means: exactly, then as a selector, then as the only name that holds it.

    Raises:
        LookupError: if it means none, or several that are no family; its text names what comes near.
    """
    from diagnose.engine.catalogue import named

    for spelled in (word, word.upper(), word.lower().replace("_", "-").replace(" ", "-")):
        exact = [rule for rule in rules if spelled in (rule.code, rule.name)]
        if exact:
            return exact
    try:
        return named(word, rules)
    except LookupError as error:
        held = [rule for rule in rules if word.lower().replace("_", "-") in rule.name]
        if len(held) == 1:
            return held
        near = f"did you mean {', '.join(rule.name for rule in held)}?" if held else str(error)
        raise LookupError(f"unknown rule {word!r} ({near})") from None
