"""``diagnose rules test``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from diagnose.cli import options

if TYPE_CHECKING:
    from diagnose.kit.cases import Outcome
    from diagnose.rules import Rule
    from diagnose.settings import Settings

MISSING, NOISY, OTHERWISE, FAULTY = "missing", "noisy", "otherwise", "faulty"


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(readable=False))
@click.option("--rule", "names", multiple=True, type=options.RuleNames(), metavar="RULES", help="Only these rules.")
@click.option("-v", "--verbose", is_flag=True, help="List the cases that pass, too.")
@options.settings
def command(
    paths: tuple[str, ...],
    names: tuple[tuple[str, ...], ...],
    verbose: bool,
    config: tuple[str, ...],
    isolated: bool,
) -> int:
    """Run the cases of rule files and folders. Exit status 1 if one fails.

    By default the rules of the settings here; if they name none, the built-in ones.

    A case that passes is `validated`. Of the others, `missing` should have been reported, `noisy` should not,
    `otherwise` was reported with another message or severity, and `faulty` could not be run.
    """
    from diagnose.cli.console import say, write
    from diagnose.cli.known import settings_here
    from diagnose.kit import cases
    from diagnose.text.wording import plural

    counts: Counter[str] = Counter()
    rules = [rule for rule in load(paths, settings_here(config, isolated=isolated)) if wanted(rule, names)]
    for rule in rules:
        for outcome in cases.test(rule):
            word = verdict(outcome)
            counts[word] += 1
            if verbose or word != "validated":
                write(f"{rule.path}: case {outcome.number}: {word} {rule.name}" + "".join(told(outcome)) + "\n")
    tally = ", ".join(f"{count} {word}" for word, count in counts.items()) or "no cases"
    say(f"{plural(len(rules), 'rule')}: {tally}.")
    return int(any(word != "validated" for word in counts))


def verdict(outcome: Outcome) -> str:
    """Return the word for what became of a case."""
    if outcome.passed:
        return "validated"
    if outcome.got == "error":
        return FAULTY
    if outcome.expected == "reported":
        return MISSING if outcome.got in ("silent", "skipped") else OTHERWISE
    return NOISY if outcome.got.startswith("reported") else OTHERWISE


def told(outcome: Outcome) -> Iterator[str]:
    """Yield what is said of a case besides the word."""
    if not outcome.passed:
        yield f": expected {outcome.expected}, got {outcome.got}"
    if outcome.detail:
        yield f" ({outcome.detail})"


def wanted(rule: Rule, names: tuple[tuple[str, ...], ...]) -> bool:
    """Whether a rule is among those named; any is if none are."""
    from diagnose.rules import selects

    return not names or any(selects(name, rule) for several in names for name in several)


def load(paths: tuple[str, ...], settings: Settings) -> list[Rule]:
    """Return the rules of some files. Raises RuleError with all problems."""
    from diagnose import assets
    from diagnose.cli.known import rule_files
    from diagnose.errors import RuleError
    from diagnose.rules import from_mapping
    from diagnose.rules.check import check

    files = rule_files(paths, settings)
    problems = [problem for file in files for problem in check(file)]
    if problems:
        raise RuleError("invalid rules:\n" + "\n".join(f"  {problem}" for problem in problems))
    return [from_mapping(assets.load(file), file) for file in files]
