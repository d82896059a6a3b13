"""The three outputs of a report: the same story, nothing of a log alive in any of them."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from stories import make_story

from diagnose.emit.report import kind_of, render

HERE = Path(__file__).parent
NASTY = (
    "<script>alert(1)</script> </style> ::error::x ##vso[task] **b** [l](javascript:x) | `c` \x1b[31mred\x1b[0m $x$ @me"
)
VOID = {"meta", "br", "hr", "link", "input", "img"}


def rendered(kind: str, say: str = "plain") -> str:
    return render(make_story(say), kind, "0.0", "https://example.org/{}".format)


class Page(HTMLParser):
    """Collects what a page is made of; balanced if ``open`` ends empty."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(("kind", "suffix"), [("markdown", ".md"), ("json", ".json")])
def test_snapshot(kind: str, suffix: str) -> None:
    file = HERE / "snapshots" / f"story{suffix}"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(rendered(kind), encoding="utf-8")

    assert file.read_text(encoding="utf-8") == rendered(kind)


@pytest.mark.parametrize("say", ["plain", NASTY])
def test_page_is_well_formed_and_needs_nothing_else(say: str) -> None:
    page = Page(rendered("html", say))

    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not any(name.startswith("on") or name in ("src", "srcset") for name, _ in page.attributes)
    assert len(page.ids) == len(set(page.ids))
    refs = {value[1:] for name, value in page.attributes if name == "href" and value and value.startswith("#")}
    assert refs <= set(page.ids)
    assert {value for name, value in page.attributes if name == "href" and value and not value.startswith("#")} == {
        "https://example.org/loss-nan"
    }


def test_what_a_log_says_stays_text_in_the_page() -> None:
    text = rendered("html", NASTY)

    assert "<script" not in text
    assert "\x1b" not in text
    assert "##vso" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert "<script>alert(1)</script>" in Page(text).text


def test_what_a_log_says_stays_text_in_markdown() -> None:
    text = rendered("markdown", NASTY)
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    page = Page(html)

    assert not {"script", "img"} & set(page.tags)
    assert not any(value and value.startswith("javascript:") for _, value in page.attributes)
    assert "\x1b" not in text
    assert "##vso" not in text


def test_json_sets_measured_and_interpreted_apart() -> None:
    data = json.loads(rendered("json", NASTY))

    assert data["schema"] == "diagnose/report-v1"
    assert set(data) >= {"measured", "interpreted", "not_tested"}
    (run,), (told,) = data["measured"]["runs"], data["interpreted"]["runs"]
    assert "why" not in run["findings"][0]
    assert "causes" not in run
    assert told["causes"][0]["tested"] is False
    assert told["causes"][0]["against"][0]["weight"] == -0.5
    assert run["curves"][0]["curves"][0]["not_finite"] == [{"x": 4.0, "line": 25}]
    assert run["summary"][0]["places"][0]["line"] == 40


@pytest.mark.parametrize("kind", ["markdown", "html"])
def test_interpretation_is_marked_and_nothing_is_called_the_cause(kind: str) -> None:
    text = rendered(kind)

    assert "Suspects, not causes" in text
    assert "None was tested" in text
    assert "Considered, but what was logged speaks against them" in text


def test_curve_is_broken_where_it_is_no_number() -> None:
    text = rendered("html")

    assert text.count("<polyline") == 2
    assert 'class="broken"' in text
    assert 'href="#finding-1" class="mark error"' in text


@pytest.mark.parametrize(
    ("file", "kind"), [("a.md", "markdown"), ("b.HTML", "html"), ("c.json", "json"), ("d.txt", None), ("md", None)]
)
def test_format_is_taken_from_the_suffix(file: str, kind: str | None) -> None:
    assert kind_of(file) == kind
