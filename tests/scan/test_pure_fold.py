"""What is dropped of a bar without the kernel is nothing that would be shown."""

import random

import pytest

from diagnose.scan import blocks, lines, pure_fold
from diagnose.sources import from_bytes
from diagnose.sources import lines as every_line

PIECES = (
    *("\r", "\r", "\r", "\b\b\b", "\b", "\n", " ", "\t", "1", "٣", "é", "\x00", "\xa0", "\u2003", "12345678901"),
    *("12/63 ", " 3/63 [", "63/63", "93%|█", " 7%|#", "7%|0", "train: 5%|", "train: 100%|", "Epoch 1/5 ", "Epoch 2/5"),
    *("\x1b[1m", "\x1b[0m", "\x1b[K", "\x1b[2A", "\x1b[F", "\x1b]0;a", "\x07", "\x1b[", "\x1b[32mloss: 0.5", "━━"),
)


def made(chance):
    return "".join(chance.choices(PIECES, k=chance.randint(1, 40)))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_same_lines_are_shown(encoding, monkeypatch):
    monkeypatch.setenv("DIAGNOSE_ENGINE", "pure")
    chance = random.Random(encoding)
    for _ in range(1500):
        monkeypatch.setattr(blocks, "CHUNK", chance.choice((5, 33, 1 << 16)))
        source = from_bytes("a.log", made(chance).encode(encoding, "replace"))
        assert list(lines(source)) == list(every_line(source)), source.read()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (" 1/9 [>..]\r 2/9 [=>.]\r 9/9 [==]\n", " 1/9 [>..]\r 9/9 [==]\n"),
        ("a\r\x1b[1m1/9\x1b[0m ━━\b\b\b\r\x1b[1m2/9\x1b[0m ━━\b\b\b\r9/9 ━\n", "a\r9/9 ━\n"),
        ("\r 1%|#|\r 2%|#|\r 3%| |\r 4%| |", "\r 2%|#|\r 4%| |"),
        ("\rtrain: 1\rtrain: 2\rval: 1\r", "\rtrain: 2\rval: 1\r"),
        ("\r1/9 \r2/9 \x1b]0;a\r1/9 ", "\r1/9 \r2/9 \x1b]0;a\r1/9 "),
        ("no bar\n", "no bar\n"),
    ],
)
def test_states_are_dropped_in_place(text, left):
    block = bytearray(b"before" + text.encode() + b"behind")

    end = pure_fold.fold(block, 6, 6 + len(text.encode()))

    assert block[:end].decode() == f"before{left}"
