"""Slots of this machine: a GPU each, or a share of the CPUs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from confirm_runs import Place, until

from diagnose.confirm.model import Trial
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.executors import open_executor
from diagnose.confirm.runs.executors.kinds import ENDED
from diagnose.confirm.runs.executors.local import Local, cpus, visible_gpus
from diagnose.confirm.runs.folder import clear, describe
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.live import Judgement
from diagnose.errors import DiagnoseError, SettingsError

TELL = """
import json, os, sys, time
names = "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "EXTRA"
began = time.time(); time.sleep(.8)
open(sys.argv[1], "w").write(json.dumps([began, time.time(), *map(os.environ.get, names)]))
"""


def told(tmp_path: Path, executor: Local, number: int, gpus: int) -> list[list[object]]:
    """Run some jobs at once and return what each saw."""

    def job(trial: Trial) -> Job:
        argv = (sys.executable, "-c", TELL, str(tmp_path / f"{trial.seed}.json"))
        folder = str(tmp_path / "runs" / str(trial.seed))
        return Job(argv, folder, cwd=str(tmp_path), seed=trial.seed, env={"EXTRA": "x"}, gpus=gpus)

    place = Place(tmp_path)
    with place.ledger() as ledger:
        bench = place.bench(ledger, executor, judge=lambda run, *, ended: Judgement())
        bench.job = job
        outcomes = run([Trial((), seed) for seed in range(number)], bench)
    assert [outcome.status for outcome in outcomes] == ["finished"] * number
    return [json.loads((tmp_path / f"{seed}.json").read_text()) for seed in range(number)]


def most_at_once(spans: list[list[object]]) -> int:
    return max(sum(one[0] <= other[0] < one[1] for one in spans) for other in spans)  # type: ignore[operator]


def test_each_run_has_gpus_of_its_own(tmp_path: Path) -> None:
    spans = told(tmp_path, Local(gpus=["0", "GPU-77", "2", "5"]), 4, gpus=2)
    assert {span[2] for span in spans} == {"0,GPU-77", "2,5"}
    for one in spans:
        for other in spans:
            if one is not other and one[2] == other[2]:
                assert one[1] <= other[0] or other[1] <= one[0]  # type: ignore[operator]


def test_without_gpus_the_cpus_are_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    executor = Local(2, gpus=[])
    executor.cpus = 8
    spans = told(tmp_path, executor, 4, gpus=0)
    assert most_at_once(spans) == 2
    assert {tuple(span[3:]) for span in spans} == {("4", "x")}


def test_a_run_without_gpus_sees_none_on_a_machine_that_has_some(tmp_path: Path) -> None:
    assert told(tmp_path, Local(1, gpus=["0"]), 1, gpus=0)[0][2] == "-1"


def test_how_many_run_at_once() -> None:
    job = Job(("true",), "run")
    executor = Local(gpus=["0", "1", "2"])
    executor.cpus = 16
    assert executor.most(Job(("true",), "run", gpus=1)) == 3
    assert executor.most(Job(("true",), "run", gpus=2)) == 1
    assert executor.most(job) == 16
    assert executor.most(Job(("true",), "run", cpus=5)) == 3
    assert executor.most(Job(("true",), "run", cpus=50)) == 1
    executor = Local(2, gpus=["0", "1", "2"])
    assert executor.most(Job(("true",), "run", gpus=1)) == 2
    with pytest.raises(DiagnoseError, match="a run needs 4 GPUs, this machine has 3"):
        executor.room(Job(("true",), "run", gpus=4))


@pytest.mark.parametrize(
    ("value", "gpus"), [("0,1", ["0", "1"]), ("", []), ("-1", []), ("3, GPU-1", ["3", "GPU-1"]), ("1,-1,2", ["1"])]
)
def test_gpus_are_those_that_are_visible(monkeypatch: pytest.MonkeyPatch, value: str, gpus: list[str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert visible_gpus() == gpus


def test_gpus_are_asked_of_the_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    tool = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for text, gpus in (("echo 0; echo 1", ["0", "1"]), ("echo No devices were found", []), ("exit 9", [])):
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)
        assert visible_gpus() == gpus


def test_cancelled_and_closed_runs_are_gone(tmp_path: Path) -> None:
    executor = Local(4, gpus=[])
    handles = []
    for number in range(2):
        job = Job((sys.executable, "-c", "import time; time.sleep(600)"), str(tmp_path / str(number)))
        clear(job)
        handles.append(executor.submit(job, describe(job, "k", f"{tmp_path}:{number}"), "m"))
        until(lambda job=job: Path(job.console).exists())
    executor.cancel(handles[0])
    assert executor.poll(handles[0]) == ENDED
    executor.close()
    assert executor.poll(handles[1]) == ENDED
    executor.cancel("77")


def test_executors_by_name(tmp_path: Path) -> None:
    assert open_executor("local", slots=3).name == "local"
    assert cpus() >= 1
    with pytest.raises(SettingsError, match=r"unknown executor 'slrum'.*did you mean slurm"):
        open_executor("slrum")


@pytest.mark.parametrize(("name", "module"), [("ray", "ray"), ("slurm", "submitit")])
def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch, name: str, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DiagnoseError, match=rf"pip install 'diagnose-ml\[{name}\]'"):
        open_executor(name)
