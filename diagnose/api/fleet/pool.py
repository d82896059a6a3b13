"""Processes forked from this one: each answers its tasks in turn, so that it is known over which one it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from multiprocessing.reduction import ForkingPickler
from types import TracebackType
from typing import Any, Literal, Self

from diagnose.records import dataclass, field

AT_HAND = 2
"""Tasks that a process has at most, so that it need not wait for the next one while its answer is looked at."""
SHORT = 1 << 12
"""Bytes of a task up to which a pipe takes it for sure while nobody reads: both ends might else wait for each other."""
GRACE = 1.0
"""Seconds that a process has to end after it was told to."""


def can_fork() -> bool:
    """Whether processes can be forked: not on Windows, and on macOS not safely, since system libraries have threads."""
    return sys.platform != "darwin" and "fork" in get_all_start_methods()


@dataclass(slots=True)
class Answer:
    """What becomes of a task.

    Attributes:
        sent: the task, pickled.
        brief: whether it is so short, and takes so little time, that it may wait for another one of the same process.
        state: ``failed`` if the work raised something, ``lost`` if its process ended over it.
        value: the result if it is done, and how the process ended if it is lost.
    """

    task: Any
    sent: memoryview
    brief: bool = False
    state: Literal["open", "done", "failed", "lost"] = "open"
    value: Any = None


@dataclass(slots=True, eq=False)
class _Worker:
    process: ForkProcess
    line: Connection
    tasks: deque[Answer] = field(default_factory=deque)


class Pool:
    """At most so many processes, started as they are needed. Nothing of it is left after ``close``."""

    def __init__(self, work: Callable[[Any], Any], size: int) -> None:
        """Take what is done with a task; tasks and results are pickled, the work itself is there after the fork."""
        self.size = size
        self._work = work
        self._context = get_context("fork")
        self._workers: list[_Worker] = []
        self._queue: deque[Answer] = deque()
        self._alive, self._life = os.pipe()

    def submit(self, task: Any, *, brief: bool = False) -> Answer:
        """Queue a task; its answer is filled in while one waits for this or another one."""
        sent = ForkingPickler.dumps(task)
        answer = Answer(task, sent, brief and len(sent) <= SHORT)
        self._queue.append(answer)
        self._hand_out()
        return answer

    def wait(self, answer: Answer) -> Answer:
        """Return the answer once it is there."""
        while answer.state == "open":
            busy = {worker.line: worker for worker in self._workers if worker.tasks}
            for line in wait(list(busy)):
                self._hear(busy[line])  # type: ignore[index]
            self._hand_out()  # what was heard is looked at while the next tasks are under way
        return answer

    def close(self) -> None:
        """End all processes, whatever they do."""
        os.close(self._life)
        os.close(self._alive)
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(GRACE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.line.close()
        self._workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _hand_out(self) -> None:
        while self._queue and (worker := self._next()) is not None:
            answer = self._queue.popleft()
            worker.tasks.append(answer)
            try:
                worker.line.send_bytes(answer.sent)
            except OSError:  # it was killed while it waited, and another one takes the task
                worker.tasks.pop()
                self._queue.appendleft(answer)
                if worker.tasks:  # that it ended over the first of them is heard in its turn
                    return
                self._drop(worker)

    def _next(self) -> _Worker | None:
        """Return who takes the first task of the queue: who has none, or else one more if the task is brief."""
        worker = min(self._workers, key=lambda worker: len(worker.tasks), default=None)
        if worker is not None and not worker.tasks:
            return worker
        if len(self._workers) < self.size:
            worker = self._start()
            self._workers.append(worker)
            return worker
        return worker if worker is not None and self._queue[0].brief and len(worker.tasks) < AT_HAND else None

    def _hear(self, worker: _Worker) -> None:
        answer = worker.tasks.popleft()
        try:
            answer.state, answer.value = worker.line.recv()
        except (EOFError, OSError):
            answer.state, answer.value = "lost", self._drop(worker)

    def _drop(self, worker: _Worker) -> str:
        """Take a process that ended off the list, and return how it ended."""
        self._workers.remove(worker)
        self._queue.extendleft(reversed(worker.tasks))
        worker.line.close()
        worker.process.join()
        code = worker.process.exitcode or 0
        if code >= 0:
            return f"exit status {code}"
        try:
            return f"signal {-code}, {signal.Signals(-code).name}"
        except ValueError:  # a real-time signal
            return f"signal {-code}"

    def _start(self) -> _Worker:
        mine, theirs = self._context.Pipe()
        process = self._context.Process(target=self._serve, args=(theirs,), daemon=True)
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with warnings.catch_warnings():
                # Python warns of forks beside threads; the one that shows progress holds nothing that is needed here.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        return _Worker(process, mine)

    def _serve(self, line: Connection) -> None:
        """Work off tasks in the forked process, until there is nobody to work for."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the first process ends the others
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        os.close(self._life)
        for worker in self._workers:
            worker.line.close()
        threading.Thread(target=_end_with, args=(self._alive,), daemon=True).start()
        with contextlib.suppress(EOFError, OSError):
            while True:
                line.send_bytes(self._answered(line.recv()))

    def _answered(self, task: Any) -> memoryview:
        """Return the state and result of a task, pickled."""
        try:
            return ForkingPickler.dumps(("done", self._work(task)))
        except Exception:  # noqa: BLE001 - the first process does it again, and tells of it
            return ForkingPickler.dumps(("failed", None))


def _end_with(alive: int) -> None:
    """End this process when the one that forked it is gone, however that ended."""
    os.read(alive, 1)  # returns once the other end is closed
    os._exit(1)
