"""``diagnose rules check``."""

from __future__ import annotations

import click

from diagnose.cli import options


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(readable=False))
@options.settings
def command(paths: tuple[str, ...], config: tuple[str, ...], isolated: bool) -> int:
    """Check rule files and folders: every problem with its line. Exit status 1 if there are any.

    By default the rules of the settings here; if they name none, the built-in ones.
    """
    from diagnose.cli.console import say, write
    from diagnose.cli.known import rule_files, settings_here
    from diagnose.kit.check_rules import check_rules
    from diagnose.text.wording import plural

    files = rule_files(paths, settings_here(config, isolated=isolated))
    problems = check_rules(files)
    write("".join(f"{problem}\n" for problem in problems))
    say(f"{plural(len(problems), 'problem') if problems else 'No problems'} in {plural(len(files), 'rule')}.")
    return int(bool(problems))
