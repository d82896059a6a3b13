"""``diagnose rules new``."""

from __future__ import annotations

from pathlib import Path

import click

from diagnose.cli import options


@click.command("new")
@click.argument("code")
@click.argument("name")
@click.option("--folder", metavar="DIR", help="Where rules stand.  [the first folder of the settings, or `rules`]")
@options.settings
def command(code: str, name: str, folder: str | None, config: tuple[str, ...], isolated: bool) -> int:
    """Begin a rule: write a file with a condition and cases that pass, to be changed from there.

    CODE is a code, or a family (LOSS, MY) whose next free code is taken. NAME is kebab-case: loss-rises-late.
    """
    from diagnose import assets
    from diagnose.cli.console import say, write
    from diagnose.cli.known import settings_here
    from diagnose.engine.catalogue import catalogue
    from diagnose.errors import RuleError
    from diagnose.kit.new_rule import new_rule
    from diagnose.model import Place
    from diagnose.settings.load import shown

    settings = settings_here(config, isolated=isolated)
    place = Path(folder) if folder else next(iter(settings.rules), Path("rules"))
    ours = place.resolve() == (assets.root() / "rules").resolve()
    known = catalogue(tuple(folder for folder in settings.rules if folder.is_dir()))  # the first rule makes its folder
    text, file = new_rule(code, name, known, place, builtin=ours)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RuleError(f"cannot write: {error.strerror}", place=Place(str(file))) from None
    write(f"{shown(file.absolute())}\n")
    if not ours and place.resolve() not in [listed.resolve() for listed in settings.rules]:
        say(f'To use it, add to diagnose.toml: rules = ["{place.as_posix()}"]')
    say(f"Change it, then: diagnose rules check {file} && diagnose rules test {file}")
    return 0
