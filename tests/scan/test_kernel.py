"""The compiled kernel against Python: numbers bit by bit, gates, folding, templates, rows."""

import random
import re
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diagnose.scan import pure
from diagnose.scan.engine import kernel, kernel_problem
from diagnose.scan.gate import Gate
from diagnose.scan.literals import needed
from diagnose.scan.powers import powers
from diagnose.scan.template import ANY_NUMBER, BLANKS, FRACTION, LITERAL, NUMBER, RUN, WHOLE, Part, Template
from diagnose.scan.trie import Trie
from diagnose.sources.lines import visible

pytestmark = pytest.mark.skipif(bool(kernel_problem()), reason=kernel_problem())


def test_columns_are_spread_to_their_places():
    rows, places = struct.pack("9d", *range(9)), struct.pack("3q", 2, 0, 1)
    behind, beside = bytearray(bits(-1.0) * 9), bytearray(bits(-1.0) * 6)

    kernel().spread(rows, 3, (2, -1, 0), places, behind, 0, 3, 1)
    kernel().spread(rows, 3, (1, 0), None, beside, 0, 1, 3)
    kernel().spread(b"", 3, (1,), None, bytearray(), 0, 1, 1)

    assert struct.unpack("9d", behind) == (5, -1, 3, 8, -1, 6, 2, -1, 0)
    assert struct.unpack("6d", beside) == (1, 4, 7, 0, 3, 6)


@pytest.mark.parametrize(
    ("width", "columns", "places", "start", "steps"),
    [
        (4, (0,), None, 0, (1, 1)),  # no whole rows
        (0, (0,), None, 0, (1, 1)),
        (3, (3,), None, 0, (1, 1)),
        (3, (-2,), None, 0, (1, 1)),
        (3, (0,), None, 1, (1, 1)),  # no room
        (3, (0,), None, -1, (1, 1)),
        (3, (0,), None, 0, (1 << 62, 1)),
        (3, (0, 1), None, 0, (1, 1)),
        (3, (0, 1), None, 0, (1, 1 << 62)),
        (3, (0,), None, 0, (0, 1)),
        (3, (0,), struct.pack("3q", 0, 1, 3), 0, (1, 1)),
        (3, (0,), struct.pack("3q", 0, 1, -1), 0, (1, 1)),
        (3, (0,), struct.pack("2q", 0, 1), 0, (1, 1)),
    ],
)
def test_columns_that_have_no_place_are_refused(width, columns, places, start, steps):
    with pytest.raises(ValueError, match="room for each at its place"):
        kernel().spread(bytes(72), width, columns, places, bytearray(24), start, *steps)


def bits(value: float) -> bytes:
    return struct.pack("d", value)


@given(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.integers(0, 10**21).map(str),
        st.tuples(st.integers(0, 10**19), st.integers(-345, 312)).map(lambda pair: f"{pair[0]}e{pair[1]}"),
        st.tuples(st.integers(0, 10**9), st.integers(0, 10**10), st.integers(-40, 40)).map(
            lambda three: f"{three[0]}.{three[1]}E{three[2]:+d}"
        ),
    )
)
@example("9007199254740993")
@example("18446744073709551616.5")
@example("1844.67440737095516161")
@example("0.1844674407370955161699")
@example("12345678.")
@example("00.5")
@example("1.7976931348623157e308")
@example("8.41")
@example("-0.0")
@example("0.000000000000000000000000000000000000000000000000000000")
@example("1e99999999999999999999")
@example("9223372036854775808e-5")
def test_numbers_are_those_of_python_or_left_to_it(text):
    for known in (False, True):
        value = kernel().number(text.encode(), powers(), known)

        assert value is None or bits(value) == bits(float(text))


def test_few_numbers_are_left_to_python():
    chance = random.Random(3)
    texts = [repr(chance.uniform(0, 10 ** chance.randint(-30, 30))) for _ in range(5000)]

    left = [text for text in texts if kernel().number(text.encode(), powers()) is None]

    assert len(left) < 10


