"""The Markdown that advice is written in: paragraphs, nested lists, code, emphasis, links. Nothing else is markup.

It is read into blocks and spans, which each output writes in its own way; so raw HTML, images, tables and whatever else
a line of a log may try are plain text everywhere.
"""

from __future__ import annotations

from diagnose.patterns import lazy
from diagnose.records import dataclass
from diagnose.text.escape import clean

ITEM = lazy(r"( *)(\d{1,9}[.)]|[-*+]) +(?=\S)")
FENCE = lazy(r" *(`{3,}|~{3,})")
HEADING = lazy(r"#{1,6} +")
LINK = r"\[(?P<label>[^\[\]]*)\]\((?P<url>https?://[^\s()<>]*)\)"
SPAN = lazy(
    r"\\(?P<literal>[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)(?P<code>[^`](?:[^`]|(?<!`)(?!(?P=ticks)(?!`))`+)*?)(?P=ticks)(?!`)"
    r"|\*\*(?P<strong>[^*\s](?:[^*]*[^*\s])?)\*\*"
    r"|\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*"
    rf"|{LINK}"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line; *kind* is ``text``, ``code``, ``strong``, ``em`` or ``link``."""

    kind: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list, or lines of code.

    Attributes:
        kind: ``text``, ``item`` or ``code``.
        depth: how many lists it stands in; an item stands in at least one.
        marker: of an item: ``1.`` or ``-``.
        spans: the content; one span per line of code.
    """

    kind: str
    depth: int
    marker: str
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The content without markup."""
        return ("\n" if self.kind == "code" else "").join(span.text for span in self.spans)


def blocks(markdown: str) -> list[Block]:
    """Return the blocks of a Markdown text."""
    found: list[Block] = []
    columns: list[int] = []  # where the content of each open list item begins
    pending: list[str] = []
    kind, marker, fence = "text", "", ""

    def close() -> None:
        nonlocal kind, marker
        if pending or kind == "item":
            found.append(Block(kind, len(columns), marker, spans(" ".join(pending))))
            pending.clear()
        kind, marker = "text", ""

    for line in clean(markdown).expandtabs(4).split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            else:
                start = min(indent, columns[-1] if columns else 0)
                block = found.pop()
                found.append(Block("code", block.depth, "", (*block.spans, Span("code", line[start:]))))
        elif opening := FENCE.match(line):
            close()
            fence = opening[1]
            while columns and columns[-1] > indent:
                columns.pop()
            found.append(Block("code", len(columns), "", ()))
        elif item := ITEM.match(line):
            close()
            while columns and columns[-1] > indent:
                columns.pop()
            columns.append(item.end())
            kind, marker = "item", item[2] if item[2][0].isdigit() else "-"
            pending.append(line[item.end() :].strip())
        elif not line.strip():
            close()
        else:
            if not pending:
                while columns and columns[-1] > indent:
                    columns.pop()
            pending.append(HEADING.sub("", line.strip()))
    close()
    return [block for block in found if block.spans]


def spans(text: str) -> tuple[Span, ...]:
    """Return the spans of a line."""
    found: list[Span] = []

    def add(kind: str, part: str, url: str = "") -> None:
        if part and kind == "text" and found and found[-1].kind == "text":
            part = found.pop().text + part
        if part:
            found.append(Span(kind, part, url))

    end = 0
    for match in SPAN.finditer(text):
        add("text", text[end : match.start()])
        end = match.end()
        if match["label"] is not None:
            add("link", match["label"] or match["url"], match["url"])
        elif match["code"] is not None:
            add("code", match["code"].strip() or match["code"])
        else:
            kind = next(name for name in ("literal", "strong", "em") if match[name] is not None)
            add("text" if kind == "literal" else kind, match[kind])
    add("text", text[end:])
    return tuple(found)
