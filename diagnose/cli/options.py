"""Options that several commands share, and the kinds of values they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:  # only the newest click can be subscripted
    ParamType = click.ParamType

Command = TypeVar("Command", bound=Callable[..., Any])
SEVERITIES = ("error", "warning", "info", "hint")


class RuleNames(ParamType):
    """A rule, or several with commas; completed with the titles."""

    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the parts of a comma list."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return codes and names that begin so."""
        from diagnose.rules import builtin

        before, comma, last = incomplete.rpartition(",")
        found = []
        for rule in builtin():
            word = rule.code if last[:1].isupper() else rule.name
            if word.startswith(last):
                found.append(CompletionItem(before + comma + word, help=rule.title))
        return found


class OneRule(RuleNames):
    """One rule, as it is written."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word."""
        return value


class Size(ParamType):
    """A number of bytes, such as ``2GB``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the bytes."""
        from diagnose.settings.values import WrongValueError, parse_size

        try:
            return parse_size(value)
        except WrongValueError as error:
            self.fail(str(error), param, ctx)


class FormatName(ParamType):
    """A log format; checked where it is used, completed here."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return formats that begin so."""
        from diagnose.logs import formats

        return [
            CompletionItem(name, help=format.TITLE)
            for name, format in sorted(formats().items())
            if name.startswith(incomplete)
        ]


class OutputSpec(ParamType):
    """``FMT`` or ``FMT:FILE``; checked where it is used, completed here."""

    name = "fmt[:file]"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return outputs that begin so."""
        from diagnose import emit

        return [CompletionItem(name) for name in emit.names() if name.startswith(incomplete)]


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return one decorator for several options, listed in this order by ``--help``."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def listing(*choices: str) -> Callable[[Command], Command]:
    """Return ``--output-format`` for commands that list or explain something; the first choice is the default."""
    return click.option("--output-format", type=click.Choice(choices), default=choices[0], help="How to write it.")


settings = together(
    click.option(
        "--config",
        multiple=True,
        metavar="FILE|KEY=VALUE",
        help="Settings file in place of the closest one, or one setting; repeatable.",
    ),
    click.option("--isolated", is_flag=True, help="Heed no settings file."),
)
selection = together(
    click.option(
        "--select",
        multiple=True,
        type=RuleNames(),
        metavar="RULES",
        help="Rules that run: codes, prefixes, names or ALL; commas and repeats add up.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        type=RuleNames(),
        metavar="RULES",
        help="Rules that do not run, besides the settings'.",
    ),
    click.option(
        "--extend-select",
        multiple=True,
        type=RuleNames(),
        metavar="RULES",
        help="Rules that run as well, besides the settings'.",
    ),
)
inputs = together(
    click.option("--format", type=FormatName(), default="", metavar="NAME", help="Read every file as this format."),
    click.option("--stdin-filename", default="", metavar="PATH", help="Name of what `-` reads, also for its settings."),
    click.option("--max-size", type=Size(), metavar="SIZE", help="Largest file that is read, such as 20GB.  [10GB]"),
)
frames = click.option(
    "--frames", is_flag=True, help="Read every state of a progress bar, not only the last one of each epoch."
)
pace = together(
    click.option(
        "--jobs", metavar="N|auto", help="Processes that read side by side; `auto`: several where that pays.  [auto]"
    ),
    click.option("--no-cache", is_flag=True, help="Read every log anew, and keep nothing of what is read."),
)
paths = click.argument("paths", nargs=-1, type=click.Path(readable=False))
colour = click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    help="Colours; `auto` heeds FORCE_COLOR, NO_COLOR and the terminal.",
)
