"""``python -m diagnose``."""

from diagnose.cli.main import program

program()
