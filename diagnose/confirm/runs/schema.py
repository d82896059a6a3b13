"""The tables of a ledger, and how a file is made sure to be one."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

from diagnose.errors import DiagnoseError
from diagnose.model import Place

APPLICATION = 0x44494147
VERSION = 2
BUSY_MS = 10_000
TABLES = """
CREATE TABLE meta (id TEXT NOT NULL) STRICT;
CREATE TABLE session (
  number INTEGER PRIMARY KEY, study TEXT NOT NULL, executor TEXT NOT NULL, pid INTEGER NOT NULL,
  environment TEXT NOT NULL, began REAL NOT NULL, seen REAL NOT NULL
) STRICT;
CREATE TABLE run (
  key TEXT PRIMARY KEY, study TEXT NOT NULL, parts TEXT NOT NULL, seed INTEGER NOT NULL, repeat INTEGER NOT NULL,
  command TEXT NOT NULL, config_hash TEXT NOT NULL, folder TEXT NOT NULL, gpus INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'running', 'finished')),
  status TEXT NOT NULL DEFAULT '', exit INTEGER, symptom INTEGER, metric TEXT, reached INTEGER NOT NULL DEFAULT 0,
  judged_as TEXT NOT NULL DEFAULT '', seconds REAL NOT NULL DEFAULT 0, log TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '', git TEXT NOT NULL DEFAULT '', trace TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE attempt (
  key TEXT NOT NULL REFERENCES run (key), number INTEGER NOT NULL, session INTEGER NOT NULL REFERENCES session,
  marker TEXT NOT NULL, host TEXT NOT NULL DEFAULT '', began REAL NOT NULL, seconds REAL,
  result TEXT NOT NULL DEFAULT '', PRIMARY KEY (key, number)
) STRICT, WITHOUT ROWID;
"""
"""A metric is text, since SQLite keeps no NaN. An attempt without a result was interrupted."""


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    place = Place(str(path))
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE) or "disk" in str(error):
            mend = "free some space and run the same command again: it goes on where it stopped"
            raise DiagnoseError(f"the ledger cannot be written: {error}", place=place, mend=mend) from None
        mend = "end the other program" if "locked" in str(error) else "check its folder's mode and space"
        raise DiagnoseError(f"the ledger cannot be used: {error}", place=place, mend=mend) from None
    except sqlite3.DatabaseError as error:
        mend = "move it away: finished runs are then found again by their folders"
        raise DiagnoseError(f"the ledger is damaged: {error}", place=place, mend=mend) from None


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger, made if it is missing.

    Raises:
        DiagnoseError: if it is damaged, no ledger, of a newer version, or cannot be opened.
    """
    with told(path):
        base = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
        try:
            _prepare(base, path)
        except BaseException:
            base.close()
            raise
    base.row_factory = sqlite3.Row
    return base


def _prepare(base: sqlite3.Connection, path: Path) -> None:
    (application,) = base.execute("PRAGMA application_id").fetchone()
    (version,) = base.execute("PRAGMA user_version").fetchone()
    (tables,) = base.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION:
        raise DiagnoseError("not a ledger of diagnose", place=Place(str(path)), mend="name another --folder")
    if version > VERSION:
        raise DiagnoseError("the ledger is of a newer diagnose", place=Place(str(path)), mend="update diagnose")
    base.execute("PRAGMA journal_mode = WAL")  # some network disks refuse, and keep a journal instead
    base.execute("PRAGMA synchronous = FULL")
    base.execute("PRAGMA foreign_keys = ON")
    if tables:
        faults = [row[0] for row in base.execute("PRAGMA quick_check(3)")]
        if faults != ["ok"]:
            raise sqlite3.DatabaseError(faults[0])
        if version < VERSION:
            base.execute("BEGIN IMMEDIATE")
            if "trace" not in {row[1] for row in base.execute("PRAGMA table_info(run)")}:
                base.execute("ALTER TABLE run ADD COLUMN trace TEXT NOT NULL DEFAULT ''")
            base.execute(f"PRAGMA user_version = {VERSION}")
            base.execute("COMMIT")
        return
    base.execute("BEGIN IMMEDIATE")
    try:
        for statement in TABLES.split(";\n"):
            base.execute(statement)
        base.execute("INSERT INTO meta VALUES (?)", (uuid.uuid4().hex,))
        base.execute(f"PRAGMA application_id = {APPLICATION}")
        base.execute(f"PRAGMA user_version = {VERSION}")
        base.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        raise
