"""States of bars on lines of their own: the kernel against what ``sources.lines`` makes of the same bytes."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from diagnose.scan.engine import Engine, kernel, kernel_problem
from diagnose.scan.states import States, in_order
from diagnose.scan.template import LITERAL, NUMBER, Part, Template
from diagnose.scan.trie import Trie
from diagnose.sources.lines import decode, visible
from tests.scan.test_overwritten import drawn

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


def test_bars_with_something_odd_in_them() -> None:
    """States have one shape, or nearly so, through many lines."""
    chance = random.Random(7)
    made = [drawn(chance).encode() + b"\n" for _ in range(300)]

    assert not [data for data in made if not same(data) or not same(data, frames=False)]


def test_rows_of_several_tables_are_put_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel does as numpy does, lines apart that stand behind the numbers of states."""
    draw = np.random.default_rng(3)
    for _ in range(200):
        owner = draw.integers(0, 4, draw.integers(1, 60))
        rows = draw.integers(0, 9, (len(owner), 5)).astype(float)
        rows[:, 0] = np.arange(len(owner)) + 1
        tables = [np.ascontiguousarray(rows[owner == table]) for table in range(4)]
        lines, states = in_order(tables, are_states=False), in_order(tables, are_states=True)
        with monkeypatch.context() as pure:
            pure.setattr("diagnose.scan.states.engine", lambda: Engine("pure", ""))
            wanted = in_order(tables, are_states=False)

        assert all(np.array_equal(one, other) for one, other in zip(lines, wanted, strict=True))
        assert np.array_equal(states.which, owner)
        assert np.array_equal(states.line, rows[:, 1])
        assert np.array_equal(states.overwritten, rows[:, 2] > 0)


def test_rows_say_where_their_state_stands() -> None:
    """Its line and whether a later one overwrites it stand behind its number."""
    block = bytearray(b"ab 5/9\n\rab 1/9\rab 2/9\nab 3/9\n")
    states = States(block, len(block), 4)
    scanner, trie = kernel().Scanner(), Trie()
    trie.add(Template("state", (Part(LITERAL, b"ab "), Part(NUMBER, low=4), Part(LITERAL, b"/9")), ()))
    scanner.load(*trie.program(), 1)
    scanner.enable(0, (0,), -1, -1, -1, 0.0, False)
    scanner.walk(block, 0, states.end, 1, 0, states.told, states.before)

    rows = np.frombuffer(scanner.take(0)).reshape(-1, 4)
    assert rows.tolist() == [[1, 5, 0, 5], [2, 6, 1, 1], [3, 6, 0, 2], [4, 7, 0, 3]]


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
