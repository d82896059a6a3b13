"""Rows that the pure path reads side by side are those that it reads one by one, and stop it at the same lines."""

import random
import struct

import numpy as np
import pytest

from diagnose.scan import pure, pure_side
from diagnose.scan.gate import Gate
from diagnose.scan.pure_numbers import TENS, rounded, whole, words
from diagnose.scan.template import ANY_NUMBER, BLANKS, FRACTION, LITERAL, NUMBER, RUN, WHOLE, Part, Template


def template(*parts: Part) -> Template:
    return Template("row", parts, ())


TEMPLATES = (
    template(
        Part(LITERAL, b"train ["),
        Part(BLANKS, high=3),
        Part(RUN, low=1, high=3),
        Part(LITERAL, b"/200] mAP50: "),
        Part(NUMBER, low=ANY_NUMBER),
        Part(LITERAL, b" lr: "),
        Part(NUMBER, low=WHOLE | FRACTION),
    ),
    template(Part(LITERAL, b"val "), Part(NUMBER, low=ANY_NUMBER), Part(LITERAL, b","), Part(NUMBER, low=ANY_NUMBER)),
    template(Part(LITERAL, b"x1"), Part(RUN, low=1, high=2), Part(LITERAL, b" "), Part(NUMBER, low=ANY_NUMBER)),
    template(
        Part(LITERAL, b"Epoch "), Part(RUN, low=1, high=2), Part(LITERAL, b" loss "), Part(NUMBER, low=ANY_NUMBER)
    ),
)
CONDITIONS = (
    [(0, (2, 3), 1, -1, -1, 0.0, False), (1, (1,), -1, 0, -1, 0.0, True), (3, (), -1, -1, -1, 0.0, False)],
    [(0, (3,), 2, 1, -1, 0.0, False, ((3, 7.0, False),)), (1, (0, 1), -1, -1, -1, 0.0, False, (), True)],
    [(0, (2,), 1, -1, -1, 0.0, False), (3, (1,), 0, -1, -1, 0.0, True), (2, (1,), -1, -1, -1, 0.0, False)],
    [(1, (1,), 0, 1, -1, 0.0, False), (3, (1,), -1, 0, 0, 3.0, False)],
)


def number(chance: random.Random) -> str:
    whole, fraction = (
        chance.choice(("0", "7", "12", "00", "123456", "9" * 17)),
        chance.randrange(10 ** chance.randrange(1, 22)),
    )
    form = chance.choice(
        ("{0}.{1}",) * 6 + ("{0}", "-{0}.{1}", "{0}.{1}e-0{0}", "{1}e+{0}", "{0}.", ".5", "-1", "1e400")
    )
    return form.format(whole, fraction)


def line(chance: random.Random, at: int) -> str:
    at += chance.choice((0,) * 30 + (-3, 9**18))
    return chance.choice(
        (
            f"train [{at % 300:>{chance.choice((1, 3))}}/200] mAP50: {number(chance)} lr: 0.0{chance.randrange(10**5)}",
            f"train [{at}/{chance.choice((200,) * 9 + (20, 201))}] mAP5{chance.choice('00001')}: {at}.5 lr: {at}.25",
            f"val {at},{chance.randrange(-1, 10**3)}",
            f"val {number(chance)},{number(chance)}",
            f"x1{at} {number(chance)}",
            f"Epoch {at % 100} loss {number(chance)}\r",
            chance.choice(("noise 5", "noise 17", "an error 3", "an error 4 of fp16", "")),
        )[:: chance.choice((1, 1, 2))]
    )


