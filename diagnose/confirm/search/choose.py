"""Which settings to switch on next: the probe whose verdict is expected to tell most."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from diagnose.confirm.search.hypotheses import Bools, Floats
from diagnose.confirm.search.posterior import Posterior

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
    candidates = _candidates(posterior, avoid)
    if not len(candidates):
        return []
    chosen: list[Bools] = []
    # Beliefs after each possible string of verdicts of the probes chosen so far; their totals are its probability.
    branches = posterior.weights[None, :]
    for _ in range(min(count, AHEAD)):
        predicted = posterior.hypotheses.predict(candidates)
        gains = _gains(branches, predicted, posterior)
        if len(candidates) > 2**EVERY - 1 or len(posterior.hypotheses.atoms) > EVERY:
            candidates, predicted, gains = _improved(branches, candidates, gains, posterior, avoid)
        at = int(np.argmax(np.round(gains, 9)))
        chosen.append(candidates[at])
        likely = _likely(predicted[at], posterior)
        branches = np.concatenate([branches * likely, branches * (1 - likely)])
        keep = np.ones(len(candidates), dtype=bool)
        keep[at] = False
        candidates = candidates[keep]
        if not len(candidates):
            break
    return chosen


def _likely(predicted: Bools, posterior: Posterior) -> Floats:
    """Return how probable it is that the symptom shows, by hypothesis (last axis)."""
    missed, false = posterior.rates
    found = np.where(predicted, 1 - missed, false)
    if posterior.hypotheses.has_other:
        found[..., -1] = 0.5
    return found


def _gains(branches: Floats, predicted: Bools, posterior: Posterior) -> Floats:
    """Return what each candidate is expected to tell."""
    likely = _likely(predicted, posterior)
    within = _entropy(likely) @ branches.sum(axis=0)
    masses = branches.sum(axis=1)
    shares = (likely @ branches.T) / masses
    return np.asarray(_entropy(shares) @ masses - within)


def _entropy(share: Floats) -> Floats:
    safe = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(-safe * np.log2(safe) - (1 - safe) * np.log2(1 - safe))


def _candidates(posterior: Posterior, avoid: Collection[tuple[bool, ...]]) -> Bools:
    """Return subsets worth a look: never none and never all, whose verdicts the control has told."""
    count = len(posterior.hypotheses.atoms)
    if count <= EVERY:
        numbers = np.arange(1, 2**count - 1)
        found = (numbers[:, None] >> np.arange(count)) & 1 == 1
    else:
        random = np.random.default_rng(posterior.probes)
        order = np.argsort(-posterior.marginals(), kind="stable")
        prefixes = np.zeros((count - 1, count), dtype=bool)
        for size in range(1, count):
            prefixes[size - 1, order[:size]] = True
        sizes = random.uniform(0.1, 0.9, (SAMPLE, 1))
        drawn = random.random((SAMPLE, count)) < sizes
        found = np.unique(np.concatenate([prefixes, np.eye(count, dtype=bool), drawn]), axis=0)
    return _allowed(found, avoid)


def _allowed(subsets: Bools, avoid: Collection[tuple[bool, ...]]) -> Bools:
    fine = subsets.any(axis=1) & ~subsets.all(axis=1)
    if avoid:
        fine &= np.array([tuple(row) not in avoid for row in subsets.tolist()], dtype=bool)
    return subsets[fine]


def _improved(
    branches: Floats, candidates: Bools, gains: Floats, posterior: Posterior, avoid: Collection[tuple[bool, ...]]
) -> tuple[Bools, Bools, Floats]:
    """Flip one atom at a time of the best candidates for as long as one of them gains."""
    count = candidates.shape[1]
    best = candidates[np.argsort(-gains, kind="stable")[:KEPT]]
    reached = float(gains.max())
    for _ in range(count):
        flipped = (best[:, None, :] ^ np.eye(count, dtype=bool)[None]).reshape(-1, count)
        pool = _allowed(np.unique(np.concatenate([best, flipped]), axis=0), avoid)
        found = _gains(branches, posterior.hypotheses.predict(pool), posterior)
        best = pool[np.argsort(-found, kind="stable")[:KEPT]]
        if float(found.max()) <= reached + 1e-6:
            break
        reached = float(found.max())
    candidates = np.unique(np.concatenate([best, candidates]), axis=0)
    predicted = posterior.hypotheses.predict(candidates)
    return candidates, predicted, _gains(branches, predicted, posterior)
