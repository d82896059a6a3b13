"""Why whole sequences are wrong while most characters are right: with independent errors p of n characters is p^n."""

from __future__ import annotations

import math


def expected(character: float, length: float) -> float:
    """Return the share of whole sequences that are right, if characters are right independently of one another.

    Raises:
        ValueError: for a share outside [0, 1], or a length below 0.
    """
    if not 0 <= character <= 1 or not length >= 0:
        raise ValueError("a share lies between 0 and 1, and a length is not negative")
    return float(character**length)


def needed(sequence: float, length: float) -> float:
    """Return the share of characters that must be right for a share of sequences. Raises ValueError as ``expected``."""
    if not 0 <= sequence <= 1 or not length > 0:
        raise ValueError("a share lies between 0 and 1, and a length is positive")
    return float(sequence ** (1.0 / length))


def implied_length(character: float, sequence: float) -> float:
    """Return the length at which both shares fit independent errors; shorter than the real one: errors come together.

    Raises:
        ValueError: unless both shares lie strictly between 0 and 1.
    """
    if not (0 < character < 1 and 0 < sequence < 1):
        raise ValueError("both shares lie strictly between 0 and 1")
    return math.log(sequence) / math.log(character)
