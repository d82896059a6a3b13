"""Runs of digits in a block of bytes as numbers, many at once, with numpy: bit for bit what ``float`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Whole: TypeAlias = NDArray[np.uint64]
    Indices: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool_]

LONGEST = 19
"""Digits that fit into 64 bits."""
MOST_POWER = 22
"""Powers of ten up to this one are doubles."""
EXACT = 1 << 53
"""Whole numbers below it are doubles."""
MOST = 9 * 10**18
"""Below it, and so is the double next to a number, a number has a sign to spare."""
TENS = np.array([10**power for power in range(LONGEST + 1)], dtype=np.uint64)
POWERS = np.array([float(10**power) for power in range(MOST_POWER + 1)])
SPLIT = 134217729.0
"""2**27 + 1, which cuts a double into halves of 26 bits."""
NEAR = 2.0**-20
"""Share of the distance between two doubles by which a quotient may be wrong here; it is wrong by far less."""


STEPS = (
    (np.uint64(8), np.uint64(0x00FF00FF00FF00FF), np.uint64(100 << 16 | 1)),
    (np.uint64(16), np.uint64(0x0000FFFF0000FFFF), np.uint64(10000 << 32 | 1)),
)
"""Bits by which sums of neighbouring digits are moved, where they stand then, and what adds up two of them."""


def _digits_of(word: int) -> list[int]:
    """Return by length of a run what the word of eight bytes that ends so many words before the run's end has of it."""
    return [(0x0F0F0F0F0F0F0F0F << 8 * max(0, 8 * word + 8 - length)) % (1 << 64) for length in range(3 * 8 + 1)]


AHEAD = np.array([0x0F0F0F0F0F % (1 << 8 * more) for more in range(6)], dtype=np.uint64)
"""By how many more digits a run has than ``LONGEST``: what its first word has of them, which must be zeros."""
DIGITS = np.array([_digits_of(word) for word in range(3)], dtype=np.uint64)


def words(data: bytes) -> Whole:
    """Return the eight bytes from each place of a block on, the last of them highest."""
    return np.ndarray((len(data) - 7,), "<u8", data, 0, (1,)).copy()


def whole(from_each: Whole, ends: Indices, lengths: Indices) -> Whole:
    """Return the values of runs of digits; one of more than ``LONGEST`` without its leading zeros, or than 24, has any.

    Args:
        from_each: ``words`` of the block, in which 24 bytes stand before the first run.
        ends: where the runs end.
        lengths: of the runs.
    """
    length, end = lengths.ravel(), ends.ravel()
    value = _eight(from_each.take(end - 8) & DIGITS[0].take(length, mode="clip"))
    for word in (1, 2):
        longer = np.flatnonzero(length > 8 * word)
        if len(longer):
            digits = from_each.take(end[longer] - 8 * (word + 1))
            value[longer] += _eight(digits & DIGITS[word].take(length[longer], mode="clip")) * TENS[8 * word]
    return value.reshape(ends.shape)


def _eight(digits: Whole) -> Whole:
    """Return eight digits, the first one lowest, as a number: pairs are added up first, then fours, then both."""
    found = digits * np.uint64(10 << 8 | 1)
    for bits, mask, factor in STEPS:
        found >>= bits
        found &= mask
        found *= factor
    found >>= np.uint64(32)
    return found


def rounded(mantissa: Whole, power: Indices) -> tuple[Floats, Flags]:
    """Return mantissas times powers of ten as the nearest doubles, and where they are not known to be that."""
    shape, mantissa, power = mantissa.shape, mantissa.ravel(), power.ravel()
    size = np.abs(power)
    unsure = (mantissa >= MOST) | (size > MOST_POWER)
    value = mantissa.view(np.int64).astype(np.float64)
    tens = POWERS.take(size, mode="clip")
    found = value / tens
    if (rises := np.flatnonzero(power > 0)).size:
        found[rises] = value[rises] * tens[rises]
    long = np.flatnonzero((mantissa >= EXACT) & ~unsure)
    if len(long):
        found[long], doubtful = _divided(mantissa[long], tens[long])
        unsure[long] = doubtful | (power[long] > 0)
    return found.reshape(shape), unsure.reshape(shape)


def _divided(mantissa: Whole, by: Floats) -> tuple[Floats, Flags]:
    """Divide by the quotient of the nearest double and its remainder, which together are far more than a double."""
    high = mantissa.view(np.int64)
    value = high.astype(np.float64)
    low = (high - value.astype(np.int64)).astype(np.float64)
    quotient = value / by
    product = quotient * by
    (a, b), (c, d) = _halves(quotient), _halves(by)
    error = ((a * c - product) + a * d + b * c) + b * d  # Dekker: what the product lacks
    rest = ((value - product) - error + low) / by
    found = quotient + rest
    beyond = np.abs((quotient - found) + rest) / np.spacing(found)
    tie = np.minimum(np.abs(beyond - 0.5), np.abs(beyond - 0.25))  # the latter below a power of two
    return found, tie < NEAR


def _halves(value: Floats) -> tuple[Floats, Floats]:
    shifted = value * SPLIT
    high = shifted - (shifted - value)
    return high, value - high
