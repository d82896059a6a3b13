"""What a pattern cannot do without."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.reader import Head
from diagnose.reader.required import begins_line, required
from diagnose.reader.uniform import is_uniform

PATTERNS = (
    r"^ *\d+/\d+ - \d+m?s - loss: ",
    r"^(?:Epoch|Iter) \[\d+\](?:\[\d+\])?\s",
    r"(?>ab|cd)+x?y{2,}z*",
    r"(?:(?i:left)|right)-(?P<name>hand)(?P=name)?",
    r"a|",
    r"(?<!no)where(?=fore)",
)


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        (PATTERNS[0], (("s - loss: ",), (" - ",))),
        (PATTERNS[1], (("Epoch", "Iter"), (" [",))),
        (PATTERNS[2], (("ab", "cd"), ("yy",))),
        (PATTERNS[3], (("hand",),)),
        (PATTERNS[4], ()),
        (PATTERNS[5], (("where",),)),
        (r"(?i)loss: \d", ()),
        (r"x", ()),
    ],
)
def test_texts_of_a_pattern(pattern: str, groups: tuple[tuple[str, ...], ...]) -> None:
    assert tuple(tuple(text for text, _ in texts) for texts in required(pattern)) == groups


def test_each_text_comes_with_its_letters() -> None:
    assert required(r"s - loss: \d+ \[=-") == ((("s - loss: ", "loss"),), ((" [=-", ""),))


@pytest.mark.parametrize(
    ("pattern", "begins"),
    [(r"^ *\d", True), (r"^a|^b", True), (r"^(?:a|b)?c", True), (r"(?:^|- )a", False), (r"a^", False), (r"", False)],
)
def test_patterns_of_the_beginning_of_lines(pattern: str, begins: bool) -> None:
    assert begins_line(pattern) is begins


@given(st.data())
def test_nothing_that_matches_is_left_out(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    text = data.draw(st.text()) + data.draw(st.from_regex(re.compile(pattern, re.MULTILINE)))

    head = Head("a.log", b"")
    head.__dict__["text"] = text
    assert head.may_hold(pattern) or not re.search(pattern, text, re.MULTILINE)


@given(
    st.text("ab \n", max_size=40), st.sampled_from((r"^a", r"^ *b$", r"^", r"^a\n+b", r"a", r"(?:^|b)a", r"^\s*a\s"))
)
def test_hits_are_those_of_a_search(text: str, pattern: str) -> None:
    head = Head("a.log", b"")
    head.__dict__["text"] = text
    assert head.hits(pattern, 5) == min(5, len(re.findall(pattern, text, re.MULTILINE)))


UNIFORM = (r"\d+", r"[^\n]+=", r"^(?:a|b\d)*+(?>c)(?!d\d)", r"(?<!\d)\.\d{2,}$", r"a.\b", r"\S [a-z\d]{2}", r"\w\d\B")
OTHER = (
    "a1",
    "[0-8]",
    "[^x]",
    r"a\s",
    r"\Aa",
    "a\\Z",
    "(?i)a",
    "(?s)a.",
    "(?i:a)",
    r"(\d)\1",
    r"\D",
    r"\W",
    "^\n",
    "[^5\n]",
)


def test_which_patterns_look_at_single_lines_and_at_no_digit_in_particular() -> None:
    assert [pattern for pattern in UNIFORM + OTHER if is_uniform(pattern)] == [*UNIFORM]


@given(
    st.text("abcd x019.=\n", max_size=60) | st.text(max_size=30),
    st.sampled_from([*UNIFORM, *OTHER, *PATTERNS]),
)
def test_a_pattern_occurs_where_it_does_in_the_text(text: str, pattern: str) -> None:
    head = Head("a.log", b"")
    head.__dict__["text"] = text
    assert head.hits(pattern, 1) == (re.search(pattern, text, re.MULTILINE) is not None)
    assert head.may_hold(pattern) or not head.hits(pattern, 1)


@given(st.binary(max_size=40) | st.text("a1\x00\x01\x07\x08\x0d\x1b[m\n", max_size=20).map(str.encode))
def test_a_brief_head_is_binary_where_the_head_is(data: bytes) -> None:
    assert Head("a", data, brief=True).is_binary == Head("a", data).is_binary
