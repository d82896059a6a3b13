"""The parameters of a fully connected layer: what is left to train where everything before it is frozen."""

from __future__ import annotations


def parameters(inputs: int, outputs: int, *, bias: bool = True) -> int:
    """Return weights and biases of a layer. Raises ValueError for fewer than one input or output."""
    if min(inputs, outputs) < 1:
        raise ValueError("a layer has inputs and outputs")
    return inputs * outputs + (outputs if bias else 0)
