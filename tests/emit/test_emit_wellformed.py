"""Whatever text a log holds, every output stays well-formed and harmless."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from emit_reports import NASTY, hostile, hostile_comparison
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from markdown_it import MarkdownIt

from diagnose.emit import Context, emit, names
from diagnose.model import UNKNOWN
from diagnose.model.change import KINDS, RISKS
from diagnose.text import changes

SCHEMAS = Path(__file__).parent / "schemas"
CONTEXT = Context(version="0.1.0", root=Path("/repo"), start=Path("/repo"))
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\ud800-\udfff]")

PIECES = st.sampled_from(
    [
        *NASTY.split(" "),
        "\n",
        "\r\n",
        "\x1b[2J",
        "\x1b]8;;x\x1b\\",
        "::error file=a::b",
        "##vso[x]",
        "```",
        "~~~",
        "`",
        "|",
        "\n\n",
        "-->",
        "<!--",
        "]]>",
        "</pre>",
        "</details>",
        "</style>",
        "1. ",
        "- ",
        "    ",
        "> ",
        "# ",
        "***",
        "**",
        "[x]: y",
        "http://a.b",
        "a@b.cd",
        "e\u0301",
        "👩‍🔬",
        "\ud800",
        "\ufffe",
        "\U0001ffff",
        "%",
        ";",
        "]",
        ",",
        ":",
        "=",
        "\\",
    ]
)
TEXT = st.one_of(
    st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join), st.lists(PIECES, max_size=8).map(" ".join)
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.just(UNKNOWN), st.just(1 << 5000)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)
LINTED = st.builds(
    hostile,
    TEXT,
    severity=st.sampled_from(["error", "warning", "info", "hint"]),
    line=st.integers(0, 10**7),
    score=st.floats(),
    path=st.one_of(st.just("x.log"), TEXT),
)
COMPARED = st.builds(
    hostile_comparison,
    TEXT,
    old=VALUES,
    new=VALUES,
    line=st.integers(0, 10**7),
    kind=st.sampled_from(KINDS),
    risk=st.sampled_from(RISKS),
    ratio=st.one_of(st.none(), st.floats()),
)
REPORTS = st.one_of(LINTED, COMPARED)
EXAMPLES = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])


def schema(name):
    loaded = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(loaded)(loaded)


SARIF = schema("sarif-schema-2.1.0.json")
GITLAB = schema("gitlab-code-quality.json")
FINDINGS = schema("findings-v1.json")


def strict(text):
    assert text.isascii()
    assert not re.search(r"\\ud[89ab]..(?!\\ud[c-f])", text)  # a lone surrogate: not every parser takes it
    return json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("name", names())
@EXAMPLES
@given(report=REPORTS)
def test_no_control_characters_and_no_foreign_commands(name, report):
    text = emit(report, name, CONTEXT)

    text.encode()
    assert text.endswith("\n")
    assert not CONTROL.search(text)
    for line in text.split("\n"):
        if name == "github":
            assert line.count("::") == 0 or re.match(r"::(error|warning|notice) title=[^:]*::|[^:\s]", line)
        else:
            assert not line.lstrip().startswith("::")
        if name == "azure":
            assert line.lower().find("##vso[", 1) == -1
        else:
            assert "##vso[" not in line.lower()
        assert "##[" not in line


@EXAMPLES
@given(report=REPORTS)
def test_json(report):
    document = strict(emit(report, "json", CONTEXT))
    FINDINGS.validate(document)

    *records, rest = map(strict, emit(report, "jsonl", CONTEXT).splitlines())
    assert [record for record in records if "code" in record] == document.pop("findings")
    assert [record for record in records if "key" in record] == document.pop("changes", [])
    assert rest == document


@EXAMPLES
@given(report=REPORTS)
def test_gitlab(report):
    entries = strict(emit(report, "gitlab", CONTEXT))

    GITLAB.validate(entries)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)


@settings(parent=EXAMPLES, max_examples=10)
@given(report=REPORTS)
def test_sarif(report):
    log = strict(emit(report, "sarif", CONTEXT))
    SARIF.validate(log)

    def walk(node):
        if isinstance(node, dict):
            for key, value in node.items():
                assert value != "", key
                if key in {"uri", "helpUri"}:
                    assert re.fullmatch(r"[A-Za-z0-9._~/%:+-]+", value)
                    assert not value.startswith("//")
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    run = log["runs"][0]
    assert bool(report.comparisons) == bool(run.pop("properties", {}))
    properties = [result.pop("properties", None) for result in run["results"]]
    walk(log)
    assert properties
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


@EXAMPLES
@given(report=REPORTS)
def test_junit(report):
    text = emit(report, "junit", CONTEXT)

    root = ET.fromstring(text)
    suites = list(JUnitXml.fromstring(text.encode()))
    assert int(root.get("tests")) == sum(suite.tests for suite in suites) == len(root.findall("*/testcase"))
    assert int(root.get("failures")) == sum(suite.failures for suite in suites) == len(root.findall("*/*/failure"))
    assert int(root.get("errors")) == sum(suite.errors for suite in suites) == len(root.findall("*/*/error"))


class Page(HTMLParser):
    """Checks that a page has only the elements and attributes of the template, each closed."""

    VOID = frozenset({"meta"})
    ELEMENTS = """
        a article body code dd details div dl dt em footer h1 h2 h3 h4 head header html li main meta meter p
        pre section span strong style summary table tbody td th thead title tr ul
    """
    ATTRIBUTES = """
        aria-label aria-labelledby charset class content href http-equiv id lang max min name rel role
        tabindex value
    """

    def __init__(self):
        super().__init__()
        self.open = []
        self.text = []

    def handle_starttag(self, tag, attrs):
        assert tag in self.ELEMENTS.split()
        for key, value in attrs:
            assert key in self.ATTRIBUTES.split()
            assert key != "href" or value.startswith(("https://", "http://", "#"))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        pytest.fail("a comment")

    def handle_data(self, data):
        self.text.append(data)


@EXAMPLES
@given(report=REPORTS)
def test_html(report):
    page = Page()
    page.feed(emit(report, "html", CONTEXT))
    page.close()

    assert page.open == []


@EXAMPLES
@given(report=REPORTS)
def test_markdown(report):
    text = emit(report, "markdown", CONTEXT)

    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    for html in blocks:
        assert re.fullmatch(r"</?details>|<details>\n<summary>[^<>]*</summary>", html), html
    for token in tokens:
        for child in token.children or ():
            if child.type == "html_inline":
                assert child.content == "<!-- -->"
            if child.type == "link_open":
                assert child.attrs["href"].startswith(("https://", "http://"))
            assert child.type != "image"
    rows = sum(token.type == "tr_open" for token in tokens)
    found = [change for both in report.comparisons for change in both.changes]
    results = [result for both in report.comparisons for result in both.results]
    tables = sum(len(changes.groups(both)) + bool(both.results) for both in report.comparisons)
    assert rows == bool(report.findings) + len(report.findings) + tables + len(found) + len(results)
    cells = 4 * len(report.findings) + 8 * len(found) + 5 * len(results)
    assert sum(token.type == "td_open" for token in tokens) == cells
    assert sum(html.startswith("<details>") for html in blocks) == sum(html == "</details>" for html in blocks)
