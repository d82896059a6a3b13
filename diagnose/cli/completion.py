"""``diagnose completion``."""

from __future__ import annotations

import click

PROGRAM = "diagnose"
VARIABLE = "_DIAGNOSE_COMPLETE"
INSTALL = {
    "bash": 'add to ~/.bashrc: eval "$(diagnose completion bash)"',
    "zsh": 'add to ~/.zshrc: eval "$(diagnose completion zsh)"',
    "fish": "diagnose completion fish > ~/.config/fish/completions/diagnose.fish",
    "powershell": "add to $PROFILE: diagnose completion powershell | Out-String | Invoke-Expression",
}


@click.command("completion", epilog="\b\n" + "\n".join(f"{shell}: {how}" for shell, how in INSTALL.items()))
@click.argument("shell", type=click.Choice(tuple(INSTALL)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands, options and rules in your shell."""
    from click.shell_completion import get_completion_class

    from diagnose.cli.console import write
    from diagnose.errors import DiagnoseError

    kind = get_completion_class(shell)
    if kind is None:
        raise DiagnoseError(f"this version of click cannot complete in {shell}", mend="pip install -U click")
    complete = kind(ctx.find_root().command, {}, PROGRAM, VARIABLE)
    write(complete.source_template % complete.source_vars() + "\n")
    return 0
