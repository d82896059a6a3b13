"""Runs one command and outlives neither it nor us: started beside every run, by path, with nothing but Python.

It imports nothing of ours, since on a cluster it runs where diagnose need not be installed. It gathers all descendants
of the command, also those that left its process group or session (Linux makes it their parent when their own dies), and
ends them when the command has ended, hangs, is to be stopped, or when whoever started this process is gone.

    python -I -S supervise.py JOB.json [PID OF THE PARENT | behind]

``behind``: a process of ours stands between, since Ray kills the children of a worker that dies, and whoever started
this one holds its standard input, which ends with them. It also ends what is left when this one is killed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from typing import Any, NoReturn

TICK = 0.1
AFTERWARDS = 1.0
"""Seconds that helpers of a command may take to end after it, before they are told to."""
UNKILLABLE = 30.0
"""Seconds after which a process that SIGKILL does not end (in the kernel, on a dead disk) is left behind."""
SIZE = 4096
"""Bytes of the status file, taken at the start: a full disk cannot keep a run from reporting its end."""
MOST_FILES = 20_000
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG, errno.EIO, errno.EROFS)
SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process; elsewhere than on Linux do nothing."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def descendants() -> list[int]:
    """Return the living processes below this one."""
    children: dict[int, list[int]] = {}
    dead: set[int] = set()
    try:
        names = os.listdir("/proc")  # noqa: PTH208
    except OSError:
        return []
    for name in names:
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
                children.setdefault(int(parent), []).append(int(name))
                if state in (b"Z", b"X"):
                    dead.add(int(name))  # it may have died after a child of it was looked at
    found: list[int] = []
    below = [os.getpid()]
    while below:
        below = [child for pid in below for child in children.get(pid, ())]
        found += below
    return [pid for pid in found if pid not in dead]


def amount(size: int) -> str:
    """Return a number of bytes in words."""
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size} bytes"


class Status:
    """The file that says how the run stands, valid at every moment."""

    def __init__(self, path: str, facts: dict[str, Any]) -> None:
        self.facts = facts
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.write(state="running")

    def write(self, **facts: Any) -> None:
        """Add facts and write all of them."""
        self.facts.update(facts)
        data = json.dumps(self.facts).encode()
        if len(data) >= SIZE:
            data = json.dumps({**self.facts, "detail": str(self.facts.get("detail", ""))[:200]}).encode()
        os.pwrite(self._fd, data.ljust(SIZE - 1) + b"\n", 0)
        os.fsync(self._fd)


def behind() -> int:
    """Go on in a child of this process, which waits for it and ends what it leaves; return the one that waits."""
    parent = os.getpid()
    prctl(SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        until = time.monotonic() + UNKILLABLE
        while (left := descendants()) and time.monotonic() < until:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(TICK / 4)
        os._exit(0)
    return parent


class Supervisor:
    """One command under way, for a parent and, if it is *held*, for whoever holds the other end of standard input."""

    def __init__(self, job: dict[str, Any], parent: int, *, held: bool = False) -> None:
        self.job, self.limits, self.parent, self.held = job, job["limits"], parent, held
        self.status: Status | None = None
        self.asked = ""
        self.exit: int | None = None
        self.detail = ""
        self.written = 0
        self.grown = self.began = self.heard = self.listened = time.monotonic()
        self.watched, self.alive = self.began, b""
        self.seen = (-1, -1.0)

    def run(self) -> str:
        """Run the command and return why it ended."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._signalled)
        prctl(SET_CHILD_SUBREAPER, 1)
        self.console = os.open(self.job["console"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self.pipe, theirs = os.pipe()
        os.set_blocking(self.pipe, False)
        try:
            child = subprocess.Popen(  # noqa: S603
                self.job["argv"],
                cwd=self.job["cwd"],
                env={"PYTHONUNBUFFERED": "1", **os.environ, **self.job["env"], "DIAGNOSE_RUN": self.job["marker"]},
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
                preexec_fn=lambda: prctl(SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509 - there is one thread
            )
        except OSError as error:
            self.detail = f"{error.strerror}: {error.filename or self.job['argv'][0]}"
            return "start"
        finally:
            os.close(theirs)
        self.pid = child.pid
        if self.status is not None:
            self.status.write(pid=child.pid)
        reason = self._watch()
        if reason == "exited":
            self._settle(AFTERWARDS)
        self._end(AFTERWARDS if reason in ("exited", "orphaned") else self.limits["grace"])
        child.returncode = self.exit if self.exit is not None else -signal.SIGKILL
        return "disk-full" if self.asked == "disk-full" else reason

    def _signalled(self, number: int, _: Any) -> None:
        self.asked = self.asked or "terminated"

    def _watch(self) -> str:
        while True:
            self._drain(TICK)
            self._reap()
            if self.exit is not None:
                return "exited"
            if self.asked:
                return self.asked
            reason = self._reason()
            if reason:
                return reason

    def _reason(self) -> str:
        """Return why the command must end now; empty if it need not."""
        now = time.monotonic()
        if self.orphaned():
            return "orphaned"
        if os.path.exists(self.job["stop"]):  # noqa: PTH110
            return "stopped"
        if self.limits["total"] and now - self.began > self.limits["total"]:
            return "total"
        if self.job["lease"] and now - self.listened > min(1.0, self.job["lease"] / 8):
            self.listened = now
            if not self.wanted():
                return "orphaned"
        if self.limits["hang"] and now - self.watched > max(TICK, min(5.0, self.limits["hang"] / 8)):
            self.watched = now
            seen = self._written_out()
            if seen != self.seen:
                self.seen, self.grown = seen, now
            if now - self.grown > self.limits["hang"]:
                return "hang"
        return ""

    def orphaned(self) -> bool:
        """Whether whoever started this process is gone."""
        return os.getppid() != self.parent or (self.held and bool(select.select([0], [], [], 0)[0]))

    def wanted(self) -> bool:
        """Whether the session that asked for the run is alive: it rewrites a file, with its name in front."""
        now, lease = time.monotonic(), float(self.job["lease"])
        try:
            with open(self.job["alive"], "rb") as file:  # noqa: PTH123
                alive = file.read(200)
        except OSError:
            alive = self.alive  # a shared disk may fail for a moment
        if alive and not alive.startswith(self.job["session"].encode()):
            return False
        if alive != self.alive:
            self.alive, self.heard = alive, now
        return now - self.heard <= lease

    def _written_out(self) -> tuple[int, float]:
        """Return what changes when the command writes to a file: their bytes and the time of the last change."""
        total, last, files = 0, 0.0, 0
        for root, _, names in os.walk(self.job["out"]):
            for name in names:
                files += 1
                with contextlib.suppress(OSError):
                    stat = os.lstat(os.path.join(root, name))  # noqa: PTH118
                    total, last = total + stat.st_size, max(last, stat.st_mtime)
            if files > MOST_FILES:
                break
        return total, last

    def _drain(self, wait: float) -> bool:
        """Copy what the command printed; return whether there was any."""
        ready = select.select([self.pipe], [], [], wait)[0]
        try:
            data = os.read(self.pipe, 1 << 16) if ready else b""
        except OSError:
            data = b""
        if ready and not data:
            time.sleep(wait)  # the command has closed its output and goes on
        if not data:
            return False
        self.grown = time.monotonic()
        if self.asked in ("disk-full", "flood"):
            return True
        try:
            self.written += len(data)
            while data:
                data = data[os.write(self.console, data) :]
        except OSError as error:
            if error.errno not in FULL:
                raise
            self.asked, self.detail = "disk-full", f"{error.strerror}: {self.job['console']}"
        if self.written > self.limits["console"]:
            self.asked, self.detail = "flood", f"it printed more than {amount(self.limits['console'])}"
        return True

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid == self.pid:
                    self.exit = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)

    def _settle(self, seconds: float) -> None:
        """Give descendants some time to end by themselves."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._left():
            self._drain(TICK / 4)

    def _left(self) -> list[int]:
        self._reap()
        if sys.platform.startswith("linux"):
            return descendants()
        with contextlib.suppress(OSError):
            os.killpg(self.pid, 0)
            return [-self.pid]
        return []

    def _end(self, grace: float) -> None:
        """End all descendants: SIGTERM, and SIGKILL after the grace period."""
        began = time.monotonic()
        told: set[int] = set()
        while True:
            left = self._left()
            late = time.monotonic() - began
            if not left or late > grace + UNKILLABLE:
                break
            for pid in left:
                with contextlib.suppress(OSError):
                    if late > grace:
                        os.kill(pid, signal.SIGKILL)
                    elif pid not in told:
                        told.add(pid)
                        os.kill(pid, signal.SIGTERM)
                        os.kill(pid, signal.SIGCONT)
            self._drain(TICK / 4)
        if left:
            self.detail = f"{len(left)} processes could not be ended"
        while self._drain(0):
            pass


def main() -> NoReturn:
    """Run the job of the file named on the command line."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        job = json.load(file)
    parent = sys.argv[2] if len(sys.argv) > 2 else str(os.getppid())
    held = parent == "behind"
    supervisor = Supervisor(job, behind() if held else int(parent), held=held)
    if supervisor.orphaned() or (job["lease"] and not supervisor.wanted()):
        sys.exit(0)  # waited in a queue while its session ended
    with contextlib.suppress(OSError, ValueError), open(job["status"], encoding="utf-8") as file:  # noqa: PTH123
        if json.load(file).get("marker") == job["marker"]:
            sys.exit(0)  # a scheduler put it into its queue again: what it did before must be cleared away first
    facts = {"marker": job["marker"], "key": job["key"], "host": socket.gethostname(), "supervisor": os.getpid()}
    facts["gpus"] = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    try:
        status = supervisor.status = Status(job["status"], {**facts, "started": time.time()})
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename or job['status']}")
    try:
        reason = supervisor.run()
    except OSError as error:
        if error.errno not in FULL:
            raise
        reason, supervisor.detail = "disk-full", f"{error.strerror}: {error.filename or job['console']}"
    seconds = round(time.monotonic() - supervisor.began, 3)
    end = {"state": "ended", "reason": reason, "exit": supervisor.exit, "detail": supervisor.detail}
    status.write(**end, ended=time.time(), seconds=seconds)
    sys.exit(0)


if __name__ == "__main__":
    main()
