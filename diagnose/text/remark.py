"""Advice written as Markdown again, with only the markup that advice may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diagnose.text import escape, markup


def blocks(text: str) -> Iterator[str]:
    """Yield the lines of a small Markdown text, whatever else was in it made literal."""
    listed = False
    for block in markup.blocks(text):
        inside = " " * 4 * (block.depth - (block.kind == "item"))
        if not (listed and block.kind == "item"):
            yield ""
        listed = block.kind == "item"
        if block.kind == "code":
            code = escape.code_block("\n".join(span.text for span in block.spans), "")
            yield from (inside + line for line in code.split("\n"))
        else:
            marker = f"{block.marker} " if block.kind == "item" else ""
            yield inside + marker + inline(block.spans)


def inline(spans: Iterable[markup.Span]) -> str:
    """Return the spans of a line as Markdown."""
    return "".join(map(_span, spans))


def sentence(text: str) -> str:
    """Return a small Markdown text as one line of Markdown."""
    return inline(markup.spans(escape.line(text)))


def _span(span: markup.Span) -> str:
    if span.kind == "code":
        return escape.code_span(span.text)
    text = escape.markdown(span.text)
    if span.kind == "text":  # escaping strips, yet spaces part a text from its neighbours
        head = " " * (len(span.text) - len(span.text.lstrip()) > 0)
        return head + text + " " * (len(span.text) - len(span.text.rstrip()) > 0) if text else " "
    if span.kind == "link":
        return f"[{text}](<{escape.html(span.url)}>)"
    mark = "**" if span.kind == "strong" else "*"
    return f"{mark}{text}{mark}"
