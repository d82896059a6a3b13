import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.text import escape, terminal
from diagnose.text.markup import Span, blocks, spans


def shape(text):
    return [(block.kind, block.depth, block.marker, block.text) for block in blocks(text)]


def test_lists_and_paragraphs():
    assert shape("a\nb\n\n1. one\n   more\n\n   para\n10. ten\n    - deep\n      * deeper\n\nend") == [
        ("text", 0, "", "a b"),
        ("item", 1, "1.", "one more"),
        ("text", 1, "", "para"),
        ("item", 1, "10.", "ten"),
        ("item", 2, "-", "deep"),
        ("item", 3, "-", "deeper"),
        ("text", 0, "", "end"),
    ]


def test_code_blocks():
    assert shape("1. run\n   ```sh\n   a\n     b `c`\n   ```\n\n~~~\n1. x\n~~~\n```\nopen") == [
        ("item", 1, "1.", "run"),
        ("code", 1, "", "a\n  b `c`"),
        ("code", 0, "", "1. x"),
        ("code", 0, "", "open"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a `b` c", [Span("text", "a "), Span("code", "b"), Span("text", " c")]),
        ("`` a`b ``", [Span("code", "a`b")]),
        ("`open", [Span("text", "`open")]),
        ("**b** *e* 2 * 3 * 4", [Span("strong", "b"), Span("text", " "), Span("em", "e"), Span("text", " 2 * 3 * 4")]),
        (r"\*no\*", [Span("text", "*no*")]),
        ("[l](https://a.b/c)", [Span("link", "l", "https://a.b/c")]),
        ("[l](javascript:c)", [Span("text", "[l](javascript:c)")]),
        ("<b>&amp;</b>", [Span("text", "<b>&amp;</b>")]),
    ],
)
def test_spans(text, expected):
    assert list(spans(text)) == expected


@pytest.mark.parametrize(
    "piece", ["`", "` ", "`a``b", "*a ", "**a", "[a", "[a](", "[a](https://b ", "\\", "1. ", "```\n"]
)
def test_no_time_bomb(piece):
    blocks(piece * 20_000)
    blocks(piece * 20_000 + "x")


@given(st.text())
def test_any_text(text):
    for block in blocks(text):
        assert not escape.HIDDEN.search(block.text)


@given(st.text(), st.integers(8, 60), st.integers(0, 60))
def test_shortened_text_keeps_to_the_width(text, width, at):
    text = escape.line(text)
    cut, missing = terminal.shorten(text, width, at)

    assert terminal.columns(cut) <= width
    if missing == 0 and cut == text:
        return
    assert terminal.ELLIPSIS in cut
    assert cut.strip(terminal.ELLIPSIS) in text


def test_shortened_text_shows_what_matters():
    text = "x" * 200 + "nan" + "y" * 200
    cut, missing = terminal.shorten(text, 40, 200)
    assert cut[200 - missing :].startswith("nan")
    assert terminal.shorten("short", 40, 3) == ("short", 0)
