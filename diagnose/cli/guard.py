"""Every way out of the program: 0 and 1 from the commands, 2 for work that could not be done, 130 for Ctrl-C."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import click

from diagnose.cli.console import attach, hush, say
from diagnose.errors import DiagnoseError

FAILED = 2
INTERRUPTED = 130
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""A disk without room, which is no fault of ours."""
ISSUES = "https://github.com/diagnose-ml/diagnose/issues"


def guarded(work: Callable[[], Any], args: Sequence[str]) -> int:
    """Return the exit status of some work; what goes wrong is told on stderr without a traceback."""
    attach()
    try:
        status = work()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except DiagnoseError as error:
        say(f"diagnose: {error}")
        return FAILED
    except BrokenPipeError:
        hush()
        return 0
    except Exception as error:  # noqa: BLE001 - told in one line, with the way to report it
        if isinstance(error, OSError) and error.errno in FULL:
            hush()
            say(f"diagnose: cannot write: {error.strerror}")
        else:
            crashed(error, args)
        return FAILED
    return status if isinstance(status, int) else 0


def leave(end: SystemExit) -> NoReturn:
    """End the process without taking apart what it holds, which frees nothing that the system would not: 5 ms.

    Where threads, a debugger or a profiler are at work, or a prompt is to follow, it ends as any other does.
    """
    watched = sys.gettrace() is not None or sys.getprofile() is not None or sys.flags.inspect
    if not isinstance(end.code, int) or threading.active_count() > 1 or watched:
        raise end
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):  # closed, or none
        raise end from None
    atexit._run_exitfuncs()  # noqa: SLF001 - those of libraries: `os._exit` leaves them out
    os._exit(end.code)


@contextlib.contextmanager
def told_to_end() -> Iterator[None]:
    """Take SIGTERM and SIGHUP as Ctrl-C, so that what is under way is ended and told of; an ignored one stays so."""
    import signal

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    known = {number: signal.getsignal(number) for number in numbers}
    ours = [number for number, handler in known.items() if handler is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        ours = []

    def interrupt(*_: Any) -> None:
        for number in ours:
            signal.signal(number, signal.SIG_IGN)  # a shell and the terminal that closes both send one
        raise KeyboardInterrupt

    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, known[number])


def crashed(error: Exception, args: Sequence[str] = ()) -> None:
    """Tell of an error of ours on stderr, with the traceback if it was asked for."""
    if os.environ.get("DIAGNOSE_TRACEBACK", "0") != "0" or {"-v", "--verbose"}.intersection(args):
        import traceback

        print("".join(traceback.format_exception(error)), end="", file=sys.stderr)
    say(
        f"diagnose: internal error: {type(error).__name__}: {error}\n"
        f"This is a fault of diagnose. Please report it at {ISSUES} with the output under DIAGNOSE_TRACEBACK=1."
    )
