"""The culprit search: hypotheses, posterior, choice of probes, and delta debugging."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from diagnose.confirm.studies.search import Hypotheses, Noise, Posterior, choose, ddmin
from diagnose.confirm.studies.search.hypotheses import NAMED

QUIET = Noise.measured(0, 4, 0, 4)


def names(count):
    return [f"s{at}" for at in range(count)]


def searched(count, shows, noise=QUIET, prior=None, most=60):
    posterior = Posterior(Hypotheses(names(count), prior or {}, 0.2, ()), noise)
    while posterior.best[1] < 0.95 and posterior.probes < most:
        subset = choose(posterior, 1)[0]
        posterior.learn(subset, shown=shows({int(at) for at in np.flatnonzero(subset)}))
    return posterior


@pytest.mark.parametrize("count", [2, 3, 5, 10, 14])
def test_every_single_culprit_is_found(count):
    for culprit in range(0, count, 1 if count < 6 else 4):
        posterior = searched(count, lambda on, culprit=culprit: culprit in on)
        assert (posterior.best[0].kind, posterior.best[0].members) == ("single", (culprit,))


@pytest.mark.parametrize(("kind", "test"), [("and", all), ("or", any)])
@pytest.mark.parametrize("members", [(0, 1), (2, 7), (1, 4, 6)])
def test_pairs_and_triples_are_found(kind, test, members):
    posterior = searched(8, lambda on: test(at in on for at in members))
    assert (posterior.best[0].kind, posterior.best[0].members) == (kind, members)
    assert posterior.best[0].words(names(8)) == f" {kind} ".join(f"s{at}" for at in members)


def test_few_probes_are_enough():
    assert searched(10, lambda on: 3 in on).probes <= 8


def test_a_wrong_verdict_is_overcome():
    wrong = iter([True])
    posterior = searched(8, lambda on: (2 in on) ^ next(wrong, False))
    assert posterior.best[0].members == (2,)


def test_what_nothing_explains_is_something_else():
    random = np.random.default_rng(0)
    posterior = searched(10, lambda on: random.random() < 0.5, most=40)
    assert posterior.best[0].words(names(10)) == "something else" or posterior.best[1] < 0.95


def test_prior_sums_to_one_and_follows_the_weights():
    found = Hypotheses(names(5), {"s3": 5.0, "s0": 1.0}, 0.2, ())
    assert found.prior.sum() == pytest.approx(1)
    assert found.single.argmax() == 3
    assert found.single[1] == found.single[0]
    assert sum(found.prior[at] for at, one in enumerate(found.all) if len(one.members) == 2) == pytest.approx(0.2)


def test_named_suspects_get_half_of_the_prior():
    found = Hypotheses(names(10), {"s0": 50.0}, 0.2, ("s8", "s9"))
    assert found.single[8:].sum() == pytest.approx(NAMED)
    assert found.single.sum() == pytest.approx(1)


def test_large_diffs_stay_small():
    found = Hypotheses(names(120), {}, 0.2, ())
    assert len(found.all) < 5000
    subset = choose(Posterior(found, QUIET), 1)[0]
    assert 20 < subset.sum() < 100


def test_a_batch_tells_more_than_its_first_probe_twice():
    posterior = Posterior(Hypotheses(names(8), {}, 0.2, ()), QUIET)
    batch = choose(posterior, 4)
    assert len({tuple(subset.tolist()) for subset in batch}) == 4


def test_avoided_subsets_are_not_chosen():
    posterior = Posterior(Hypotheses(names(2), {}, 0.2, ()), QUIET)
    assert [tuple(one.tolist()) for one in choose(posterior, 3, {(True, False)})] == [(False, True)]
    assert choose(posterior, 1, {(True, False), (False, True)}) == []


def test_noise_is_learned_from_the_control():
    assert Noise.measured(0, 4, 0, 4).rates == pytest.approx((0.5 / 9, 0.5 / 9))
    assert Noise.measured(2, 8, 0, 8).rates[0] > Noise.measured(0, 8, 0, 8).rates[0]
    assert Noise.measured(0, 4, 0, 4, deterministic=True).rates[0] < 0.03
    assert Noise((0.0001, 99.0), (0.0001, 99.0)).rates == (0.01, 0.01)


def minimal(count, shows):
    asked, tests = ddmin(frozenset(range(count)), lambda atom: atom), 0
    try:
        test = next(asked)
        while True:
            tests += 1
            test = asked.send(shows(test))
    except StopIteration as end:
        return end.value, tests


def test_ddmin_finds_every_pair_and_four_together():
    for members in combinations(range(7), 2):
        assert minimal(7, lambda on, members=members: set(members) <= on)[0] == set(members)
    found, tests = minimal(12, lambda on: {0, 3, 7, 11} <= on)
    assert found == {0, 3, 7, 11}
    assert tests <= 12**2 + 36


def test_ddmin_of_one_cause_takes_few_tests():
    found, tests = minimal(16, lambda on: 5 in on)
    assert found == {5}
    assert tests <= 8


def test_ddmin_returns_all_if_all_are_needed():
    assert minimal(4, lambda on: len(on) == 4)[0] == {0, 1, 2, 3}
