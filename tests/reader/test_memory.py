"""What a grammar reads in lines is remembered for all readers of a process."""

import pytest

from diagnose.reader import LineGrammar, grammar, learning
from diagnose.reader.grammar import undigited

LINE = "Epoch 17: early stopping"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the lines that Lark is asked about from here on; nothing is known before."""
    asked: list[str] = []

    def noted(name: str, text: str) -> learning.Parsed | None:
        asked.append(text)
        return learning.asked(name, text)

    monkeypatch.setenv("DIAGNOSE_ENGINE", "lark")
    monkeypatch.setattr(learning, "_all_shapes", {})
    monkeypatch.setattr(grammar, "asked", noted)
    return asked


def test_another_reader_knows_what_the_first_one_read(lines: list[str]) -> None:
    first, second = LineGrammar("keras"), LineGrammar("keras")

    assert first.parse(LINE) == second.parse(LINE) == second.parse(LINE)
    assert second.parse("Epoch 21: early stopping") != first.parse(LINE)
    assert first.parse("nothing at all") is second.parse("nothing at all") is None
    assert lines == [LINE, "nothing at all"]


def test_another_engine_reads_for_itself(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    LineGrammar("keras").parse(LINE)
    monkeypatch.setenv("DIAGNOSE_ENGINE", "pure")
    LineGrammar("keras").parse(LINE)

    assert lines == [LINE, LINE]


def test_who_listens_hears_lines_that_are_known() -> None:
    keras = LineGrammar("keras")
    keras.parse(LINE)
    with learning.listening() as heard:
        keras.parse(LINE)

    assert [text for text, _ in heard["keras"].values()] == [LINE]


def test_only_so_many_lines_are_remembered(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "SAID", 2)
    monkeypatch.setattr(grammar, "MEMO", 2)
    keras = LineGrammar("keras")
    for text in ("a", "b", "c", "a", "a"):
        keras.parse(text)

    assert lines == ["a", "b", "c", "a"]


def test_long_lines_are_remembered_while_they_are_few(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "MOST_BYTES", 5000)
    keras, long = LineGrammar("keras"), [letter * 2000 for letter in "abcd"]
    for text in (*long[:3], *long[:3], long[3], long[0]):
        keras.parse(text)

    assert lines == [*long, long[0]]


def test_digits_count_as_such_beside_any_letters() -> None:
    assert undigited("█ 12%") == undigited("█ 98%") != undigited("━ 12%")
    assert undigited("\udc80 1") == undigited("\udc80 7")