def test_numbers_of_any_width_are_read_on_the_way_of_a_row():
    chance, left, count = random.Random(5), 0, 0
    for whole in range(1, 9):
        for fraction in range(26):
            for exponent in ("", "e-07", "E+3"):
                digits = str(chance.randrange(10 ** (whole - 1), 10**whole))
                zeros = chance.randrange(fraction + 1)
                behind = f".{chance.randrange(10**fraction) // 10**zeros:0{fraction}d}" if fraction else ""
                for text in (digits + behind + exponent, "0" + behind + exponent):
                    value = kernel().number(text.encode(), powers(), True)
                    count += 1
                    left += value is None
                    assert value is None or bits(value) == bits(float(text)), text
    assert left < count / 2


def test_halfway_cases_round_to_even():
    for whole in range(2**53, 2**53 + 2000):
        assert kernel().number(f"{whole}".encode(), powers()) == float(whole)
        assert kernel().number(f"{whole}5e-1".encode(), powers()) in (None, float(f"{whole}5e-1"))


TEXTS = ("error", "oom", "hers", "she", "he is", "x\n", "\u017f")


@given(st.binary(max_size=40) | st.text("ehrsxoOR imn\t\rſ\u212a", max_size=12).map(str.encode))
def test_gate_and_pattern_want_the_same(line):
    line = line.replace(b"\n", b" ")
    gate = Gate(TEXTS)
    scanner = kernel().Scanner()
    scanner.set_gate(*gate.table())

    stopped = scanner.walk(line + b"\n", 0, len(line) + 1, 1, False)[0]

    assert (stopped == 1) == bool(gate.wants(line.rstrip(b"\r") + b"\n"))


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"(?i)traceback|Error", {"traceback", "Error"}),
        (r"Epoch\d+ of", {"Epoch"}),
        (r"(?:ab|cd)e?", {"ab", "cd"}),
        (r"x{3}y", {"xxx"}),
        (r"\d", None),
        (r"a|\d", None),
        (r"(?=abc)\w", None),
    ],
)
def test_texts_that_a_pattern_needs(pattern, texts):
    assert needed(pattern) == (None if texts is None else frozenset(texts))


def test_a_text_at_the_end_of_a_line():
    texts = needed(r"- INFO -\s*$")

    for end in ("", " ", "   ", " " * 9, "\t", "\t  ", "\xa0 ", " \t "):
        assert Gate(texts).wants(f"x - INFO -{end}\n".encode())
    for line in ("x - INFO - loss", "loss ", "loss  "):
        assert not Gate(texts).wants(f"{line}\n".encode())


BARS = "1/63 [=>..]", "12/63 [==>.]", " 3/63 [", "\x1b[1m4/63\x1b[0m x", "\xa0 7/63 [", "\t8/63 [=", "0/63 [x", "1/9 ━━"
CONTROLS = "\r", "\b", "\b\b", "\n", "\x1b[2K\r", "\x1b[1A", "\x1b]0;t\x07", "\x00"
OTHERS = "Epoch 2/5", "━━", "  ", "a", "99", "é", "640:  3%|█  | 1/9", "1" * 30
PIECES = st.sampled_from(BARS + CONTROLS + OTHERS)


@given(st.lists(PIECES, max_size=25).map("".join))
@example("1/63 [=>..]\b\b\b\r12/63 [==>.]\r")
@example("1/63 [a\r \r2/63 [b\r\n3/63 [c")
def test_folding_shows_what_was_to_be_seen(text):
    raw = text.encode()
    block = bytearray(raw)

    end = kernel().fold(kernel().lately(), block, 0, len(block))

    def shown(data):
        lines = data.decode("utf-8", "replace").split("\n")
        return [line for number, line in enumerate(lines, 1) for line in visible(number, line)]

    assert shown(bytes(block[:end])) == shown(raw)


def test_folding_leaves_one_state():
    block = bytearray(b"".join(b"\r%d/900 [=>] - loss: 0.5" % step for step in range(901)) + b"\n")

    end = kernel().fold(kernel().lately(), block, 0, len(block))

    assert bytes(block[:end]) == b"\r900/900 [=>] - loss: 0.5\n" or end < 80


def template(*parts: Part) -> Template:
    return Template("row", parts, ())


