"""Rows that are like one before but for their digits: the kernel must read them as it reads a line by itself."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.scan import pure
from diagnose.scan.engine import kernel, kernel_problem
from diagnose.scan.powers import powers
from diagnose.scan.template import ANY_NUMBER, BLANKS, EXPONENT, FRACTION, LITERAL, NUMBER, RUN, WHOLE, Part, Template
from diagnose.scan.trie import Trie

pytestmark = pytest.mark.skipif(bool(kernel_problem()), reason=kernel_problem())

NUMBERS = "0.1234", "12.34567", "123456.12345678", "5", "5.", ".5", "-0.0", "-7.25e-04", "1e3", "2.5E+300", "+3.5"
LONG = "123456789", "0.12345678901234567", "1234567890123456789012.5", "5e-1234"


def template(*parts):
    return Template("row", parts, ())


def scanners(templates, enabled, columns):
    """Return the compiled scanner and that in Python, with a template enabled."""
    trie = Trie()
    for one in templates:
        assert trie.add(one)
    compiled, python = kernel().Scanner(), pure.Scanner()
    compiled.set_powers(powers())
    compiled.load(*trie.program(), len(trie.templates))
    python.learn(trie.templates)
    for scanner in (compiled, python):
        scanner.enable(enabled, columns, -1, -1, -1, 0.0, False)
    return compiled, python


def walked(scanner, template, block):
    """Return the lines that are handed over, with the numbers of their templates, and the rows that are stored."""
    handed, at, number = [], 0, 0
    while True:
        reason, start, at, number, which = scanner.walk(block, at, len(block), number + 1, 0)
        if reason == 0:
            return handed, scanner.take(template)
        handed.append((block[start : at - 1], which))


def digits(text, chance):
    """Return a text with other digits in the same places."""
    return "".join(chance.choice("0123456789") if character.isdigit() else character for character in text)


ROW = template(
    Part(LITERAL, b"loss: "), Part(NUMBER, low=ANY_NUMBER), Part(LITERAL, b" at "), Part(RUN, low=1, high=30)
)


@given(st.lists(st.sampled_from(NUMBERS + LONG), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_rows_are_those_of_lines_read_alone(shapes, chance):
    lines = [
        f"loss: {digits(chance.choice(shapes), chance)} at {chance.randrange(10**3)}\n".encode() for _ in range(30)
    ]

    handed, rows = walked(scanners([ROW], 0, (0, 1))[0], 0, b"".join(lines))

    alone = [walked(scanners([ROW], 0, (0, 1))[0], 0, line) for line in lines]
    assert handed == [one for each, _ in alone for one in each]
    numbers = [struct.pack("d", number) + row[8:] for number, (_, row) in enumerate(alone, 1) if row]
    assert rows == b"".join(numbers)


FIELDS = template(
    Part(BLANKS, low=1, high=40),
    Part(NUMBER, low=ANY_NUMBER),
    Part(BLANKS, low=1, high=9),
    Part(NUMBER, low=FRACTION),
    Part(BLANKS, low=0, high=40),
    Part(RUN, low=1, high=5),
    Part(LITERAL, b" x"),
)
FIELD = template(Part(BLANKS, low=1, high=4), Part(LITERAL, b"7.5 "), *FIELDS.parts[2:])
GOOD = "1.5", "-0.25", "7.5", "12.375", "0.5", "123456", "12345678", "1234567.8"
SHAPES = *GOOD, *NUMBERS, *LONG, "07", "07.5", "5", "", "-", "1 2", "5e", "-0", "nan", "1.2.3", "/"


@given(
    st.lists(st.tuples(*[st.sampled_from(SHAPES)] * 2, st.sampled_from(("1", "02", "345", "123456", "x"))), min_size=1),
    st.sampled_from((3, 6, 9, 11)),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_rows_of_numbers_set_flush_right_are_those_of_lines_read_alone(shapes, width, rivals, chance):
    shapes += [(chance.choice(GOOD), "1.5", "1") for _ in shapes]
    chance.shuffle(shapes)
    lines = [digits("".join(shape.rjust(width) for shape in one) + " x\n", chance).encode() for one in shapes * 2]
    templates, enabled = ([FIELD, FIELDS], 1) if rivals else ([FIELDS], 0)

    handed, rows = walked(scanners(templates, enabled, (1, 3, 5))[0], enabled, b"".join(lines))

    alone = [walked(scanners(templates, enabled, (1, 3, 5))[0], enabled, line) for line in lines]
    assert handed == [one for each, _ in alone for one in each]
    numbers = [struct.pack("d", number) + row[8:] for number, (_, row) in enumerate(alone, 1) if row]
    assert rows == b"".join(numbers)


def test_rows_of_changing_widths_are_those_of_lines_read_alone():
    shapes = [f"{'7' * whole}.{'3' * fraction}{exponent}" for whole in (1, 2, 7, 9) for fraction in (1, 7, 8, 16, 24)
              for exponent in ("", "e-07", "E+3")]  # fmt: skip
    lines = [f"loss: {shape} at {at}\n".encode() for at in range(40) for shape in shapes]

    handed, rows = walked(scanners([ROW], 0, (0, 1))[0], 0, b"".join(lines))

    stored = {int(line): (value, at) for line, *_, value, at in struct.iter_unpack("5d", rows)}
    for number, line in enumerate(lines, 1):
        value, at = float(line.split()[1]), float(line.split()[3])
        assert stored.get(number) in ((value, at), None)
        assert (number in stored) == (line[:-1] not in {one for one, _ in handed})


def test_what_is_tried_earlier_counts_on_the_way_of_the_row_before():
    block = b"".join(b"Epoch %d x%d.5\n" % (at, 10**at) for at in range(9)) * 3

    handed, rows = walked(scanners([SEVEN, ANY], 1, (1,))[0], 1, block)

    assert [line for line, _ in handed] == [b"Epoch 7 x10000000.5"] * 3
    assert len(rows) == 24 * 8 * 4


SEVEN = template(Part(LITERAL, b"Epoch 7 x"), Part(NUMBER, low=ANY_NUMBER))
ANY = template(Part(LITERAL, b"Epoch "), Part(RUN, low=1, high=3), Part(LITERAL, b" x"), Part(NUMBER, low=ANY_NUMBER))


def test_a_literal_digit_of_another_template_counts():
    block = b"Epoch 5 x1.5\nEpoch 6 x2.5\nEpoch 7 x3.5\nEpoch 8 x4.5\n"

    handed, rows = walked(scanners([SEVEN, ANY], 1, (1,))[0], 1, block)

    assert handed == [(b"Epoch 7 x3.5", 0)]
    assert struct.unpack("12d", rows)[::4] == (1, 2, 4)


def test_a_leading_zero_may_be_refused():
    row = template(
        Part(LITERAL, b"x"), Part(NUMBER, low=WHOLE | FRACTION), Part(BLANKS, low=1, high=9), Part(LITERAL, b"y")
    )

    for scanner in scanners([row], 0, (0,)):
        handed, rows = walked(scanner, 0, b"x15.5 y\nx25.5 y\nx05.5 y\nx35.5 y\n")

        assert handed == [(b"x05.5 y", -1)]
        assert struct.unpack("12d", rows)[3::4] == (15.5, 25.5, 35.5)


def test_a_leading_zero_may_be_refused_of_numbers_set_flush_right():
    row = template(Part(LITERAL, b"loss:"), Part(BLANKS, low=1, high=9), Part(NUMBER, low=WHOLE | FRACTION))
    lines = [f"loss:{number:>8}\n".encode() for number in ("15.5", "25.25", "5", "05.5", "0.5", "00", "0", "35.5")]

    handed, rows = walked(scanners([row], 0, (1,))[0], 0, b"".join(lines))

    assert [line for line, _ in handed] == [b"loss:    05.5", b"loss:      00"]
    assert struct.unpack("24d", rows)[3::4] == (15.5, 25.25, 5, 0.5, 0, 35.5)


@pytest.mark.parametrize(
    ("mask", "end", "numbers"),
    [
        (FRACTION, b"e", ("0.5", "54", "0.25")),
        (FRACTION | EXPONENT, b" x", ("0.5", "1e-05", "0.25")),
        (WHOLE | FRACTION, b".", ("98.5", "98", "97.25")),
    ],
)
def test_a_number_of_a_shape_that_a_template_has_not_is_none_of_its_rows(mask, end, numbers):
    head = Part(LITERAL, b"the loss is:"), Part(BLANKS, low=1, high=9)
    rivals = [template(*head, Part(NUMBER, low=low), Part(LITERAL, end)) for low in (mask, WHOLE)]
    block = b"".join(b"the loss is:%8s%s\n" % (number.encode(), end) for number in numbers)

    found = [walked(scanner, 0, block) for scanner in scanners(rivals, 0, (1,))]

    assert found[0] == found[1]


def test_a_row_is_forgotten_with_its_template_and_its_columns():
    compiled, _ = scanners([ROW], 0, (0, 1))
    block = b"loss: 0.5 at 1\nloss: 0.6 at 2\n"
    walked(compiled, 0, block)

    compiled.enable(0, (1,), -1, -1, -1, 0.0, False)
    assert struct.unpack("8d", walked(compiled, 0, block)[1])[3::4] == (1, 2)
    compiled.disable()
    assert [which for _, which in walked(compiled, 0, block)[0]] == [0, 0]


def test_a_line_that_the_end_of_a_block_cuts_is_not_read_beyond():
    compiled, _ = scanners([ROW], 0, (0, 1))
    walked(compiled, 0, b"loss: 0.5 at 123456789012\n" * 2)

    assert walked(compiled, 0, b"loss: 0.5 at 1\n")[0] == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_ends_of_lines_belong_to_a_row(end):
    compiled, _ = scanners([ROW], 0, (0, 1))

    handed, rows = walked(
        compiled, 0, b"".join(b"loss: 0.%d at 1" % at + end for at in range(9)) + b"loss: 0.5 at 1x\n"
    )

    assert len(handed) == 1
    assert struct.unpack("45d", rows)[3::5] == tuple(float(f"0.{at}") for at in range(9))


@pytest.mark.parametrize("again", [(0, 1), (1, 0), (1,), (0,), ()])
def test_a_template_that_is_enabled_again_stores_the_columns_asked_for_then(again):
    block = b"loss: 0.25 at 17\nloss: 0.75 at 18\nloss: 0.50 at 19\n"
    for scanner in scanners([ROW], 0, (0, 1)):
        walked(scanner, 0, block)
        scanner.disable()
        scanner.enable(0, again, -1, -1, -1, 0.0, False)
        with pytest.raises((ValueError, IndexError)):
            scanner.enable(1, (0, 1), -1, -1, -1, 0.0, False)
        handed, rows = walked(scanner, 0, block)
        assert not handed
        values = [(0.25, 17.0), (0.75, 18.0), (0.5, 19.0)]
        assert list(struct.iter_unpack(f"={3 + len(again)}d", rows)) == [
            (number, 0.0, 0.0, *[value[part] for part in again]) for number, value in enumerate(values, 1)
        ]


def test_columns_that_are_none_leave_nothing_of_the_rows_before():
    compiled, _ = scanners([ROW], 0, (0, 1))
    block = b"loss: 0.25 at 17\nloss: 0.75 at 18\n"
    walked(compiled, 0, block)
    with pytest.raises(ValueError, match="a column is a variable part"):
        compiled.enable(0, (1, -1), -1, -1, -1, 0.0, False)
    compiled.enable(0, (1, 0), -1, -1, -1, 0.0, False)
    assert list(struct.iter_unpack("=5d", walked(compiled, 0, block)[1])) == [(1, 0, 0, 17, 0.25), (2, 0, 0, 18, 0.75)]


@given(st.randoms(use_true_random=False))
def test_forms_that_come_in_turns_are_told_apart(chance):
    bars = [
        template(Part(RUN, low=1, high=9), Part(LITERAL, b" [%-9s] " % (b"=" * size)), Part(NUMBER, low=ANY_NUMBER))
        for size in range(10)
    ]
    lines = [b"%d [%-9s] %.*f\n" % (at * 37, b"=" * (at // 3), chance.choice((2, 4)), at / 7) for at in range(30)] * 4

    for scanner in (found := scanners(bars, 0, (0, 1))):
        for number in range(1, 10):
            scanner.enable(number, (0, 1), -1, -1, -1, 0.0, False)
    block = b"".join(lines)
    (handed, first), (other, same) = walked(found[0], 0, block), walked(found[1], 0, block)

    assert handed == other == []
    assert [first, *map(found[0].take, range(1, 10))] == [same, *map(found[1].take, range(1, 10))]


def test_templates_of_the_same_columns_have_one_table_in_the_order_of_lines():
    short = template(Part(LITERAL, b"a "), Part(NUMBER, low=ANY_NUMBER))
    long = template(Part(LITERAL, b"b "), Part(BLANKS, low=1, high=9), Part(NUMBER, low=ANY_NUMBER))
    compiled, _ = scanners([short, long], 0, (0,))
    compiled.enable(1, (1,), -1, -1, -1, 0.0, False, (), False, 0)

    handed, rows = walked(compiled, 1, b"a 1\nb   2\na 3\nb   4\n")

    assert handed == []
    assert struct.unpack("16d", rows)[::4] == (1, 2, 3, 4)
    assert struct.unpack("16d", rows)[3::4] == (1, 2, 3, 4)
    assert compiled.take(0) == b""


@pytest.mark.parametrize("arguments", [((0, 1), (), False, 0), ((0,), (), True, 0), ((0,), (), False, 9)])
def test_a_table_takes_rows_of_its_columns_only(arguments):
    compiled, _ = scanners([ROW, template(Part(LITERAL, b"b "), Part(NUMBER, low=ANY_NUMBER))], 0, (0,))
    columns, checks, keeps, like = arguments

    with pytest.raises(ValueError, match="columns"):
        compiled.enable(1, columns, -1, -1, -1, 0.0, False, checks, keeps, like)
    compiled.enable(1, (0,), -1, -1, -1, 0.0, False, (), False, 0)
    with pytest.raises(ValueError, match="other templates"):
        compiled.enable(0, (0, 1), -1, -1, -1, 0.0, False)
