"""``diagnose verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from diagnose.cli import options
from diagnose.cli.arguments import Linting, build_request
from diagnose.records import dataclass

TIERS = ("minimum", "target", "exceptional")
FORMATS = ("full", "markdown", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(Linting):
    """The arguments of ``verify``."""

    require: str = ""
    new: bool = False
    check: bool = False
    schema: bool = False
    output: str = ""
    force: bool = False
    output_format: tuple[str, ...] = ()
    color: str = "auto"
    quiet: bool = False


@click.command("verify")
@click.argument("paths", nargs=-1, type=click.Path(readable=False), metavar="EXPECT.yaml [NAME=]RUN...")
@click.option("--require", type=click.Choice(TIERS), help="Tier that must be reached for exit status 0.  [the lowest]")
@click.option("--new", is_flag=True, help="Write the skeleton of an experiment from RUN, its baseline.")
@click.option("--check", is_flag=True, help="Only check EXPECT.yaml.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of EXPECT.yaml, for editors.")
@click.option("-o", "--output", metavar="FILE", default="", help="Write to a file what would go to standard output.")
@click.option("--force", is_flag=True, help="With --new: overwrite the file.")
@click.option(
    "--output-format",
    multiple=True,
    metavar="FMT[:FILE]",
    help="Output: full, markdown or json; repeatable as FMT:FILE.  [full, or as the suffix of -o says]",
)
@options.settings
@options.inputs
@options.colour
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
def command(**given: Any) -> int:
    """Evaluate an experiment that was registered beforehand against the runs that came of it.

    EXPECT.yaml says what was believed, what would count as success (minimum, target, exceptional), what could go wrong,
    and what follows from which outcome. Begin one with `diagnose verify --new RUN -o EXPECT.yaml`. Runs are logs,
    results files or folders, named as the experiment names them (A=runs/a), or in its order.

    Exit status: 0 if the minimum, or the tier that --require names, is reached, 1 if not, 2 if it could not be done.
    """
    given["require"] = given["require"] or ""
    return run(Arguments(**given))


def run(given: Arguments) -> int:
    """Verify, write the outputs, and return the exit status."""
    if given.schema:
        from diagnose.engine.expect.schema import json_schema
        from diagnose.text import escape

        _write(escape.json(json_schema(), indent=2) + "\n", given.output)
        return 0
    if given.new:
        return _new(given)
    if not given.paths:
        raise click.UsageError("name EXPECT.yaml and a RUN, or begin one with --new RUN")
    return _check(given) if given.check else _verify(given)


def _verify(given: Arguments) -> int:
    from diagnose.api.verifier import Verifier
    from diagnose.cli import console
    from diagnose.engine.expect.show import show

    outputs = _outputs(given)
    verdict = Verifier(build_request(given)).verify(given.require)
    for name, file in outputs:
        colour = not file and console.wants_colour(given.color, sys.stdout)
        _write(show(verdict, name, colour=colour, width=100 if file else console.width(sys.stdout)), file)
    return 0 if verdict.reached else 1


def _check(given: Arguments) -> int:
    from diagnose.api.verifier import Verifier
    from diagnose.cli.console import say

    plan = Verifier(build_request(given)).experiment()
    if not given.quiet:
        say(f"{given.paths[0]} is valid: {len(plan.criteria)} criteria in {', '.join(plan.tiers())}.")
    return 0


def _new(given: Arguments) -> int:
    from diagnose.api.verifier import skeleton
    from diagnose.cli.console import say
    from diagnose.errors import SettingsError
    from diagnose.model import Place

    if len(given.paths) != 1:
        raise click.UsageError("--new needs one RUN")
    if given.output and not given.force and Path(given.output).exists():
        raise SettingsError("is there already", place=Place(given.output), mend="add --force to overwrite it")
    _write(skeleton(build_request(given), given.output), given.output)
    if given.output and not given.quiet:
        say(f"Wrote {given.output}: change it, then `diagnose verify {given.output} RUN`.")
    return 0


def _outputs(given: Arguments) -> list[tuple[str, str]]:
    """Return each wanted output with its file; without one it goes to stdout."""
    from diagnose.cli.outputs import places

    suffix = Path(given.output).suffix.lower()
    if suffix in (".html", ".htm", ".pdf", ".xml") and not given.output_format:
        raise click.UsageError(f"no output is written as {suffix}: name a .md, .json or .txt file")
    by_suffix = {".md": "markdown", ".json": "json"}.get(suffix, "full")
    return places(given.output_format or (by_suffix,), FORMATS, given.output)


def _write(text: str, file: str) -> None:
    from diagnose.cli import console
    from diagnose.cli.outputs import write_file

    if file:
        write_file(file, text)
    else:
        console.write(text)
