"""``diagnose reproduce``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnose.cli import options

if TYPE_CHECKING:
    from diagnose.probes.result import Result

FORMATS = ("full", "markdown", "json")
SUFFIXES = {".md": "markdown", ".json": "json"}
LONG = 90.0
"""Seconds to come that are told of."""
UNWRITTEN = (".html", ".htm", ".pdf", ".xml")


class Word(options.ParamType):
    """A mechanism or a rule; completed with both."""

    name = "word"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word."""
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Return mechanisms that begin so, then rules."""
        from diagnose.probes.registry import mechanisms

        found = [click.shell_completion.CompletionItem(name, help=one.TITLE) for name, one in mechanisms().items()]
        return [item for item in found if item.value.startswith(incomplete)] + options.OneRule().shell_complete(
            ctx, param, incomplete
        )


@click.command("reproduce")
@click.argument("word", type=Word(), default="", metavar="RULE|MECHANISM")
@click.option("--list", "listing", is_flag=True, help="List the mechanisms, and the rules they belong to.")
@click.option(
    "--from",
    "log",
    default="",
    metavar="LOG",
    type=click.Path(readable=False),
    help="Take numbers from this log or folder of a run.",
)
@click.option(
    "--before",
    default="",
    metavar="LOG",
    type=click.Path(readable=False),
    help="The run before, for mechanisms that compare with it (a batch, rate or weight that was changed).",
)
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A parameter of the experiment; repeatable.")
@click.option(
    "--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto", help="Where to train.  [auto: a GPU if any]"
)
@click.option(
    "--replicas",
    type=click.IntRange(min=8, max=1_000_000),  # as FEWEST in diagnose.probes.result
    help="Of each arm.  [64 on a CPU, 512 on a GPU]",
)
@click.option("--seed", type=click.IntRange(min=0, max=1_000_000), default=0, help="Of the first replica.  [0]")
@click.option("--vary/--no-vary", default=None, help="Also take each cause away alone.  [with --from]")
@click.option("--no-speed", is_flag=True, help="Do not measure a plain loop for comparison.")
@click.option("-o", "--output", metavar="FILE", default="", help="Write to a file what would go to standard output.")
@click.option(
    "--output-format", type=click.Choice(FORMATS), help="How to write it.  [full, or as the suffix of -o says]"
)
@click.option("--format", type=options.FormatName(), default="", metavar="NAME", help="Read the log as this format.")
@options.settings
@options.colour
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(word: str, listing: bool, output_format: str | None, output: str, **given: Any) -> int:
    """Train many small replicas at once with a suspected cause, without it, and mended, to show what it does.

    RULE is a code or name (DATA009, extreme-class-weights); all mechanisms it suspects are tried. The replicas are
    small stand-ins on generated data: they show whether a mechanism can do what is said of it, with the numbers of your
    log, not that it did so in your run. For that there is `diagnose confirm`.

    Exit status: 0 whatever came out, 2 if it could not be done.
    """
    from diagnose.cli.outputs import check_file

    suffix = Path(output).suffix.lower()
    if suffix in UNWRITTEN and not output_format:
        raise click.UsageError(f"no output is written as {suffix}: name a .md, .json or .txt file")
    chosen = output_format or SUFFIXES.get(suffix, "full")
    check_file(output)
    if listing:
        _write(_listing(chosen), output)
        return 0
    if not word:
        raise click.UsageError("name a rule or a mechanism, or see --list")
    results = _run(word, given)
    _write(_shown(word, results, chosen, output, given["color"]), output)
    return 0


def _run(word: str, given: dict[str, Any]) -> list[Result]:
    from diagnose.api.reproducer import Wish, reproduce
    from diagnose.api.session import check_format
    from diagnose.cli.known import known_rules
    from diagnose.cli.progress import Progress

    if given["format"]:
        check_format(given["format"])
    said = given["quiet"]

    def watch(arm: str, left: float) -> None:
        nonlocal said
        if left > LONG and not said:
            said = True
            click.echo(f"about {left / 60:.0f} more minutes; fewer with --replicas or --no-vary", err=True)
        progress.step(arm)

    with Progress(not given["quiet"], "training") as progress:
        wish = Wish(
            word=word,
            log=given["log"],
            before=given["before"],
            format=given["format"],
            device=given["device"],
            replicas=given["replicas"] or 0,
            seed=given["seed"],
            given=given["given"],
            vary=given["vary"],
            timed=not given["no_speed"],
            watch=watch,
            warn=lambda line: click.echo(line, err=True),
        )
        return reproduce(wish, known_rules(given["config"], isolated=given["isolated"]))


def _shown(word: str, results: Sequence[Result], name: str, output: str, colour: str) -> str:
    from diagnose.cli import console
    from diagnose.probes import show
    from diagnose.probes.result import rule_record
    from diagnose.text import escape

    if name == "json":
        whole = results[0].record() if len(results) == 1 else rule_record(word, results)
        return escape.json(whole, indent=2) + "\n"
    if name == "markdown":
        return "\n".join(map(show.markdown, results))
    painted = not output and console.wants_colour(colour, sys.stdout)
    width = 100 if output else console.width(sys.stdout)
    return "\n".join(show.text(result, colour=painted, width=width) for result in results)


def _listing(name: str) -> str:
    from diagnose.probes.registry import mechanisms
    from diagnose.text import escape

    if name == "json":
        made = [{"name": one.NAME, "title": one.TITLE, "rules": list(one.RULES)} for one in mechanisms().values()]
        return escape.json(made, indent=2) + "\n"
    if name == "markdown":
        rows = [f"| `{one.NAME}` | {one.TITLE} | {', '.join(one.RULES)} |" for one in mechanisms().values()]
        return "\n".join(["| mechanism | what | rules |", "|---|---|---|", *rows]) + "\n"
    return "".join(f"{one.NAME}\n  {one.TITLE}\n  {', '.join(one.RULES)}\n" for one in mechanisms().values())


def _write(text: str, file: str) -> None:
    from diagnose.cli import console
    from diagnose.cli.outputs import write_file

    if file:
        write_file(file, text)
    else:
        console.write(text)
