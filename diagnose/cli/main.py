"""The command ``diagnose``: its subcommands are the modules of this package, imported when called."""

from __future__ import annotations

import os

import click

from diagnose import __version__
from diagnose.cli.lazy import Lazy

COMMANDS = {
    "lint": "Find what went wrong in training logs and runs.",
    "diff": "Rank what changed between two configs, runs or revisions by risk.",
    "report": "Tell the story of a run: what happened, what is suspected, what to run next.",
    "sweep": "Rank many runs, and say what went with the result.",
    "verify": "Evaluate an experiment that was registered beforehand against its runs.",
    "confirm": "Settle by experiment which change made a training go wrong.",
    "reproduce": "Show by experiment whether a suspected mechanism does what is said of it.",
    "explain": "Explain a rule: what it means, when it fires, what to do.",
    "rules": "List, check, test and write rules.",
    "formats": "List the log formats, or show what is read from a file.",
    "baseline": "Accept today's findings and report only new ones.",
    "cache": "Show or delete what was read of logs before.",
    "config": "Show the settings that count, or their schema.",
    "completion": "Print the script that completes commands in your shell.",
}
"""Subcommands and their one-line help, so that ``--help`` imports none of them."""
TRAINING = ("confirm", "reproduce")
"""Those under which programs of the user or torch train, with as many threads as they like."""


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    click.echo(f"diagnose, version {__version__}")
    if ctx.params.get("verbose"):
        from diagnose.scan import engine

        click.echo("engine: {} ({})".format(*engine()))
    ctx.exit()


@click.group(
    cls=Lazy,
    package="diagnose.cli",
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--verbose", is_flag=True, is_eager=True, help="With --version: say how logs are read, too.")
@click.option("-V", "--version", is_flag=True, expose_value=False, callback=_version, help="Show the version and exit.")
@click.pass_context
def main(ctx: click.Context, verbose: bool) -> None:
    """Read training logs and configs, say what is wrong, where, why, and what to change.

    Start with `diagnose lint PATH`: a log, a results file, or the folder of a run.
    """
    if ctx.invoked_subcommand not in TRAINING:
        # numpy's BLAS starts a thread per core when it is imported; nothing here multiplies matrices.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if os.environ.get("DIAGNOSE_ENGINE"):
        from diagnose.scan import engine

        engine()  # a name that is none ends here, not at every file


def program() -> None:
    """Run ``main`` as a process of its own: the command; ``python -m`` may run within another program."""
    from diagnose.cli.guard import leave

    try:
        main()
    except SystemExit as end:
        leave(end)
