"""Powers of ten in 128 bits, by which the kernel rounds long numbers to doubles."""

from __future__ import annotations

import struct
from binascii import a2b_base64, b2a_base64
from functools import cache

from diagnose.foreseen import foreseen

LEAST, MOST = -342, 308


@cache
def powers() -> bytes:
    """Return the highest 128 bits of each power from -342 to 308, as pairs of 64 bits, high half first.

    Those from -27 to -1 are rounded up, all others down (Lemire, Number parsing at a gigabyte per second,
    arXiv:2101.11408).
    """
    return a2b_base64(foreseen("powers", "table", worked_out))


def worked_out() -> str:
    """Return them in the byte order of this machine, in base64."""
    table = b"".join(struct.pack("=2Q", *divmod(_mantissa(power), 1 << 64)) for power in range(LEAST, MOST + 1))
    return b2a_base64(table, newline=False).decode()


def _mantissa(power: int) -> int:
    five: int = 5 ** abs(power)
    if power >= 0:
        shift = five.bit_length() - 128
        return five >> shift if shift > 0 else five << -shift
    zeros = (five - 1).bit_length()
    value = (1 << (zeros + 127 if power >= -27 else 2 * zeros + 128)) // five + 1
    return value >> max(0, value.bit_length() - 128)
