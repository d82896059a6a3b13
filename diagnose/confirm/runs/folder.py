"""The folder of a run: made, cleared before each attempt, and described for the supervisor."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from diagnose.confirm.runs.job import Job
from diagnose.errors import DiagnoseError
from diagnose.model import Place

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
MARK = ".diagnose-run"
"""Lies in every folder of a run: nothing is cleared in a folder without it."""
MEND = "free some space and run the same command again: it goes on where it stopped"


class DiskFullError(DiagnoseError):
    """Nothing more can be written. What has finished is kept."""

    def __init__(self, what: str, path: str) -> None:
        """Say what could not be written, and where."""
        super().__init__(what, place=Place(path), mend=MEND)


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turn errors of the system while something is written into ours."""
    try:
        yield
    except OSError as error:
        where = str(error.filename or path)
        if error.errno in FULL:
            raise DiskFullError(f"the disk is full: {error.strerror}", where) from None
        raise DiagnoseError(f"cannot be written: {error.strerror or error}", place=Place(where)) from None


def clear(job: Job) -> None:
    """Make the folder of a run, with an empty out folder and nothing of an earlier attempt.

    Raises:
        DiagnoseError: if it holds files that are not ours, or cannot be written.
    """
    folder, out = Path(job.folder), Path(job.out)
    with writing(job.folder):
        ours = (folder / MARK).exists()
        if not ours and out.exists() and any(out.iterdir()):
            mend = "move it away, or name another folder for the runs"
            raise DiagnoseError("holds files that no run of ours wrote", place=Place(job.out), mend=mend)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
        if out.is_symlink():
            out.unlink()
        elif out.exists():
            shutil.rmtree(out)
        for name in (job.console, job.status, stop_of(job)):
            Path(name).unlink(missing_ok=True)
        out.mkdir()


def describe(job: Job, key: str, marker: str, *, alive: str = "", session: str = "", lease: float = 0.0) -> str:
    """Write what the supervisor must know and return the file's path; it has a name of its own for each attempt."""
    known = {
        "argv": list(job.argv),
        "cwd": str(Path(job.cwd).absolute()),
        "env": dict(job.env),
        "out": job.out,
        "console": job.console,
        "status": job.status,
        "stop": stop_of(job),
        "limits": asdict(job.limits),
        "key": key,
        "marker": marker,
        "alive": alive,
        "session": session,
        "lease": lease,
    }
    spec = Path(job.folder) / f"job-{marker.rpartition(':')[2]}.json"
    with writing(str(spec)):
        for old in Path(job.folder).glob("job-*.json"):
            old.unlink()
        with open(spec, "w", encoding="utf-8", opener=ours) as file:
            json.dump(known, file, indent=1)
            file.flush()
            os.fsync(file.fileno())  # another node reads it
    return str(spec)


def ours(path: str, flags: int) -> int:
    """Open a file that nobody else may read: the command and its environment may hold secrets."""
    return os.open(path, flags, 0o600)


def stop_of(job: Job) -> str:
    """Return the file whose presence tells a supervisor to stop its run."""
    return str(Path(job.folder) / "stop")


def ask_to_stop(job: Job) -> bool:
    """Tell the supervisor to stop its run; return whether that could be written."""
    try:
        Path(stop_of(job)).touch()
    except OSError:
        return False
    return True


def probe(job: Job) -> None:
    """Make sure that something can be written beside a run that ended without a word.

    Raises:
        DiagnoseError: if nothing can.
    """
    path = Path(job.folder) / "probe"
    with writing(str(path)):
        try:
            path.write_bytes(b"\0" * (1 << 16))
        finally:
            path.unlink(missing_ok=True)
