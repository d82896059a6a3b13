import pytest

torch = pytest.importorskip("torch")
from arms import medians, observe  # noqa: E402

from diagnose.mechanisms import focal_loss  # noqa: E402
from diagnose.probes import cells  # noqa: E402
from diagnose.probes.mechanisms import focal_gamma_shrinks_loss as mechanism  # noqa: E402

SMALL = {"epochs": 2, "batch": 32}


def test_plain_cross_entropy_leaves_all_of_it() -> None:
    seen = observe("focal-gamma-shrinks-loss", "control", **SMALL)
    assert medians(seen)["gradient left"] == pytest.approx(1)
    assert medians(seen)["object loss left"] == pytest.approx(1)


def test_the_symptom_is_what_detection_came_to() -> None:
    """Not an identity: plain cross-entropy shows it, too, before it has learned."""
    assert observe("focal-gamma-shrinks-loss", "control", **SMALL).symptom.all()
    learned = {"epochs": 16, "objects": 0.2}
    plain, focal = (observe("focal-gamma-shrinks-loss", arm, **learned) for arm in ("control", "suspect"))
    assert not plain.symptom.any()
    assert medians(focal)["AP of the possible"] < medians(plain)["AP of the possible"] < 1.05


def test_alpha_and_a_high_gamma_take_most_of_it() -> None:
    assert medians(observe("focal-gamma-shrinks-loss", gamma=2.0, **SMALL))["gradient left"] < 0.5
    assert medians(observe("focal-gamma-shrinks-loss", gamma=2.0, alpha=0.0, **SMALL))["gradient left"] < 0.5


def test_as_large_as_it_was_at_the_start() -> None:
    fitted, left = (
        medians(observe("focal-gamma-shrinks-loss", arm, **SMALL))["object loss left"]
        for arm in ("as large as it was", "suspect")
    )
    assert fitted > 1.2 * left


def test_the_fix_tries_weights_and_keeps_what_is_best_on_cells_that_do_not_judge_it() -> None:
    given = {"epochs": 6, "replicas": 4}
    tuned, as_it_was = (observe("focal-gamma-shrinks-loss", arm, **given) for arm in ("fix", "suspect"))
    weights = tuned.measures["weight over the old"]
    assert set(weights.tolist()) <= set(mechanism.GAINS)
    assert weights.min() > 1
    assert medians(tuned)["AP"] > medians(as_it_was)["AP"] + 0.1
    assert as_it_was.measures["weight over the old"].tolist() == [1] * 4


def test_a_weight_of_the_search_trains_as_it_does_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes of one replica share its data, its order and its initial weights."""
    monkeypatch.setattr(mechanism, "GAINS", (1.0, 1.0))
    tuned, as_it_was = (observe("focal-gamma-shrinks-loss", arm, 2, **SMALL) for arm in ("fix", "suspect"))
    for name, one in as_it_was.measures.items():
        torch.testing.assert_close(tuned.measures[name], one, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("there", [0.0, 1.0])
def test_the_loss_is_that_of_the_closed_form(gamma: float, there: float) -> None:
    p = 0.3  # of an object
    told = cells.object_loss(
        torch.tensor([p]).logit(), torch.tensor([there]), torch.tensor(gamma), torch.tensor(0.25)
    ).item()
    assert told == pytest.approx(focal_loss.loss(p if there else 1 - p, gamma, 0.25 if there else 0.75), rel=1e-5)


def test_average_precision() -> None:
    there = torch.tensor([[1.0, 0, 1, 0], [1, 0, 1, 0]])
    score = torch.tensor([[4.0, 3, 2, 1], [4, 1, 3, 2]])
    assert cells.average_precision(score, there).tolist() == pytest.approx([(1 + 2 / 3) / 2, 1.0])


def test_no_score_ranks_better_than_the_evidence() -> None:
    made = [cells.cells(torch.Generator().manual_seed(seed), 10, 4000, 0.1) for seed in range(4)]
    sets = {key: torch.stack([one[key] for one in made]) for key in made[0]}
    best = cells.average_precision(cells.evidence(sets), sets["val_there"])
    class_part = (sets["val_x"][..., : cells.CLASS_PART] @ sets["means"].transpose(1, 2)).logsumexp(2)
    assert (best > cells.average_precision(class_part, sets["val_there"])).all()
    assert (best > cells.average_precision(sets["val_x"].square().sum(2), sets["val_there"])).all()
    assert (best < 1).all()


def test_what_is_possible() -> None:
    sets = {key: one.unsqueeze(0) for key, one in cells.cells(torch.Generator().manual_seed(1), 10, 4000, 0.3).items()}
    best = torch.zeros(1, 4000, cells.OUTPUTS)
    best[..., 1 : 1 + cells.CLASSES] = sets["val_x"][..., : cells.CLASS_PART] @ sets["means"].transpose(1, 2)
    assert cells.class_accuracy(best, sets).item() == pytest.approx(1, abs=0.02)
    best[..., 1 + cells.CLASSES :] = sets["val_box"]
    assert cells.box_fit(best, sets).item() > 1  # who knows the boxes themselves does better than what can be known
