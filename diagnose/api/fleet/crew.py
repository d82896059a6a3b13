"""The processes that lint for one linter. What they find is entered in the order of the inputs, by the first process.

Whatever is out of the ordinary is done again there: files that cannot be opened, errors of ours, and a waiver that two
files reported at once. So there is one way of telling it, and the outcome is that of a single process.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from diagnose import engine
from diagnose.api.fleet.pool import Answer, Pool
from diagnose.engine.handover import Learnt, Told, begin, learnt, take_over, told
from diagnose.engine.inputs import Found, Input
from diagnose.engine.together import Work as Steps
from diagnose.engine.together import together
from diagnose.errors import DiagnoseError, SourceError
from diagnose.model import FileReport, Place, Report
from diagnose.records import dataclass, replace

if TYPE_CHECKING:
    from diagnose.api.linter import Linter
    from diagnose.engine.lint import Options
    from diagnose.engine.plan import Plan

AHEAD = 16
"""Inputs per process that may be linted before their turn has come."""
BATCH = 8
"""Files whose formats are told in one task, and the most inputs that are linted in one."""
FEW = 64
"""Inputs per process of which each is a task of its own: the first ones take long, and may be all there are."""
SMALL = 1 << 20
"""Bytes of the largest input that is linted for nothing, and from which on a task has no more inputs."""
Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Glance:
    """The task of telling the formats of files."""

    paths: tuple[Path, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Work:
    """The task of linting inputs; *before* is what was told of waivers."""

    given: tuple[Found, ...]
    limit: int
    before: Told


Result = tuple[Report, Learnt, str]
"""What came of an input: its report, what was learnt of waivers, and which rules ran and were skipped."""


class _Batch:
    """Inputs that are linted in one task, or each in one of its own if a process ended over them."""

    def __init__(self, limit: int, before: Told) -> None:
        self.limit, self.before = limit, before
        self.given: list[Found] = []
        self.size = 0
        self._answers: list[Answer] = []

    def submit(self, pool: Pool) -> None:
        """Have them linted, unless that was done."""
        if not self._answers:
            self._answers = [pool.submit(Work((*self.given,), self.limit, self.before), brief=len(self.given) > 1)]

    def wait(self, at: int, pool: Pool) -> Answer:
        """Return the answer that holds what came of an input: alone, or of all of them."""
        self.submit(pool)
        answer = pool.wait(self._answers[at if len(self._answers) > 1 else 0])
        if answer.state == "lost" and len(answer.task.given) > 1:
            self._answers = [pool.submit(replace(answer.task, given=(found,))) for found in self.given]
            return self.wait(at, pool)
        return answer


class Crew:
    """Processes at work for a linter."""

    def __init__(self, linter: Linter, size: int) -> None:
        """Prepare at most so many processes."""
        self._linter = linter
        self._warm = False
        self._keeping: dict[int, Options] = {}
        self._size = size
        self._ahead = AHEAD * size
        self._batch: _Batch | None = None
        self._inputs = 0
        self._pool = Pool(self._work, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.close()

    def run(self, paths: Iterable[str]) -> None:
        """Lint what the paths lead to.

        Raises:
            DiagnoseError: as ``Linter.run`` does, and when it is that input's turn.
        """
        waiting: deque[Step] = deque()
        for step in self._steps(paths):
            waiting.append(step)
            while len(waiting) > self._ahead:
                waiting.popleft()()
        self._submit()
        while waiting:
            waiting.popleft()()

    def _steps(self, paths: Iterable[str]) -> Iterator[Step]:
        """Yield what is to be done in turn; the long part of it is under way by then."""
        for path in paths:
            yield partial(self._linter.plan, path)  # type: ignore[misc] # its result is for others
            inputs = 0
            try:
                for found in self._linter.search(path, self._detect):
                    inputs += 1
                    yield self._step(found, self._linter.limit(path))
            except DiagnoseError as error:
                yield partial(_raise, error)
                return
            if not inputs:
                yield partial(self._linter.nothing_in, path)

    def _step(self, found: Found | Input, limit: int) -> Step:
        here = partial(self._here, found, limit)
        if isinstance(found, Input) or self._linter.knows(path for path, _ in found.files):
            return here
        try:
            before = told(self._linter.plan_for(found.path).gate)
            self._warm_up(found, limit)
        except DiagnoseError:
            return here
        batch = self._batch
        if batch is None or batch.limit != limit or batch.before != before:
            self._submit()
            batch = self._batch = _Batch(limit, before)
        step = partial(self._entered, found, batch, len(batch.given))
        batch.given.append(found)
        batch.size += sum(map(_size, found.files))
        self._inputs += 1
        if len(batch.given) >= min(BATCH, 1 + self._inputs // (FEW * self._size)) or batch.size >= SMALL:
            self._submit()
        return step

    def _submit(self) -> None:
        """Have the inputs linted that were put together."""
        if self._batch is not None:
            self._batch.submit(self._pool)
            self._batch = None

    def _here(self, found: Found | Input, limit: int) -> None:
        """Lint an input in this process."""
        given = found.open(limit) if isinstance(found, Found) else found
        if not self._linter.again(given):
            self._linter.request.watch(given.path)
            self._linter.lint(given)

    def _entered(self, found: Found, batch: _Batch, at: int) -> None:
        """Enter what another process found."""
        linter = self._linter
        files = [path for path, _ in found.files]
        if linter.knows(files):
            return self._here(found, batch.limit)
        linter.request.watch(found.path)
        answer = batch.wait(at, self._pool)
        todo = linter.plan(found.path)
        if answer.state == "lost":
            linter.note(files)
            file = FileReport(found.path, status="error", detail=_ended(answer))
            linter.enter(Report([file]), todo, found=found.found)
            return None
        results: Sequence[Result | None] = answer.value or [None]
        result = results[at if len(results) > 1 else 0]
        if result is None or not take_over(todo.options.gate, result[1]):
            given = found.open(batch.limit)
            linter.again(given)
            linter.lint(given)
            return None
        linter.note(files)
        part = result[0]
        part.files[0].ran, part.files[0].skipped = _rules(result[2])
        kept = [finding for finding in part.findings if todo.options.keep(finding)]
        part.suppressed += len(part.findings) - len(kept)
        part.findings = kept
        linter.enter(part, todo, found=found.found)
        return None

    def _detect(self, paths: Iterable[Path], limit: int) -> Iterator[str | DiagnoseError]:
        """Yield the format of each file, as ``Linter.formats`` does."""
        rest = iter(paths)
        if not self._warm:
            for path in islice(rest, BATCH):
                name = next(self._linter.formats([path], limit))
                yield name
                if name and isinstance(name, str):
                    self._warm_up(Found(str(path), ((str(path), name),)), limit)
                    break
        waiting: deque[Answer] = deque()
        while batch := tuple(islice(rest, BATCH)):
            waiting.append(self._pool.submit(Glance(batch, limit), brief=True))
            if len(waiting) > self._ahead:
                yield from self._formats(waiting.popleft())
        while waiting:
            yield from self._formats(waiting.popleft())

    def _formats(self, answer: Answer) -> Iterator[str | DiagnoseError]:
        glance: Glance = self._pool.wait(answer).task
        if answer.state == "lost" and len(glance.paths) > 1:  # one of them was too much
            for alone in [self._pool.submit(replace(glance, paths=(path,))) for path in glance.paths]:
                yield from self._formats(alone)
        elif answer.state == "lost":
            yield SourceError(_ended(answer), place=Place(str(glance.paths[0])))
        else:
            names: Sequence[str | None] = answer.value or [None] * len(glance.paths)
            for path, name in zip(glance.paths, names, strict=True):
                if name is None:
                    yield from self._linter.formats([path], glance.limit)
                else:
                    yield name

    def _warm_up(self, found: Found, limit: int) -> None:
        """Lint a small input for nothing before the first fork: what it loads, all processes then have in common."""
        if self._warm:
            return
        self._warm = True
        given = found.open(min(limit, SMALL))
        if given.error is None:
            with suppress(Exception):  # it is linted again, and what goes wrong is told then
                part = self._linter.lint_options(self._linter.plan_for(found.path))
                engine.lint([given], replace(part, gate=None, cache=None, keep=lambda _: True))

    def _work(self, task: Glance | Work) -> list[str | None] | list[Result | None]:
        """Do a task in a forked process; None is for what the first process must do itself."""
        if isinstance(task, Glance):
            return [name if isinstance(name, str) else None for name in self._linter.formats(task.paths, task.limit)]
        return together([self._linted(found, task) for found in task.given])

    def _linted(self, found: Found, task: Work) -> Steps[Result | None]:
        given = found.open(task.limit)
        if given.error is not None:
            return None
        todo = self._linter.plan_for(given.path)
        part = Report()
        begin(todo.options.gate, task.before)
        for _ in engine.steps(given, self._options(todo), part):
            yield
            begin(todo.options.gate, task.before)  # other inputs took their last step meanwhile
        (file,) = part.files
        rules = _as_text(frozenset(file.ran), tuple(file.skipped.items()))
        file.ran, file.skipped = set(), {}
        return part, learnt(todo.options.gate, task.before), rules

    def _options(self, todo: Plan) -> Options:
        """Return the options of a plan that keep every finding: the first process tells which are left out."""
        known = self._keeping.get(id(todo))
        if known is None:
            known = self._keeping[id(todo)] = replace(self._linter.lint_options(todo), keep=lambda _: True)
        return known


@lru_cache(maxsize=64)
def _as_text(ran: frozenset[str], skipped: tuple[tuple[str, str], ...]) -> str:
    return json.dumps([sorted(ran), dict(skipped)])


@lru_cache(maxsize=64)
def _rules(text: str) -> tuple[set[str], dict[str, str]]:
    """Return which rules ran and which were skipped, shared as those of ``Linter.lint`` are."""
    ran, skipped = json.loads(text)
    return set(ran), skipped


def _size(file: tuple[str, str]) -> int:
    try:
        return os.stat(file[0]).st_size  # noqa: PTH116 - a Path takes longer than the call
    except OSError:
        return 0


def _raise(error: DiagnoseError) -> None:
    raise error


def _ended(answer: Answer) -> str:
    return f"the process that read it was ended ({answer.value}); is there memory enough? try --jobs 1"
