"""One process at a time: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from diagnose.errors import DiagnoseError
from diagnose.model import Place


class Lock:
    """Holds a file locked until it is closed or the process ends."""

    def __init__(self, path: Path, what: str) -> None:
        """Take the lock.

        Args:
            path: the file, made if it is missing; it names the holder.
            what: what the lock is on, for the message.

        Raises:
            DiagnoseError: if another process holds it, or no lock can be had there.
        """
        try:
            import fcntl
        except ImportError:
            raise DiagnoseError("confirm runs on Linux and macOS only") from None
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._fd, 200).decode("utf-8", "replace").strip() or "another process"
            os.close(self._fd)
            mend = "wait for it, end it, or name another --folder"
            raise DiagnoseError(f"{what} is in use by {holder}", place=Place(str(path)), mend=mend) from None
        except OSError as error:
            os.close(self._fd)
            raise DiagnoseError(
                f"{what} cannot be locked: {error.strerror}", place=Place(str(path)), mend="put it on a local disk"
            ) from None
        with contextlib.suppress(OSError):  # a full disk: the lock itself is held
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"process {os.getpid()} on {socket.gethostname()}\n".encode())

    def close(self) -> None:
        """Let go of it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
