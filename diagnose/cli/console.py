"""The terminal: results to stdout, everything else to stderr, colour only where it is wanted."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from diagnose.errors import SettingsError
from diagnose.model import Place


def attach() -> None:
    """Give the streams that are closed (``>&-``) the null device, so that no file opened later takes their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - lives until the end


def wants_colour(flag: str, stream: TextIO) -> bool:
    """Whether to colour: the option, then FORCE_COLOR, then NO_COLOR, then whether it is a terminal."""
    if flag != "auto":
        return flag == "always"
    if os.environ.get("FORCE_COLOR"):
        return True
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def width(stream: TextIO) -> int:
    """Return the columns to fill: those of the terminal up to 120, else 100."""
    if not stream.isatty():
        return 100
    import shutil

    return min(shutil.get_terminal_size((100, 24)).columns, 120)


def write(text: str) -> None:
    """Write results to stdout; a reader that has gone away is no error.

    Raises:
        SettingsError: if stdout cannot be written, such as on a full disk.
    """
    try:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding or "ascii"
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        hush()
    except OSError as error:
        hush()
        raise SettingsError(f"cannot write: {error.strerror}", place=Place("standard output")) from None


def say(text: str) -> None:
    """Write a message to stderr, without control characters and workflow commands of what was read."""
    from diagnose.text.escape import plain

    lines = text.split("\n")
    text = "\n".join(" " * (len(line) - len(line.lstrip(" "))) + plain(line) for line in lines)
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except UnicodeEncodeError:
        sys.stderr.write(ascii(text) + "\n")
    except OSError:
        pass  # the terminal is closed


def hush() -> None:
    """Send what is still written to stdout nowhere, so that Python's last flush does not complain."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - lives until the end
