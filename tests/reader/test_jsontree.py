"""JSON with lines, as far as it goes."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from diagnose.reader.jsontree import parse

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


@given(TREES, st.sampled_from([None, 1, 4]))
def test_whole_documents_are_read_as_json_reads_them(tree: object, indent: int | None) -> None:
    document = parse(json.dumps(tree, indent=indent))
    assert document.complete
    assert document.root is not None
    assert document.root.plain() == tree


@given(TREES, st.integers(0, 200))
def test_documents_cut_anywhere_are_read_to_the_cut(tree: object, at: int) -> None:
    parse(json.dumps(tree)[:at])


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    parse(text)


def test_every_member_knows_the_line_of_its_key() -> None:
    document = parse('{\n  "a": 1,\n  "b": [\n    NaN,\n    -Infinity\n  ],\n\n  "c": {}\n}\n')
    assert document.root is not None
    members = document.root.members()
    assert {key: node.line for key, node in members.items()} == {"a": 2, "b": 3, "c": 8}
    first, second = members["b"].items()
    assert (first.line, second.line) == (4, 5)
    assert math.isnan(first.number() or 0)
    assert second.number() == -math.inf


def test_deep_nesting_is_given_up() -> None:
    assert not parse("[" * 100_000).complete


def test_a_second_value_means_that_it_is_not_one_document() -> None:
    document = parse('{"a": 1}\n{"a": 2}\n')
    assert (document.complete, document.cut) == (False, False)
    assert parse('{"a": [1, 2').cut
