"""Lines of a JSON file that are no JSON."""

from __future__ import annotations

from diagnose.reader.jsontree import parse


def test_a_damaged_line_is_left_out() -> None:
    document = parse('{"a": 1,\n "\n\n "b": {"c": [1, 2]},\n "d": oops,\n "e": 3}\n')

    assert document.root is not None
    assert document.root.plain() == {"a": 1, "b": {"c": [1, 2]}, "e": 3}
    assert (document.complete, document.cut, document.damaged) == (False, False, (2, 5))
    assert document.breach_line == 2
    assert document.breach.startswith("line 2, 5 is no JSON")


def test_text_that_is_damaged_throughout_is_not_read_on() -> None:
    document = parse('{"a": 1,\n x\n y\n z\n v\n "b": 2}')

    assert document.root is not None
    assert document.root.plain() == {"a": 1}
    assert document.cut
