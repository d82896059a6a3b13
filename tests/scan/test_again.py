"""Lines that were read as rows, looked up once more."""

from diagnose.scan import line_texts
from diagnose.sources import open_source

LINES = [f"\r{number} overwritten\r{number} shown" for number in range(1, 300_001)]


def log(folder):
    """Return a source of many lines."""
    path = folder / "log"
    path.write_text("\n".join(LINES), newline="")
    return open_source(path, path.stat().st_size)


def test_lines_have_their_texts(tmp_path):
    source = log(tmp_path)
    source.marks.append((200_001, len("\n".join(LINES[:200_000])) + 1))
    text = line_texts(source)
    asked = [1, 1, 70, 150_000, 200_001, 200_001, 299_999, 300_000]
    assert [text(number) for number in asked] == [f"{number} shown" for number in asked]
    assert text(300_001) == text(300_002) == ""


def test_what_stands_before_a_mark_is_not_read_again(tmp_path):
    source = log(tmp_path)
    source.marks.append((200_001, len(LINES[0]) + 1))  # which is that of line 2
    text = line_texts(source)
    assert [text(number) for number in (3, 200_001, 200_002)] == ["3 shown", "2 shown", "3 shown"]


def test_lines_that_are_not_there_have_no_text(tmp_path):
    path = tmp_path / "log"
    path.write_text("one\ntwo")
    text = line_texts(open_source(path, 10))
    assert [text(number) for number in (2, 3, 4)] == ["two", "", ""]
