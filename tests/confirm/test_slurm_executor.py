"""submitit, with its executor for one machine in place of Slurm."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confirm_runs import Place, judge, processes, supervisors, until

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.executors import open_executor
from diagnose.confirm.runs.executors.slurm import Slurm
from diagnose.confirm.runs.folder import clear, describe
from diagnose.errors import DiagnoseError, SettingsError

pytest.importorskip("submitit", reason="needs the extra `slurm`")
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
    pytest.mark.filterwarnings("ignore"),  # submitit's own
]
LOCAL = {"cluster": "local", "lease": "4"}
CUT = functools.partial(judge, cut=10)


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[Slurm]:
    executor = open_executor("slurm", folder=str(tmp_path), slots=2, options=LOCAL)
    assert isinstance(executor, Slurm)
    yield executor
    executor.close()


def test_runs_end_as_on_this_machine(tmp_path: Path, executor: Slurm) -> None:
    place = Place(tmp_path, epochs=30, pause=0.05, bad={"nan": 3, "epochs": 4000}, failing={"crash": 2})
    trials = [Trial((), 0), Trial(("bad",), 0), Trial(("failing",), 0)]
    with place.ledger() as ledger:
        good, bad, failing = run(trials, place.bench(ledger, executor, judge=CUT))
    assert (good.symptom, good.metric) == (False, pytest.approx(0.2))
    assert (bad.symptom, bad.status) == (True, "stopped")
    assert (failing.status, failing.detail) == ("failed", "exit status 1")
    until(lambda: not processes(str(tmp_path)))


def test_the_end_of_a_job_prints_nothing(tmp_path: Path, executor: Slurm, capfd: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, epochs=30, pause=0.05, bad={"nan": 3})
    with place.ledger() as ledger:
        run([Trial((), 0), Trial(("bad",), 0)], place.bench(ledger, executor, judge=CUT))
        place.config["epochs"] = 1000
        job = place.job(Trial((), 1))
        clear(job)
        handle = executor.submit(job, describe(job, "key", "m:1", alive="", session="", lease=0.0), "m:1")
        until(lambda: place.noted("start")[2:])
        executor.cancel(handle)
    until(lambda: not processes(str(tmp_path)))
    assert capfd.readouterr().err == ""


def test_a_job_that_slurm_ends_is_made_again(tmp_path: Path, executor: Slurm) -> None:
    place = Place(tmp_path, epochs=4000, pause=0.05, helpers=1)
    killed: list[int] = []

    def kill(trial: Trial, outcome: Outcome | None) -> None:
        if outcome is None and not killed:
            until(lambda: place.noted("start"))
            killed.extend(supervisors(tmp_path))
            for pid in killed:
                os.kill(pid, signal.SIGTERM)

    with place.ledger() as ledger:
        (outcome,) = run([Trial((), 0)], place.bench(ledger, executor, judge=CUT, watch=kill))
        assert ledger.spent().runs == 2
    assert killed
    assert (outcome.symptom, outcome.metric) == (False, pytest.approx(0.2))
    until(lambda: not processes(str(tmp_path)))


def test_runs_end_when_we_are_killed_and_are_made_again(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    code = f"""
import sys; sys.path[:0] = [{str(root)!r}, {str(Path(__file__).parent)!r}]
from pathlib import Path
from confirm_runs import Place
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.executors import open_executor
from diagnose.confirm.model import Trial
place = Place(Path({str(tmp_path)!r}), epochs=4000, pause=.1)
with place.ledger() as ledger:
    run([Trial((), 0)], place.bench(ledger, open_executor("slurm", folder={str(tmp_path)!r}, options={LOCAL!r})))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    place = Place(tmp_path, epochs=4000, pause=0.1)
    until(lambda: place.noted("start"))
    process.kill()
    process.wait()
    executor = open_executor("slurm", folder=str(tmp_path), options=LOCAL)
    with place.ledger() as ledger:
        (outcome,) = run([Trial((), 0)], place.bench(ledger, executor, judge=CUT))
    executor.close()
    assert outcome.symptom is False
    assert len(place.noted("start")) == 2
    until(lambda: not processes(str(tmp_path)))


def test_options_are_checked(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"submitit does not accept this.*no_such_thing"):
        Slurm(str(tmp_path), options={**LOCAL, "no_such_thing": "1"})
    Slurm(str(tmp_path), options={**LOCAL, "slurm_partition": "gpu", "timeout_min": "30"})


def test_no_slurm_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DiagnoseError, match="there is no Slurm here"):
        Slurm(str(tmp_path))
