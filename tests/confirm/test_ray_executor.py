"""A real Ray cluster of three nodes on this machine: runs are placed, and survive the loss of a node."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confirm_runs import Place, judge, processes, until

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.ending import ending_of
from diagnose.confirm.runs.executors.ray import Ray
from diagnose.errors import DiagnoseError

pytest.importorskip("ray", reason="needs the extra `ray`")
pytestmark = [
    pytest.mark.xdist_group("ray"),  # one cluster for all of them
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]
CUT = functools.partial(judge, cut=10)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_DISABLE_IMPORT_WARNING"] = "1"
    from ray.cluster_utils import Cluster

    memory = {"object_store_memory": 80 << 20}
    # A lost node is noticed soon, and one that is only slow among other tests is not taken for lost.
    soon = {"health_check_period_ms": 1000, "health_check_failure_threshold": 10, "health_check_initial_delay_ms": 0}
    head = {"num_cpus": 0, "include_dashboard": False, "_system_config": soon, **memory}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    cluster.add_node(num_cpus=2, **memory)
    cluster.wait_for_nodes()
    yield cluster
    import ray

    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def executor(cluster: Any) -> Iterator[Ray]:
    executor = Ray(cluster.address, lease=5)
    yield executor
    executor.close()


def test_runs_end_as_on_this_machine(tmp_path: Path, executor: Ray) -> None:
    place = Place(tmp_path, epochs=30, pause=0.05, bad={"nan": 3, "epochs": 4000}, failing={"crash": 2})
    trials = [Trial((), 0), Trial(("bad",), 0), Trial(("failing",), 0)]
    with place.ledger() as ledger:
        good, bad, failing = run(trials, place.bench(ledger, executor, judge=CUT))
    assert (good.symptom, good.metric) == (False, pytest.approx(0.2))
    assert (bad.symptom, bad.status) == (True, "stopped")
    assert (failing.status, failing.detail) == ("failed", "exit status 1")
    until(lambda: not processes(str(tmp_path)))


def test_a_run_of_a_node_that_is_lost_is_made_again_elsewhere(tmp_path: Path, cluster: Any, executor: Ray) -> None:
    place = Place(tmp_path, epochs=400, pause=0.1, deaf=True, helpers=1)
    node = cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
    cluster.wait_for_nodes()
    killed = []

    def kill(trial: Trial, outcome: Outcome | None) -> None:
        if outcome is None and trial.seed == 2 and not killed:  # as many as there are CPUs: one is on that node
            until(lambda: len(place.noted("start")) == 3)
            killed.append(cluster.remove_node(node, allow_graceful=False))

    with place.ledger() as ledger:
        trials = [Trial((), seed) for seed in range(3)]
        outcomes = run(trials, place.bench(ledger, executor, judge=functools.partial(judge, cut=30), watch=kill))
        assert killed
        assert ledger.spent().runs == 4
    assert [outcome.symptom for outcome in outcomes] == [False] * 3
    assert len(place.noted("start")) == 4
    until(lambda: not processes(str(tmp_path)))


def test_a_killed_worker_takes_its_run_along(tmp_path: Path, executor: Ray) -> None:
    place = Place(tmp_path, epochs=4000, pause=0.05, deaf=True, helpers=2)

    def kill(trial: Trial, outcome: Outcome | None) -> None:
        if outcome is None:
            status = place.job(trial).status
            until(lambda: (ending := ending_of(status)) and place.noted("start") and ending.started)
            waiting = parent(supervisor(status))
            os.kill(parent(waiting), signal.SIGKILL)

    with place.ledger() as ledger:
        (outcome,) = run([Trial((), 0)], place.bench(ledger, executor, watch=kill, retries=0))
    assert outcome.status == "lost"
    assert "WorkerCrashed" in outcome.detail or "terminated" in outcome.detail or outcome.detail == "orphaned"
    until(lambda: not processes(str(tmp_path)))


def supervisor(status: str) -> int:
    return int(json.loads(Path(status).read_text())["supervisor"])


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_runs_end_when_we_are_killed(tmp_path: Path, cluster: Any) -> None:
    root = Path(__file__).parents[2]
    code = f"""
import sys; sys.path[:0] = [{str(root)!r}, {str(Path(__file__).parent)!r}]
from pathlib import Path
from confirm_runs import Place
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.executors.ray import Ray
from diagnose.confirm.model import Trial
place = Place(Path({str(tmp_path)!r}), epochs=1000, pause=.1, deaf=True, helpers=2)
with place.ledger() as ledger:
    sys.exit(str(run([Trial((), 0)], place.bench(ledger, Ray({cluster.address!r}, lease=5)))))
"""
    place = Place(tmp_path)
    with (tmp_path / "told").open("w") as told, subprocess.Popen([sys.executable, "-c", code], stderr=told) as process:
        try:
            until(lambda: place.noted("start") or process.poll() is not None)
            assert process.poll() is None, (tmp_path / "told").read_text()
        finally:
            process.kill()
    until(lambda: not processes(str(tmp_path)))


def test_ray_leaves_us_what_we_do_when_told_to_end(cluster: Any) -> None:
    def ours(*_: Any) -> None: ...

    before = signal.signal(signal.SIGTERM, ours)
    try:
        Ray(cluster.address).close()
        assert signal.getsignal(signal.SIGTERM) is ours
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_job_that_fits_no_node_is_refused(tmp_path: Path, executor: Ray) -> None:
    place = Place(tmp_path)
    place.gpus = 1
    with place.ledger() as ledger, pytest.raises(DiagnoseError, match="no node of the Ray cluster has 1 CPU and 1 GPU"):
        run([Trial((), 0)], place.bench(ledger, executor))


def test_no_cluster_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(DiagnoseError, match=r"no Ray cluster answers at 127.0.0.1:1: .*refused"):
        Ray("127.0.0.1:1")
