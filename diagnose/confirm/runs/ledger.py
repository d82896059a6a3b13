"""What was planned, what runs and what came of it: one SQLite file that survives a kill at any moment."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.budget import Spent
from diagnose.confirm.runs.environment import commit_of, environment
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.lock import Lock
from diagnose.confirm.runs.row import SELECT, SPENT, Row, row_of
from diagnose.confirm.runs.schema import connect, told
from diagnose.errors import DiagnoseError
from diagnose.model import Place
from diagnose.text.secrets import masked_words

FINISHED, RUNNING, PLANNED = "finished", "running", "planned"
BEAT = 5.0
"""Seconds after which the ledger notes again that the session is alive."""


class Ledger:
    """An open ledger, ours alone while it is open."""

    def __init__(self, path: str | Path, study: str, executor: str = "local") -> None:
        """Open a ledger and begin a session of a study.

        Args:
            path: the file; it and its folder are made if they are missing.
            study: what the budget is counted for; finished runs of other studies in the file are used as well.
            executor: name of what runs are started with.

        Raises:
            DiagnoseError: if another process uses it, it is damaged, no ledger, or cannot be written.
        """
        self.path, self.study = Path(path).absolute(), study
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self.path.with_name(self.path.name + ".lock"), "the ledger")
        except OSError as error:
            raise DiagnoseError(f"the ledger cannot be made: {error.strerror}", place=Place(str(path))) from None
        try:
            self._base = connect(self.path)
        except BaseException:
            self._lock.close()
            raise
        self._beaten = 0.0
        try:
            with self._writing():
                (self.id,) = self._base.execute("SELECT id FROM meta").fetchone()
                now = time.time()
                self.session = self._base.execute(
                    "INSERT INTO session (study, executor, pid, environment, began, seen) VALUES (?, ?, ?, ?, ?, ?)",
                    (study, executor, os.getpid(), json.dumps(environment()), now, now),
                ).lastrowid
        except BaseException:
            self._base.close()
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it. What was written stays even if the last note of the time does not fit on the disk."""
        with contextlib.suppress(DiagnoseError):
            self.beat(0)
        self._base.close()
        self._lock.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with told(self.path):
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    def beat(self, after: float = BEAT) -> None:
        """Note that the session is alive, unless that was done less than *after* seconds ago."""
        if time.monotonic() - self._beaten >= after:
            self._beaten = time.monotonic()
            with self._writing():
                self._base.execute("UPDATE session SET seen = ? WHERE number = ?", (time.time(), self.session))

    def find(self, key: str) -> Row | None:
        """Return what is known of a run."""
        with told(self.path):
            found = self._base.execute(f"{SELECT} WHERE run.key = ?", (key,)).fetchone()
        return None if found is None else row_of(found)

    def rows(self) -> list[Row]:
        """Return all runs of the study, in the order in which they were planned."""
        with told(self.path):
            found = self._base.execute(f"{SELECT} WHERE run.study = ? ORDER BY run.rowid", (self.study,)).fetchall()
        return [row_of(row) for row in found]

    def plan(self, key: str, trial: Trial, job: Job) -> None:
        """Note that a run is wanted, unless that is known."""
        values = (
            key,
            self.study,
            json.dumps(trial.parts),
            trial.seed,
            trial.repeat,
            json.dumps(masked_words(job.command)),
        )
        with self._writing():
            self._base.execute(
                "INSERT INTO run (key, study, parts, seed, repeat, command, config_hash, folder, gpus, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned')"
                " ON CONFLICT (key) DO UPDATE SET folder = excluded.folder WHERE state <> 'finished'",
                (*values, job.config_hash(), job.folder, job.gpus),
            )

    def begin(self, key: str, job: Job) -> str:
        """Note that a run begins, and return the mark of this attempt."""
        git = commit_of(job.cwd)
        with self._writing():
            query = "SELECT coalesce(max(number), 0) + 1 FROM attempt WHERE key = ?"
            (number,) = self._base.execute(query, (key,)).fetchone()
            marker = f"{self.id}:{key[:16]}:{number}"
            self._base.execute(
                "UPDATE run SET state = 'running', status = '', exit = NULL, symptom = NULL, metric = NULL,"
                " reached = 0, judged_as = '', seconds = 0, log = '', detail = '',"
                " study = ?, folder = ?, gpus = ?, git = ? WHERE key = ?",
                (self.study, job.folder, job.gpus, git, key),
            )
            self._base.execute(
                "INSERT INTO attempt (key, number, session, marker, began) VALUES (?, ?, ?, ?, ?)",
                (key, number, self.session, marker, time.time()),
            )
        return marker

    def finish(self, key: str, outcome: Outcome, *, judged_as: str, reached: bool, exit: int | None, host: str) -> None:
        """Note what came of a run; from here on it is never repeated unless it was lost or that is asked for."""
        symptom, metric = _verdict(outcome)
        verdict = (outcome.status, exit, symptom, metric, int(reached), judged_as)
        with self._writing():
            self._base.execute(
                "UPDATE run SET state = 'finished', status = ?, exit = ?, symptom = ?, metric = ?, reached = ?,"
                " judged_as = ?, seconds = ?, log = ?, detail = ?, trace = ? WHERE key = ?",
                (*verdict, outcome.seconds, outcome.log, outcome.detail, outcome.trace, key),
            )
            self._end(key, outcome.status, outcome.seconds, host)

    def judged(self, key: str, outcome: Outcome, *, judged_as: str, reached: bool) -> None:
        """Note another verdict on a finished run."""
        symptom, metric = _verdict(outcome)
        values = (
            *(outcome.status, symptom, metric, int(reached), judged_as),
            *(outcome.log, outcome.detail, outcome.trace, key),
        )
        with self._writing():
            self._base.execute(
                "UPDATE run SET status = ?, symptom = ?, metric = ?, reached = ?, judged_as = ?, log = ?, detail = ?,"
                " trace = ? WHERE key = ?",
                values,
            )

    def drop(self, key: str, result: str, seconds: float | None, host: str = "") -> None:
        """Note that an attempt came to nothing: the run is planned again."""
        with self._writing():
            self._base.execute("UPDATE run SET state = 'planned' WHERE key = ?", (key,))
            self._end(key, result, seconds, host)

    def _end(self, key: str, result: str, seconds: float | None, host: str) -> None:
        self._base.execute(
            "UPDATE attempt SET result = ?, seconds = ?, host = ? WHERE key = ? AND result = ''",
            (result, seconds, host, key),
        )

    def circumstances(self, keys: Iterable[str]) -> tuple[set[str], set[str]]:
        """Return the commits and the hosts of the last attempts at some runs; empty texts where they are not known.

        Runs that were planned and never begun, as where the budget was spent, have neither.
        """
        commits, hosts = set(), set()
        query = (
            "SELECT run.git, attempt.host FROM run JOIN attempt ON attempt.key = run.key"
            " WHERE run.key = ? ORDER BY attempt.number DESC LIMIT 1"
        )
        with told(self.path):
            for key in keys:
                if (row := self._base.execute(query, (key,)).fetchone()) is not None:
                    commits.add(row["git"])
                    hosts.add(row["host"] or "")
        return commits, hosts

    def spent(self) -> Spent:
        """Return what the study has used up, over all its sessions.

        An interrupted run is no run, but its time counts: until its session was last seen, if nothing better is known.
        """
        with told(self.path):
            runs, gpus = self._base.execute(SPENT, {"study": self.study, "session": self.session}).fetchone()
            query = "SELECT coalesce(sum(max(seen - began, 0)), 0) FROM session WHERE study = ? AND number <> ?"
            (wall,) = self._base.execute(query, (self.study, self.session)).fetchone()
            query = "SELECT began FROM session WHERE number = ?"
            (began,) = self._base.execute(query, (self.session,)).fetchone()
        return Spent(runs, gpus, wall + max(0.0, time.time() - began))


def peek(path: str | Path, study: str = "") -> list[Row]:
    """Return what a ledger knows of a study, or of all, without the lock and without writing.

    Nothing if it cannot be read.
    """
    place = Path(path).absolute()
    try:
        with contextlib.closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True, timeout=1)) as base:
            base.row_factory = sqlite3.Row
            found = base.execute(f"{SELECT} WHERE ? IN ('', run.study) ORDER BY run.rowid", (study,)).fetchall()
            return [row_of(row) for row in found]
    except sqlite3.Error:
        return []


def _verdict(outcome: Outcome) -> tuple[int | None, str | None]:
    symptom = None if outcome.symptom is None else int(outcome.symptom)
    return symptom, None if outcome.metric is None else repr(float(outcome.metric))