TEMPLATES = (
    template(
        Part(LITERAL, b"Epoch "), Part(RUN, low=1, high=3), Part(LITERAL, b" loss: "), Part(NUMBER, low=ANY_NUMBER)
    ),
    template(Part(LITERAL, b"Epoch "), Part(NUMBER, low=WHOLE | FRACTION), Part(LITERAL, b" loss")),
    template(Part(LITERAL, b"Epoch 7"), Part(BLANKS, low=0, high=4), Part(LITERAL, b"x"), Part(NUMBER, low=FRACTION)),
    template(Part(NUMBER, low=ANY_NUMBER), Part(LITERAL, b","), Part(NUMBER, low=ANY_NUMBER)),
    template(Part(RUN, low=2, high=2), Part(LITERAL, b":"), Part(RUN, low=2, high=2), Part(LITERAL, "━".encode())),
)


def scanners():
    trie = Trie()
    for one in TEMPLATES:
        assert trie.add(one)
    compiled, python = kernel().Scanner(), pure.Scanner()
    compiled.set_powers(powers())
    compiled.load(*trie.program(), len(trie.templates))
    python.learn(trie.templates)
    return compiled, python


LINES = st.one_of(
    st.from_regex(r"Epoch [0-9]{1,4} loss: [+-]?[0-9]{0,3}\.?[0-9]{0,20}(e[+-]?[0-9]{1,3})?\r?", fullmatch=True),
    st.from_regex(r"Epoch 7 {0,6}x[0-9]\.[0-9]", fullmatch=True),
    st.from_regex(r"[0-9.]{1,5},-?[0-9.e-]{1,9}", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}:[0-9]{1,3}━", fullmatch=True),
    st.binary(max_size=30).map(lambda raw: raw.decode("latin-1")),
).map(lambda text: text.encode().replace(b"\n", b""))


@given(LINES)
def test_kernel_and_pure_path_match_alike(line):
    compiled, python = scanners()

    found, other = compiled.match(line), python.match(line)

    assert (found is None) == (other is None)
    if found is not None and found[0] == other[0]:
        assert found == other


@given(st.lists(LINES, max_size=12))
def test_kernel_and_pure_path_walk_alike(lines):
    block = b"".join(line + b"\n" for line in lines)
    rows = []
    for scanner in scanners():
        scanner.enable(3, (0, 1), -1, 0, -1, 0.0, True)
        at, number, seen = 0, 0, []
        while True:
            reason, start, at, number, _ = scanner.walk(block, at, len(block), number + 1, False)
            if reason == 0:
                break
            seen.append((start, at, number))
        rows.append((seen, scanner.take(3), scanner.counters()))

    # The kernel leaves numbers to Python that it cannot round; those lines are handed over.
    if not re.search(rb"[0-9.]{19}|e-?[0-9]{3}", block):
        assert rows[0] == rows[1]


def test_rows_must_rise():
    compiled, python = scanners()
    block = b"1,2\n2,2\n2,3\n1,9\n5,5\n"
    for scanner in (compiled, python):
        scanner.enable(3, (1,), -1, 0, -1, 0.0, False)

        handed = []
        at, number = 0, 0
        while True:
            reason, start, at, number, _ = scanner.walk(block, at, len(block), number + 1, False)
            if reason == 0:
                break
            handed.append(block[start : at - 1])

        assert handed == [b"2,3", b"1,9"]
        assert struct.unpack("12d", scanner.take(3)) == (1, 0, 1, 2, 2, 0, 2, 2, 5, 0, 5, 5)
        assert scanner.take(3) == b""


def test_a_program_that_points_outside_is_refused():
    scanner = kernel().Scanner()
    node = struct.Struct("=8i")

    for bad in (
        node.pack(0, 0, 0, 1, -1, 0, 5, 0),  # a literal beyond the texts, and no node behind it
        node.pack(4, 7, 0, 0, -1, 0, 0, 0),  # an end of a template that is not there
        node.pack(1, 1, 2, 0, -1, 0, 0, 0),  # a circle
        node.pack(9, 0, 0, 0, -1, 0, 0, 0),
        b"short",
    ):
        with pytest.raises(ValueError, match=r"program|whole"):
            scanner.load(bad, b"", 0)
    with pytest.raises(ValueError, match="gate"):
        scanner.set_gate(bytes(256), b"\x09\x00\x09\x00")
    with pytest.raises(ValueError, match="lines"):
        scanner.walk(b"no newline", 0, 10, 1, False)
