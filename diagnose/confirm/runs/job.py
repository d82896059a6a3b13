"""One run as a command: what is started, where, what it writes, what it depends on, and when it is given up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from diagnose.errors import SourceError
from diagnose.model import Place

CONSOLE = "-"
"""Stands among ``Job.read`` for what the command prints."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run is given up.

    Attributes:
        hang: seconds in which neither the console nor any file in the out folder grows; 0: no limit.
        total: seconds of wall time; 0: no limit.
        grace: seconds from SIGTERM to SIGKILL.
        console: bytes of console output that are kept; a command that prints more is stopped.
    """

    hang: float = 1800.0
    total: float = 0.0
    grace: float = 10.0
    console: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """A training run.

    Attributes:
        argv: the command, word by word; no shell sees it.
        folder: absolute path of the folder of this run, ours alone. The command writes to ``out`` in it, which is empty
            when it starts; on a cluster every node must see it.
        cwd: where the command starts; on a cluster every node must see it.
        seed, repeat: as the trial has them; they belong to the key.
        inputs: the config files the command reads; their content belongs to the key, their paths do not.
        env: added to the environment; belongs to the key.
        read: globs below ``out`` of the logs to judge, ``CONSOLE`` for what the command prints; none: all there are.
        limits: when it is given up.
        gpus, cpus: what it holds while it runs.
    """

    argv: tuple[str, ...]
    folder: str
    cwd: str = "."
    seed: int = 0
    repeat: int = 0
    inputs: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    read: tuple[str, ...] = ()
    limits: Limits = Limits()
    gpus: int = 0
    cpus: int = 1

    @property
    def out(self) -> str:
        """The folder the command writes to: ``{out}`` of a command template."""
        return out_of(self.folder)

    @property
    def console(self) -> str:
        """The file that takes stdout and stderr."""
        return str(Path(self.folder) / "console.log")

    @property
    def status(self) -> str:
        """The file in which the supervisor says how the run stands."""
        return str(Path(self.folder) / "status.json")

    @property
    def command(self) -> list[str]:
        """The command without the paths that say only where this run is kept."""
        marks = {self.out: "{out}", self.folder: "{run}"}
        marks |= {path: f"{{config{number or ''}}}" for number, path in enumerate(self.inputs)}
        words = list(self.argv)
        for path in sorted(marks, key=len, reverse=True):
            words = [word.replace(path, marks[path]) for word in words]
        return words

    def config_hash(self) -> str:
        """Return the hash of the content of its config files, in their order.

        Raises:
            SourceError: if one cannot be read.
        """
        total = hashlib.sha256()
        for path in self.inputs:
            try:
                total.update(hashlib.sha256(Path(path).read_bytes()).digest())
            except OSError as error:
                raise SourceError(error.strerror or str(error), place=Place(path)) from None
        return total.hexdigest()

    def key(self) -> str:
        """Return what a run is known by in the ledger: equal keys would train the same thing.

        Neither the symptom nor the cut is part of it: they judge a run, they do not change it.

        Raises:
            SourceError: if a config file cannot be read.
        """
        parts = [self.command, self.config_hash(), self.seed, self.repeat, sorted(self.env.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def out_of(folder: str) -> str:
    """Return the out folder of a run's folder: what ``{out}`` is to be replaced with."""
    return str(Path(folder) / "out")
