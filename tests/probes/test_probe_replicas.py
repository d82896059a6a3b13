"""Replicas that train at once: the same as one after the other, and independent of one another."""

import pytest

torch = pytest.importorskip("torch")

from diagnose.probes import data, metrics, speed  # noqa: E402
from diagnose.probes.lab import Lab, take  # noqa: E402
from diagnose.probes.networks import Mlp, NormedMlp  # noqa: E402
from diagnose.probes.optimizers import Adam, Optimizer, Sgd  # noqa: E402
from diagnose.probes.stopping import EarlyStop  # noqa: E402
from diagnose.probes.trainer import Trainer  # noqa: E402

CPU = torch.device("cpu")
COUNT = 4


def loss(model, x, y, weights):
    return torch.nn.functional.cross_entropy(model(x), y, weight=weights)


@pytest.fixture
def lab() -> Lab:
    return Lab(CPU, tuple(range(COUNT)))


def batch(lab: Lab):
    made = lab.draw(lambda g: {"x": torch.randn(20, 5, generator=g), "y": torch.randint(3, (20,), generator=g)})
    return made["x"], made["y"], lab.rows((1.0, 2.0, 0.5))


def optimizers() -> dict[str, Optimizer]:
    rates = torch.tensor([0.1, 0.01, 0.001, 0.3])
    decays = torch.tensor([0.0, 0.1, 0.01, 0.001])
    return {"adam": Adam(rates, decays), "sgd": Sgd(rates, decays, torch.tensor([0.9, 0.5, 0.0, 0.8]))}


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_the_same_as_torch_in_a_plain_loop(lab: Lab, name: str) -> None:
    """Every replica with a rate, decay and momentum of its own ends where torch's optimizer would take it."""
    nets, optimizer, given = lab.build(lambda: Mlp((5, 8, 3))), optimizers()[name], batch(lab)
    singles = [nets.single(replica) for replica in range(COUNT)]
    trainer = Trainer(lab, nets, loss, optimizer)
    for _ in range(5):
        trainer.step(*given)
    for replica, model in enumerate(singles):
        plain = optimizer.plain(model.parameters(), replica)
        for _ in range(5):
            plain.zero_grad()
            loss(model, *(one[replica] for one in given)).backward()
            plain.step()
        for key, weight in model.named_parameters():
            torch.testing.assert_close(nets.params[key][replica], weight.detach(), rtol=1e-4, atol=1e-5)


def test_nan_stays_in_its_lane(lab: Lab) -> None:
    rates = torch.tensor([0.01, float("inf"), 0.01, 0.01])
    ends = []
    for rate in (rates, 0.01):
        nets = lab.build(lambda: Mlp((5, 8, 3)))
        trainer = Trainer(lab, nets, loss, Sgd(rate))
        for _ in range(3):
            trainer.step(*batch(lab))
        ends.append(nets)

    assert ends[0].finite().tolist() == [True, False, True, True]
    torch.testing.assert_close(ends[0].flat[[0, 2, 3]], ends[1].flat[[0, 2, 3]])


def test_stopped_and_frozen_weights_stay(lab: Lab) -> None:
    nets = lab.build(lambda: Mlp((5, 8, 3)))
    before = nets.flat.clone()
    trainer = Trainer(lab, nets, loss, Adam(0.1, 0.1), trains=lambda name: name.startswith("layers.1."))
    trainer.step(*batch(lab), alive=torch.tensor([True, False, True, True]))
    was = nets.views(before)

    assert torch.equal(nets.flat[1], before[1])
    for name, weight in nets.params.items():
        assert torch.equal(weight[0], was[name][0]) == name.startswith("layers.0.")
    assert lab.meter.total() == COUNT - 1


def test_a_replica_is_the_same_among_few_and_many() -> None:
    few, many = Lab(CPU, (3, 4)), Lab(CPU, (2, 3, 4, 5))

    assert torch.equal(batch(few)[0], batch(many)[0][1:3])
    assert torch.equal(few.build(lambda: Mlp((5, 3))).flat, many.build(lambda: Mlp((5, 3))).flat[1:3])
    orders = [next(one.batches(10, 4, 1))[0] for one in (few, many)]
    assert torch.equal(orders[0], orders[1][1:3])


