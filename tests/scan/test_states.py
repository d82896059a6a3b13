"""States of bars on lines of their own: the kernel against what ``sources.lines`` makes of the same bytes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from diagnose.scan.engine import kernel_problem
from diagnose.scan.states import States
from diagnose.sources.lines import decode, visible

pytestmark = pytest.mark.skipif(kernel_problem() != "", reason="no kernel")
FIXTURES = Path(__file__).parents[2] / "fixtures"
PIECES = (
    *(b"      1/999      7.31G      1.283", b"  0%|          | 0/26 [00:00<?, ?it/s]", b"\b" * 9 + b"\r", b"MAE: 0.5"),
    *(b"\r", b"\b\b", b"\n", b"\x1b[K", b"\x1b[1A", b"\x1b]0;a\rb\x07", b"\x1b[1m", b"\t", b"\x00", b" "),
    *(b"1/10 [=>", b"2/10 [==", b"Epoch 1/2", "━━━".encode(), "🚀".encode(), b"abcd 12", b"\xff"),
)


def same(data: bytes, *, frames: bool = True) -> bool:
    """Return whether both tell the same states."""
    block = bytearray(data)
    states = States(block, len(block), 0, frames=frames)
    parts = bytes(block[: states.end]).split(b"\n")[:-1]
    found = [
        (states.line(at), line.text.strip(), line.overwritten or states.is_overwritten(at))
        for at, part in enumerate(parts, 1)
        for line in visible(0, decode(part, "utf-8"), frames=frames)
    ]
    wanted = [
        (line.number, line.text.strip(), line.overwritten)
        for number, raw in enumerate(data.split(b"\n")[:-1], 1)
        for line in visible(number, decode(raw, "utf-8"), frames=frames)
    ]
    return [state for state in found if state[1]] == [state for state in wanted if state[1]]


@pytest.mark.parametrize("name", ["keras/killed.log", "ultralytics/interrupted/console.log", "hf/healthy_bars.log"])
def test_real_bars(name: str) -> None:
    """Bars of real trainers, with backspaces, escape sequences and pictures."""
    data = (FIXTURES / name).read_bytes() + b"\n"

    assert same(data)
    assert same(data, frames=False)


def test_any_bytes() -> None:
    """Pieces of bars, titles of terminals and cursor movements in any order."""
    draw = random.Random(5)
    made = [b"".join(draw.choices(PIECES, k=draw.randrange(1, 25))) + b"\n" for _ in range(3000)]

    assert not [data for data in made if not same(data) or not same(data, frames=False)]


def test_states_of_several_bars_are_lines_of_their_own() -> None:
    """What Ultralytics draws first has another shape than the rows of training that follow it."""
    start, row = b"  0%|          | 0/2 [00:00<?, ?it/s]", b"  1/9  2G  0.5: 100%|####| 2/2 [00:03<00:00]"
    block = bytearray(b"loss\n\r" + start + b"\r" + row + b"  \nend\n")
    states = States(block, len(block), 4, frames=False)

    assert bytes(block[: states.end]) == b"loss\n" + start + b"\n" + row + b"\nend\n"
    assert [states.line(at) for at in (1, 2, 3, 4)] == [5, 6, 6, 7]
    assert [states.is_of_several(at) for at in (1, 2, 3, 4)] == [False, True, True, False]
    assert states.lines == 3
    assert not states.are_lines


def test_a_block_must_hold_whole_lines() -> None:
    """What has no end yet is left for the next block."""
    with pytest.raises(ValueError, match="whole lines"):
        States(bytearray(b"1/2\r2/2"), 7, 0)
