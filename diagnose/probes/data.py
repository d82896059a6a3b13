"""Generated classification data whose best possible result is known."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def class_means(generator: torch.Generator, classes: int, features: int, signal: float) -> torch.Tensor:
    """Return random centres (classes x features): two of them are ``signal * sqrt(2)`` standard deviations apart."""
    made = torch.randn(classes, features, generator=generator)
    return signal * made / made.norm(dim=1, keepdim=True)


def around(generator: torch.Generator, means: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return samples (samples x features) of normal clouds of deviation 1 around the centres of their labels."""
    return means[labels] + torch.randn(len(labels), means.shape[1], generator=generator)


def labels_of(counts: Sequence[float]) -> torch.Tensor:
    """Return labels, so many of each class (rounded)."""
    return torch.repeat_interleave(torch.arange(len(counts)), torch.tensor([round(one) for one in counts]))


def counts_of(shares: Sequence[float], samples: int) -> list[int]:
    """Return whole counts in these shares, at least one each; they sum to *samples* up to rounding."""
    total = sum(shares)
    return [max(1, round(samples * share / total)) for share in shares]


def resampled(generator: torch.Generator, labels: torch.Tensor, counts: Sequence[float]) -> torch.Tensor:
    """Return indices that bring each class to its count: all samples once, then some of them again."""
    chosen = []
    for label, count in enumerate(counts):
        there = (labels == label).nonzero().flatten()
        there = there[torch.randperm(len(there), generator=generator)]
        wanted = round(count)
        more = torch.randint(len(there), (max(0, wanted - len(there)),), generator=generator)
        chosen.append(torch.cat([there[:wanted], there[more]]))
    return torch.cat(chosen)


def bayes(
    samples: torch.Tensor, means: torch.Tensor, shares: Sequence[float], groups: int | None = None
) -> torch.Tensor:
    """Return the answers (replicas x samples) of who knows the centres and shares: no model can do better on average.

    Args:
        samples: replicas x samples x features, from ``around``.
        means: replicas x classes x features.
        shares: of the classes among the samples.
        groups: the number of classes, if there are more centres: centre i then belongs to class ``i % groups``.
    """
    prior = torch.tensor(shares, dtype=samples.dtype, device=samples.device)
    score = samples @ means.transpose(1, 2) - 0.5 * means.pow(2).sum(2).unsqueeze(1)
    score = score + prior.log()
    if groups is not None:
        score = score.reshape(*score.shape[:2], -1, groups).logsumexp(2)
    return score.argmax(2)
