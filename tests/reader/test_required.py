"""What a pattern cannot do without."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.reader.required import may_match, required

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
        (PATTERNS[0], ((" - ",), ("s - loss: ",))),
        (PATTERNS[1], (("Epoch", "Iter"), (" [",))),
        (PATTERNS[2], (("ab", "cd"),)),
        (PATTERNS[3], (("hand",),)),
        (PATTERNS[4], ()),
        (PATTERNS[5], (("where",),)),
        (r"(?i)loss: \d", ()),
        (r"x", ()),
    ],
)
def test_texts_of_a_pattern(pattern: str, groups: tuple[tuple[str, ...], ...]) -> None:
    assert required(pattern) == groups


@given(st.data())
def test_nothing_that_matches_is_left_out(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    text = data.draw(st.text()) + data.draw(st.from_regex(re.compile(pattern, re.MULTILINE)))

    assert may_match(pattern, text) or not re.search(pattern, text, re.MULTILINE)
