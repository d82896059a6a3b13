"""Templates of raw lines have the variable parts of what the lines show."""

import pytest

from diagnose.reader.sieve import Sieve
from diagnose.scan import line_texts, pure, raw_template
from diagnose.scan.template import BLANKS, LITERAL, RUN, Part, Template
from diagnose.sources import from_bytes

COUNT = Part(RUN, low=1, high=9)
SHOWN = Template(
    "bar",
    (COUNT, Part(LITERAL, "/90 ━ ".encode()), Part(BLANKS, low=0, high=9), COUNT, Part(LITERAL, b"s")),
    (),
)


@pytest.mark.parametrize(
    ("raw", "other"),
    [
        ("12/90 ━ 5s", "3/90 ━ 17s"),
        ("\r\x1b[1m12/90\x1b[0m \x1b[32m━\x1b[0m 5s", "\r\x1b[1m3/90\x1b[0m \x1b[32m━\x1b[0m 17s"),
        ("  \x1b[K12/90 ━ 5s \b\b\r", "  \x1b[K3/90 ━ 17s \b\b\r"),
    ],
)
def test_control_around_numbers_is_literal(raw, other):
    template = raw_template(raw.encode(), "12/90 ━ 5s", SHOWN, (2, 10, 11))
    assert template is not None
    scanner = pure.Scanner()
    scanner.learn([template])

    assert scanner.match(raw.rstrip("\r").encode()) is not None
    assert scanner.match(other.rstrip("\r").encode()) is not None
    assert scanner.match(b"12/90") is None


@pytest.mark.parametrize(
    "raw", ["11/90 ━ 5s\r12/90 ━ 5s", "1\x1b[1m2/90 ━ 5s", "\x1b[A12/90 ━ 5s", "\x1b12/90 ━ 5s", "x"]
)
def test_lines_that_show_more_have_none(raw):
    assert raw_template(raw.encode(), "12/90 ━ 5s", SHOWN, (2, 10, 11)) is None


def test_lines_are_found_again():
    text = line_texts(from_bytes("a.log", b"one\ntwo\r\n" + b"x" * 1_000_000 + b"\nlast"))

    assert (text(2), text(2), len(text(3)), text(4), text(9)) == ("two", "two", 1_000_000, "last", "")


@pytest.mark.parametrize(
    "text", ["Learning", "all re", "lr 1", "LR", "x", "", "Kelvin \u212a", "a|b", "end", "fold 3:"]
)
def test_a_sieve_finds_what_its_pattern_finds(text):
    import re

    pattern = r"(?i)learning|\blr\b|\||[|]x|end$|fold \d|k"
    assert Sieve(pattern).finds(text) == (re.search(pattern, text) is not None)
