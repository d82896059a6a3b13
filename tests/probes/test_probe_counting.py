"""How an experiment counts: replicas that diverged, and causes that are not there."""

from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from diagnose.probes.declare import Arm, Factor, Observation, Parameter, documented  # noqa: E402
from diagnose.probes.experiment import Experiment  # noqa: E402
from diagnose.probes.result import Result, Used  # noqa: E402


def run(*, counts: bool = False, vary: bool = False, batch: int = 32) -> Result:
    """Half of the replicas diverge, all show the symptom."""

    def observe(values: Any, lab: Any) -> Observation:
        ruined = torch.arange(lab.replicas) % 2 == 0
        return Observation(torch.ones(lab.replicas, dtype=torch.bool), {}, ruined, counts)

    factors = (
        Factor("batch", "batch 32", lambda v: {"batch": min(32, v["batch"])}),
        Factor("gamma", "gamma 0", lambda _: {"gamma": 0.0}),
    )
    arms = (Arm("suspect", ""), Arm("control", ""), Arm("fix", ""))
    mechanism = SimpleNamespace(
        NAME="m", TITLE="T", SYMPTOM="s", PROXY="p", ARMS=arms, FACTORS=factors, observe=observe
    )  # fmt: skip
    used = (Used("batch", batch, "default", ""), Used("gamma", 2.0, "default", ""))
    return Experiment(mechanism, used, torch.device("cpu"), 8, 0).run(vary=vary, timed=False)


@pytest.mark.parametrize(("counts", "hits"), [(False, 4), (True, 8)])
def test_replicas_that_diverged_are_counted_apart(counts: bool, hits: int) -> None:
    suspect = run(counts=counts).arm("suspect")
    assert (suspect.hits, suspect.diverged) == (hits, 4)


@pytest.mark.parametrize(("batch", "names"), [(32, ["gamma"]), (128, ["batch", "gamma"])])
def test_a_cause_that_is_not_there_is_not_taken_away(batch: int, names: list[str]) -> None:
    assert [one.name for one in run(vary=True, batch=batch).varied] == names


def test_neither_a_log_nor_the_user_moves_the_dose_of_the_document() -> None:
    trained = []

    def observe(values: Any, lab: Any) -> Observation:
        trained.append(dict(values))
        return Observation(torch.ones(lab.replicas, dtype=torch.bool))

    mechanism = SimpleNamespace(
        NAME="m", TITLE="T", SYMPTOM="s", PROXY="p", FACTORS=(), observe=observe,
        PARAMETERS=(Parameter("batch", 256, ""), Parameter("depth", 6, ""), Parameter("gamma", 2.0, "")),
        ARMS=(Arm("suspect", ""), Arm("control", ""), Arm("fix", ""), documented("batch 20", batch=20)),
    )  # fmt: skip
    used = (Used("batch", 64, "log", ""), Used("depth", 4, "given", ""), Used("gamma", 2.0, "default", ""))
    result = Experiment(mechanism, used, torch.device("cpu"), 8, 0).run(timed=False)
    assert trained[0] == {"batch": 64, "depth": 4, "gamma": 2.0}
    assert trained[-1] == {"batch": 20, "depth": 6, "gamma": 2.0}
    assert result.documented is not None
    assert result.documented.changed == {"batch": 20, "depth": 6}