def walked(data: bytes, conditions: list, chance: random.Random, *, side: bool) -> list:
    """Return all that a scanner says of lines, with other conditions and more templates on the way."""
    scanner = pure.Scanner()
    scanner.gate(Gate(["error", "fp16"]))
    scanner.learn(TEMPLATES[:3])
    told, at, now = [], 0, 1
    while True:
        for condition in conditions if chance.random() < 0.2 else ():
            scanner.enable(*condition) if condition[0] < len(scanner._known) else None
        scanner._has_many = side
        reason, at, after, now, which = scanner.walk(data, at, len(data), now, chance.choice((0,) * 9 + (1, 2)))
        told.append((reason, at, after, now, which, scanner.counters()))
        if reason == 0:
            break
        if reason == 1:
            at, now = after, now + 1
        if chance.random() < 0.05:
            scanner.disable()
        if chance.random() < 0.05:
            scanner.learn(TEMPLATES)
        if reason == 2 or chance.random() < 0.1:
            told += [scanner.lines(max(which, 0)), scanner.take(max(which, 0))]
        if chance.random() < 0.5:
            scanner.set_counters(-1.0, -1.0)
    return told + [
        each for template in range(len(scanner._known)) for each in (scanner.lines(template), scanner.take(template))
    ]


@pytest.mark.parametrize("seed", range(24))
def test_rows_side_by_side_are_rows_one_by_one(seed, monkeypatch):
    chance = random.Random(seed)
    count = chance.choice((50, 400))
    data = "".join(line(chance, at) + "\n" for at in range(count)).encode()
    conditions = CONDITIONS[seed % len(CONDITIONS)]
    monkeypatch.setattr("diagnose.scan.pure_rows.ROOM", chance.choice((40, 1 << 16)))
    monkeypatch.setattr(pure.Scanner, "_tell", lambda *_: None)
    monkeypatch.setattr(pure_side, "MANY", 2)
    monkeypatch.setattr(pure_side, "SEVERAL", 1)
    monkeypatch.setattr(pure, "TOGETHER", chance.choice((300, 1 << 17)))

    alone, together = (walked(data, conditions, random.Random(seed), side=side) for side in (False, True))

    assert together == alone


def printed(chance: random.Random) -> tuple[str, str]:
    """Return whole part and fraction of a number: any, or one in the middle between two doubles or beside it."""
    if chance.random() < 0.5:
        return tuple(str(chance.randrange(10 ** chance.randrange(1, 10))) for _ in range(2))
    digits = chance.randrange(1, 4)
    middle = str((2 * chance.randrange(2**52, 2**53) + 1) * 10**digits // 2 + chance.choice((-1, 0, 0, 1)))
    return middle[:-digits], middle[-digits:]


def test_numbers_are_those_of_python():
    chance = random.Random(7)
    texts = [printed(chance) for _ in range(20_000)]
    block, ends, lengths = bytearray(24), [], []
    for pair in texts:
        for text in pair:
            block += b" " + text.encode()
            ends.append(len(block))
            lengths.append(len(text))
    ends, lengths = np.array(ends).reshape(-1, 2), np.array(lengths).reshape(-1, 2)

    runs = whole(words(bytes(block)), ends, lengths)
    values, unsure = rounded(runs[:, 0] * TENS[lengths[:, 1]] + runs[:, 1], -lengths[:, 1])

    right = [struct.pack("d", float(".".join(pair))) for pair in texts]
    assert not [
        pair
        for pair, value, one, open in zip(texts, values, right, unsure, strict=True)
        if not open and struct.pack("d", value) != one
    ]
    assert unsure.mean() < 0.5


def test_fractions_that_begin_with_zeros_are_those_of_python():
    chance = random.Random(3)
    texts = [
        f"{chance.choice('0007')}.{'0' * chance.randrange(9)}{chance.randrange(10 ** chance.randrange(14, 20))}"
        for _ in range(8000)
    ]
    scanner = pure.Scanner()
    scanner.learn([template(Part(LITERAL, b"loss: "), Part(NUMBER, low=ANY_NUMBER))])
    scanner.enable(0, (0,), -1, -1, -1, 0.0, False)
    block = b"".join(b"loss: %b\n" % text.encode() for text in texts)

    assert scanner.walk(block, 0, len(block), 1, 0)[0] == pure.NO_MORE

    rows = struct.iter_unpack("4d", scanner.take(0))
    assert [value for *_, value in rows] == [float(text) for text in texts]
