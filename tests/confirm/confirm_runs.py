"""A training command for the tests of what runs it, and a bench to run it on."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diagnose.confirm.model import Trial
from diagnose.confirm.runs.batch import Bench
from diagnose.confirm.runs.executors import Executor
from diagnose.confirm.runs.executors.local import Local
from diagnose.confirm.runs.job import Job, Limits
from diagnose.confirm.runs.ledger import Ledger
from diagnose.confirm.runs.live import Judge, Judgement
from diagnose.model import Run

TRAIN = """
import json, os, signal, subprocess, sys, time
config, seed, out, journal = json.load(open(sys.argv[1])), int(sys.argv[2]), sys.argv[3], sys.argv[4]
def note(what):
    fd = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, f"{what} {config['name']} {seed} {os.getpid()}\\n".encode())
    os.close(fd)
note("start")
assert os.listdir(out) == [], "the out folder is not empty"
if config.get("deaf"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in range(config.get("helpers", 0)):
    subprocess.Popen([sys.executable, "-c", "import signal,time; signal.signal(15, 1); time.sleep(600)", journal],
                     start_new_session=bool(number % 2))
loss = 2.0
with open(out + "/history.csv", "w") as file:
    file.write("epoch,train_loss\\n")
    for epoch in range(1, config.get("epochs", 5) + 1):
        time.sleep(config.get("pause", 0))
        loss = float("nan") if epoch >= config.get("nan", 1e9) else 2.0 / epoch + 0.001 * seed
        file.write(f"{epoch},{loss}\\n")
        file.flush()
        if epoch == config.get("hang"):
            time.sleep(600)
        if epoch == config.get("crash"):
            raise SystemExit(config.get("last words", "it broke"))
note("end")
"""


def judge(run: Run, *, ended: bool, cut: int = 1000) -> Judgement:
    """The symptom is a NaN; the metric the loss at the cut."""
    series = run.segments[-1].series.get("train/loss")
    if series is None:
        return Judgement()
    values = [float(value) for value in series.value[:cut]]
    bad = any(value != value for value in values)
    reached = len(values) >= cut
    return Judgement(bad if bad or reached or ended else None, values[-1], reached)


class Place:
    """A folder with the command, its configs, a ledger and a journal of what really ran."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.folder = folder
        self.config = config
        self.limits = Limits(hang=120, total=300, grace=0.5)
        self.gpus = 0
        self.read: tuple[str, ...] = ()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "train.py").exists():  # written again, it would be empty just when a run begins
            (folder / "train.py").write_text(TRAIN)

    def job(self, trial: Trial) -> Job:
        """The job of a trial: its parts are names of keys of ``config``, which may be a dict for that part only."""
        name = "+".join(trial.parts) or "base"
        settings = {key: value for key, value in self.config.items() if not isinstance(value, dict)}
        for part in trial.parts:
            settings |= self.config.get(part, {})
        config = self.folder / f"{name}.json"
        config.write_text(json.dumps({"name": name, **settings}))
        folder = self.folder / "runs" / f"{name}-{trial.seed}-{trial.repeat}"
        argv = [str(self.folder / "train.py"), str(config), str(trial.seed), str(folder / "out"), str(self.journal)]
        return Job(
            (sys.executable, *argv),
            str(folder),
            cwd=str(self.folder),
            seed=trial.seed,
            repeat=trial.repeat,
            inputs=(str(config),),
            read=self.read,
            limits=self.limits,
            gpus=self.gpus,
        )

    @property
    def journal(self) -> Path:
        """Written by the command itself."""
        return self.folder / "journal"

    def noted(self, what: str) -> list[str]:
        """Return ``name seed`` of each time that the command noted something."""
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [" ".join(line.split()[1:3]) for line in lines if line.startswith(what + " ")]

    def ledger(self, study: str = "study") -> Ledger:
        return Ledger(self.folder / "ledger.sqlite", study)

    def bench(
        self,
        ledger: Ledger,
        executor: Executor | None = None,
        judge: Judge = judge,
        judged_as: str = "nan",
        **more: Any,
    ) -> Bench:
        return Bench(ledger, executor or Local(2), self.job, judge, judged_as, **more)


def until(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Wait for a condition, for long: a machine may be busy with other tests."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    """Whether a process lives and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def processes(*words: str) -> list[int]:
    """Return the living processes with all words in their command line or environment, but for this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                data = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            except OSError:
                continue
            if all(word.encode() in data for word in words) and alive(int(folder.name)):
                found.append(int(folder.name))
    return found


def supervisors(folder: Path) -> list[int]:
    """Return the supervisors of runs below a folder; others may run their own tests."""
    return processes(f"{folder}/", "supervise.py\0")
