"""Which settings to switch on next: the probe whose verdict is expected to tell most."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import numpy as np

from diagnose.confirm.studies.search.hypotheses import Bools, Floats, Hypotheses
from diagnose.confirm.studies.search.posterior import Posterior

EVERY = 11
"""Diffs of up to so many atoms have each of their subsets looked at; of larger ones a sample is improved."""
SAMPLE = 256
"""Subsets drawn of a larger diff."""
KEPT = 12
"""Of these, the ones that are improved."""
AHEAD = 6
"""Most probes planned at once: what they tell is summed over all 2^n verdicts of those before."""


def choose(posterior: Posterior, count: int, avoid: Collection[tuple[bool, ...]] = ()) -> list[Bools]:
    """Return the subsets to probe next, each chosen for what it adds to those before it.

    The gain of a probe is the mutual information between its verdict and the explanation, given the rates of wrong
    verdicts: H(verdict) - H(verdict | explanation).

    Source: Lindley 1956, On a measure of the information provided by an experiment, Annals of Mathematical Statistics
    27(4); greedy batches lose little: Krause and Guestrin 2005, UAI.

    Args:
        posterior: beliefs.
        count: how many, at most `AHEAD`; fewer come back if there are no more.
        avoid: subsets that need not be tried again.
    """
    few = len(posterior.hypotheses.atoms) <= EVERY
    candidates, predicted = _every(posterior.hypotheses) if few else _sampled(posterior)
    if avoid:
        allowed = _allowed(candidates, avoid)
        candidates, predicted = candidates[allowed], predicted[allowed]
    chosen: list[Bools] = []
    # Beliefs after each possible string of verdicts of the probes chosen so far; their totals are its probability.
    branches = posterior.weights[None, :]
    while len(candidates) and len(chosen) < min(count, AHEAD):
        gains = _gains(branches, predicted, posterior)
        if not few:
            candidates, predicted, gains = _improved(branches, candidates, gains, posterior, avoid)
        at = int(np.argmax(np.round(gains, 6)))
        chosen.append(candidates[at])
        if len(chosen) == count:
            break
        likely = _likely(predicted[at], posterior)
        branches = np.concatenate([branches * likely, branches * (1 - likely)])
        rest = np.arange(len(candidates)) != at
        candidates, predicted = candidates[rest], predicted[rest]
    return chosen


def _likely(predicted: Floats, posterior: Posterior) -> Floats:
    """Return how probable it is that the symptom shows, by hypothesis."""
    missed, false = posterior.rates
    found = false + (1 - missed - false) * predicted
    if posterior.hypotheses.has_other:
        found[-1] = 0.5
    return found


def _gains(branches: Floats, predicted: Floats, posterior: Posterior) -> Floats:
    """Return what each candidate is expected to tell."""
    missed, false = posterior.rates
    masses = branches.sum(axis=1)
    other = branches[:, -1] if posterior.hypotheses.has_other else np.zeros(len(branches))
    on = predicted @ branches.T
    off = masses - other - on
    shown = (1 - missed) * on + false * off + 0.5 * other
    noise = _entropy(np.array([missed, false]))
    within = noise[0] * on + noise[1] * off + other
    return np.asarray((masses * _entropy(shown / masses) - within).sum(axis=1))


def _entropy(share: Floats) -> Floats:
    safe = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(-safe * np.log2(safe) - (1 - safe) * np.log2(1 - safe))


@lru_cache(maxsize=4)
def _every(hypotheses: Hypotheses) -> tuple[Bools, Floats]:
    """Return the subsets of a small diff, other than none and all, and what each explanation predicts of them."""
    count = len(hypotheses.atoms)
    found = (np.arange(1, 2**count - 1)[:, None] >> np.arange(count)) & 1 == 1
    return found, hypotheses.predict(found).astype(float)


def _sampled(posterior: Posterior) -> tuple[Bools, Floats]:
    """Return subsets of a large diff: the most suspicious atoms, single atoms, and a draw."""
    count = len(posterior.hypotheses.atoms)
    random = np.random.default_rng(posterior.probes)
    order = np.argsort(-posterior.marginals(), kind="stable")
    prefixes = np.zeros((count - 1, count), dtype=bool)
    for size in range(1, count):
        prefixes[size - 1, order[:size]] = True
    drawn = random.random((SAMPLE, count)) < random.uniform(0.1, 0.9, (SAMPLE, 1))
    found = np.concatenate([prefixes, np.eye(count, dtype=bool), drawn])
    found = np.unique(found[_allowed(found, ())], axis=0)
    return found, posterior.hypotheses.predict(found).astype(float)


def _allowed(subsets: Bools, avoid: Collection[tuple[bool, ...]]) -> Bools:
    """Return which subsets are worth a look: not none and not all, whose verdicts the control has told."""
    fine = subsets.any(axis=1) & ~subsets.all(axis=1)
    if avoid:
        fine &= np.array([tuple(row) not in avoid for row in subsets.tolist()], dtype=bool)
    return np.asarray(fine)


def _improved(
    branches: Floats, candidates: Bools, gains: Floats, posterior: Posterior, avoid: Collection[tuple[bool, ...]]
) -> tuple[Bools, Floats, Floats]:
    """Flip one atom at a time of the best candidates for as long as one of them gains."""
    count = candidates.shape[1]
    best = candidates[np.argsort(-gains, kind="stable")[:KEPT]]
    reached = float(gains.max())
    for _ in range(count):
        flipped = (best[:, None, :] ^ np.eye(count, dtype=bool)[None]).reshape(-1, count)
        pool = np.unique(np.concatenate([best, flipped]), axis=0)
        pool = pool[_allowed(pool, avoid)]
        found = _gains(branches, posterior.hypotheses.predict(pool).astype(float), posterior)
        best = pool[np.argsort(-found, kind="stable")[:KEPT]]
        if float(found.max()) <= reached + 1e-6:
            break
        reached = float(found.max())
    candidates = np.unique(np.concatenate([best, candidates]), axis=0)
    predicted = posterior.hypotheses.predict(candidates).astype(float)
    return candidates, predicted, _gains(branches, predicted, posterior)