def test_batches_hold_every_sample_once(lab: Lab) -> None:
    for size, sizes in ((4, [4, 4, 2]), (10, [10]), (50, [10])):
        for epoch in lab.batches(10, size, 2):
            assert [part.shape[1] for part in epoch] == sizes
            assert torch.equal(torch.cat(epoch, 1).sort(1).values, torch.arange(10).expand(COUNT, -1))
    x = torch.arange(20.0).reshape(1, 10, 2).expand(COUNT, -1, -1)
    index = next(lab.batches(10, 4, 1))[0]
    assert torch.equal(take(x, index)[2], x[2][index[2]])


def test_early_stopping_of_each_replica(lab: Lab) -> None:
    """As Keras: a tie is no improvement, NaN is none, and the weights of the best epoch are kept."""
    nets = lab.build(lambda: Mlp((2, 2)))
    stop = EarlyStop(lab, torch.tensor([1.0, 2.0, 2.0, 9.0]), keep=nets)
    nan = float("nan")
    metric = torch.tensor([[0.5, 0.5, 0.4, 0.3], [0.2, 0.1, nan, 0.2], [0.1, 0.4, 0.1, 0.6], [0.9, 0.9, 0.9, nan]])
    for epoch, row in enumerate(metric, start=1):
        nets.flat.fill_(float(epoch))
        stop.update(epoch, row)

    assert stop.best_epoch.tolist() == [1, 1, 1, 3]
    assert stop.stopped_epoch.tolist() == [2, 3, 3, 0]
    assert stop.best.tolist() == pytest.approx([0.5, 0.5, 0.4, 0.6])
    assert [float(one.flatten()[0]) for one in stop.weights["layers.0.weight"]] == [1, 1, 1, 3]
    assert not stop.over


def test_lower_can_be_better(lab: Lab) -> None:
    stop = EarlyStop(lab, 1, higher=False)
    stop.update(1, torch.tensor([1.0, 1.0, 2.0, 2.0]))
    stop.update(2, torch.tensor([0.5, 1.0, 3.0, 1.0]))

    assert stop.alive.tolist() == [True, False, False, True]
    assert stop.best.tolist() == [0.5, 1.0, 2.0, 1.0]


def test_kappa_of_each_replica() -> None:
    truth = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]])
    answers = torch.tensor([[0, 0, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]])

    assert metrics.kappa(answers, truth, 2).tolist() == pytest.approx([0.5, 0.0, 0.0])
    assert metrics.largest_share(answers, 2).tolist() == [0.75, 1.0, 1.0]
    assert metrics.accuracy(answers, truth).tolist() == [0.75, 0.5, 1.0]


def test_resampling_keeps_what_there_is() -> None:
    labels = data.labels_of((3, 9, 5))
    chosen = data.resampled(torch.Generator().manual_seed(1), labels, (6, 6, 5))

    assert torch.bincount(labels[chosen]).tolist() == [6, 6, 5]
    assert set(range(3)) <= set(chosen.tolist()), "all of a rare class"
    assert len(set(chosen[6:12].tolist())) == 6, "no sample of a frequent class twice"


def test_nobody_beats_who_knows_the_data(lab: Lab) -> None:
    def make(generator):
        means = data.class_means(generator, 3, 6, 2.0)
        y = torch.arange(3000) % 3
        return {"means": means, "x": data.around(generator, means, y), "y": y}

    sets = lab.draw(make)
    best = metrics.accuracy(data.bayes(sets["x"], sets["means"], (1, 1, 1)), sets["y"])
    nearest = torch.cdist(sets["x"], sets["means"]).argmin(2)
    assert best.tolist() == pytest.approx(metrics.accuracy(nearest, sets["y"]).tolist(), abs=0.002)


def test_batch_statistics_normalise(lab: Lab) -> None:
    nets = lab.build(lambda: NormedMlp(5, 8, 3, depth=2))
    x = batch(lab)[0]
    logits, seen = nets.map(lambda model, one: model(one), x)
    again, _ = nets.map(lambda model, one, m, v: model(one, (m, v)), x, *seen)

    assert seen[0].shape == (COUNT, 2, 8)
    torch.testing.assert_close(logits, again)


def test_the_plain_loop_is_measured(lab: Lab, monkeypatch) -> None:
    monkeypatch.setattr(speed, "BUDGET", 0.05)
    trainer = Trainer(lab, lab.build(lambda: Mlp((5, 8, 3))), loss, Adam(0.01))
    trainer.step(*batch(lab))
    measured = speed.measure(trainer)

    assert measured.together > 0
    assert measured.ratio == pytest.approx(measured.together / measured.loop)
