"""Text in Markdown: shown as it stands, and escaped no more than that needs."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from diagnose.text import escape

RENDER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = "\\`*_{}[]()<>#+!|~$@&-=:;.'\"0aB "
BLOCKS = ["***", "---", "```", "1. ", "12) ", "- ", "> ", "# ", "| a |", "</details>", "<!--", "-->", "::"]
SPANS = [
    "~~x~~",
    "&amp;",
    "&#38;",
    "<b>",
    "[x](y)",
    "![x](y)",
    "[x]: y",
    "http://a.b",
    "www.a.b",
    "a@b.cd",
    "a_b",
    "__a__",
]
PIECES = st.sampled_from([*SIGNS, *BLOCKS, *SPANS])
TEXTS = st.lists(PIECES, max_size=10).map("".join)
PLACES = [
    "{}",
    "- {}",
    "1. x\n    - *a:* {}",
    "x ({}).",
    "| a | b |\n|---|---|\n| {} | {} |",
    "**{}** {}",
    "[{}](https://x.y)",
]


def shown(markdown: str) -> str:
    """Return what a reader sees, white space apart."""
    text = re.sub(r"<!--.*?-->|<[^>]*>", "", RENDER.render(markdown))
    return re.sub(r"\s", "", html.unescape(text))


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=150)
@given(text=TEXTS)
def test_every_text_is_shown_as_it_stands(place: str, text: str) -> None:
    told = escape.line(text)
    frame = shown(place.replace("{}", "QQQ"))

    rendered = RENDER.render(place.replace("{}", escape.markdown(text) or "."))

    assert shown(place.replace("{}", escape.markdown(text) or ".")) == frame.replace(
        "QQQ", re.sub(r"\s", "", told or ".")
    )
    assert re.findall(r"<(?!!--)/?\w+", rendered) == re.findall(
        r"<(?!!--)/?\w+", RENDER.render(place.replace("{}", "QQQ"))
    )


@pytest.mark.parametrize(
    "text",
    [
        "fl_gamma goes from 0 -> 0.5 (-20 %)",
        "epoch 27 of 100.",
        "metrics/mAP_0.5:0.95 = 0.1; x + y",
        "a < 5 & b > 3",
        "{'a': 1}",
        r"C:\Users\data",
        "0.9 - 0.1, weight +60 %",
        "rank # 3",
    ],
)
def test_what_needs_no_escape_gets_none(text: str) -> None:
    assert escape.markdown(text) == text
