"""``diagnose confirm``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from diagnose.cli import confirming, options
from diagnose.cli.arguments import build_request
from diagnose.cli.confirming import Arguments
from diagnose.cli.console import say
from diagnose.cli.guard import FAILED, told_to_end

if TYPE_CHECKING:
    from diagnose.confirm.confirmation import Confirmation
    from diagnose.confirm.model import Outcome, Trial

FORMATS = ("full", "markdown", "html", "json")
DRY = ("full", "json")
"""Those that tell what would be run."""


@click.command("confirm", cls=confirming.WithCommand)
@click.argument("paths", nargs=-1, type=click.Path(readable=False), metavar="BASELINE SUSPECT | FILE.json")
@confirming.question
@confirming.manner
@confirming.training
@confirming.machines
@confirming.results
@options.settings
@options.colour
@click.option("--no-progress", is_flag=True, help="Tell nothing of the runs while they go on.")
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
def command(**given: Any) -> int:
    """Settle by experiment which change made a training go wrong.

    BASELINE and SUSPECT are two configs, or logs or folders of runs that hold theirs; in their place one JSON file of
    `diagnose diff --fix-plan`, `diff` or `report`. COMMAND trains once: {config} is a variant of BASELINE with some of
    SUSPECT's changes, {seed} the seed, {out} an empty folder for the log; {set} passes KEY=VALUE settings instead of a
    config.

    Runs are few, short and paired by seed. Interrupted, run the same again: it goes on, and repeats nothing.

    Exit status: 0 if it was settled and nothing is confirmed, 1 for a verdict that --fail-on names, 2 if it could not
    be done.
    """
    given = {key: value if value is not None or key == "sesoi" else "" for key, value in given.items()}
    return run(Arguments(**given, command=click.get_current_context().meta.get(confirming.COMMAND, ())))


def run(given: Arguments) -> int:
    """Run the study, write the outputs, and return the exit status."""
    from diagnose.api.confirmer import Confirmer

    outputs = _outputs(given)
    spec = confirming.spec_of(given)
    request = build_request(given)
    telling = Telling(given)
    confirmer = Confirmer(request, spec, telling.watch)
    if given.dry_run:
        from diagnose.confirm.show import show_plan

        for name, file in outputs:
            _write(show_plan(confirmer.planned(), "json" if name == "json" else "full"), file)
        return 0
    try:
        with told_to_end():
            telling.begin(confirmer.made.id, tuple(confirmer.made.varied))
            found = confirmer.confirm()
    except KeyboardInterrupt:
        telling.interrupted()
        raise
    _show(given, outputs, found)
    if found.unwritten:
        say(f"diagnose: {found.unwritten}")
        return FAILED
    if given.fail_on == "never":
        return 0
    bad = ("confirmed",) if given.fail_on == "confirmed" else ("confirmed", "undecided", "reference-also-bad")
    return 1 if found.verdict in bad else 0


class Telling:
    """Tells on stderr how the runs go."""

    def __init__(self, given: Arguments) -> None:
        """Tell nothing if that is not wanted."""
        self.wanted = not (given.quiet or given.no_progress)
        self.number = 0
        self.atoms: tuple[str, ...] = ()
        self.begun: set[Trial] = set()

    def begin(self, id: str, atoms: tuple[str, ...]) -> None:
        """Name the study."""
        self.atoms = atoms
        if self.wanted:
            say(f"study {id}: runs are kept; if it is interrupted, run the same again")

    def watch(self, trial: Trial, outcome: Outcome | None) -> None:
        """Tell of a run that has ended."""
        if outcome is None:
            self.begun.add(trial)
            return
        if not self.wanted:
            return
        from diagnose.confirm.show import run_line

        self.number += 1
        known = "" if trial in self.begun or outcome.status == "skipped" else " (known)"
        say(f"run {self.number}{known}: {run_line(trial, outcome, self.atoms)}")

    def interrupted(self) -> None:
        """Say how to go on."""
        if self.wanted:
            say("interrupted: all runs were ended; run the same again to go on")


def _outputs(given: Arguments) -> list[tuple[str, str]]:
    """Return each wanted output with its file; without one it goes to stdout."""
    from diagnose.cli.outputs import check_file, places
    from diagnose.confirm.show import kind_of

    specs = given.output_format or (kind_of(given.output) if given.output else "full",)
    found = places(specs, FORMATS, given.output)
    if given.dry_run and (odd := [name for name, _ in found if name not in DRY]):
        raise click.UsageError(f"--dry-run is written as {' or '.join(DRY)}, not as {odd[0]}")
    for _, file in found:
        check_file(file)
    return found


def _show(given: Arguments, outputs: list[tuple[str, str]], found: Confirmation) -> None:
    from diagnose.cli import console
    from diagnose.confirm.show import show

    for name, file in outputs:
        colour = not file and console.wants_colour(given.color, sys.stdout)
        _write(show(found, name, colour=colour, width=100 if file else console.width(sys.stdout)), file)
    for _, file in outputs:
        if file and not given.quiet:
            console.say(f"Written to {file}.")


def _write(text: str, file: str) -> None:
    from diagnose.cli import console
    from diagnose.cli.outputs import write_file

    if file:
        write_file(file, text)
    else:
        console.write(text)
