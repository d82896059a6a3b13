"""Arms of a mechanism in small, for the tests of single mechanisms."""

from typing import Any

import torch

from diagnose.probes.declare import Observation
from diagnose.probes.lab import Lab, Meter
from diagnose.probes.registry import mechanisms


def observe(
    name: str, arm: str = "suspect", replicas: int = 6, meter: Meter | None = None, **given: Any
) -> Observation:
    """Return what one arm of a mechanism shows, some of its parameters being given; arms of one *meter* share."""
    mechanism = mechanisms()[name]
    known = {parameter.name: parameter.default for parameter in mechanism.PARAMETERS}
    assert given.keys() <= known.keys()
    values = {**known, **given}
    change = next(one.change for one in mechanism.ARMS if one.name == arm)
    torch.manual_seed(0)
    return mechanism.observe(
        {**values, **change(values)}, Lab(torch.device("cpu"), tuple(range(replicas)), meter or Meter())
    )


def medians(seen: Observation) -> dict[str, float]:
    """Return the median of each measure."""
    return {name: float(one.float().median()) for name, one in seen.measures.items()}
