"""What the kernel drops of bars whose states have one shape, or nearly so, is nothing that would be shown."""

import random

import pytest

from diagnose.scan import blocks, lines
from diagnose.scan.engine import kernel, kernel_problem
from diagnose.sources import from_bytes
from diagnose.sources import lines as every_line

pytestmark = pytest.mark.skipif(bool(kernel_problem()), reason=kernel_problem())

BARS = (
    "\r%3d/63 [%s] - loss: %.4f",
    "\r%d/63 [%s] loss %.2e",
    "\r\x1b[1m%3d/63\x1b[0m \x1b[32m%s\x1b[0m \x1b[1m%.3f" + 30 * "\b",
    "%3d%%|%s| %.2fit/s\r",
    "\rtrain: %d%%|%s| A F %.3f",
    "\b\b\b%d/63 %s %.4f",
    "\r\x1b[K%d%s%.1f",
)
ODD = (
    "\r",
    "\b",
    "\n",
    "\n",
    " ",
    "\t",
    "\x00",
    "é",
    "A",
    "\x1b[2A",
    "\x1b[F",
    "\x1b[٣A",
    "\x1b]0;a",
    "\x07",
    "\x1b[",
    "\x1bc",
)
ENDS = ("\n", "\n", "", "\nEpoch 2/5\n", "\r\nEpoch 2/5\r\n", "\r\n\r\na line\none more\r\n")


def drawn(chance):
    """Return some bars, now and then with something odd in a state."""
    states = []
    for _ in range(chance.randint(1, 6)):
        bar, tip, count = chance.choice(BARS), chance.choice("=#━█"), chance.randint(1, 40)
        for done in range(count):
            gauge = tip * (done * 10 // count)
            state = bar % (done, gauge + " " * (10 - len(gauge)), chance.random() * chance.choice((1, 1, 100)))
            at = chance.randrange(len(state))
            odd = chance.choice(ODD) if chance.random() < 0.06 else state[at]
            states.append(state[:at] + odd + state[at + 1 :])
        states.append(chance.choice(ENDS))
    return "".join(states)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_same_lines_are_shown(encoding, monkeypatch):
    monkeypatch.setenv("DIAGNOSE_ENGINE", "kernel")
    chance = random.Random(encoding)
    for _ in range(1000):
        monkeypatch.setattr(blocks, "CHUNK", chance.choice((33, 300, 2000, 1 << 16)))
        source = from_bytes("a.log", drawn(chance).encode(encoding, "replace"))
        assert list(lines(source)) == list(every_line(source)), source.read()


def test_a_bar_that_grows_again_leaves_its_last_states():
    epoch = "".join(f"\r{done:3}% [{'=' * (done // 5):20}] loss: {1 / (done + 1):.4f}" for done in range(100))
    block = bytearray(f"{epoch}\n".encode() * 50)

    end = kernel().fold(kernel().lately(), block, 0, len(block))

    assert block[:end].decode() == f"\r 99% [{'=' * 19} ] loss: 0.0100\n" * 50
