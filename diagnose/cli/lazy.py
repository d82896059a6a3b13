"""Groups that import a subcommand only when it is called, and leave every way out to ``guard``."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click


class Lazy(click.Group):
    """A group whose subcommands are modules of a package, each with a ``command``."""

    def __init__(self, *args: Any, package: str = "", table: Mapping[str, str] | None = None, **extra: Any) -> None:
        """Take the package and its subcommands with their one-line help, so that ``--help`` imports none of them."""
        super().__init__(*args, **extra)
        self.package, self.table = package, dict(table or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the subcommands in the order of their importance."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a subcommand, or None if there is none of this name."""
        if cmd_name not in self.table:
            return None
        command: click.Command = importlib.import_module(f"{self.package}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand that the arguments name, or suggest one."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            from diagnose.errors import did_you_mean

            near = did_you_mean(args[0], self.table)
            ctx.fail(f"No such command {args[0]!r}." + (f" {near[0].upper()}{near[1:]}" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and exit with the status of the command line's contract unless *standalone_mode* is off."""
        if not standalone_mode:
            return super().main(args, prog_name, standalone_mode=False, **extra)
        from diagnose.cli.guard import guarded

        given = list(sys.argv[1:] if args is None else args)
        status = guarded(lambda: super(Lazy, self).main(args, prog_name, standalone_mode=False, **extra), given)
        gc.freeze()  # else Python looks through all objects once more before it ends: a tenth of a short run
        sys.exit(status)
