"""What a walk hands over in one piece, keeps, or is told to drop; kernel and pure path alike."""

import pytest

from diagnose.reader.bulk import ALWAYS
from diagnose.reader.kept import lines_of
from diagnose.scan import Condition, Gate, Shapes, Walk, blocks
from diagnose.scan.engine import kernel_problem
from diagnose.scan.literals import needed
from diagnose.scan.template import ANY_NUMBER, LITERAL, NUMBER, RUN, Part, Template
from diagnose.sources import from_bytes

ROW = Template("row", (Part(RUN, low=1, high=4), Part(LITERAL, b" ap_50: "), Part(NUMBER, low=ANY_NUMBER)), ())
BORDERS = Gate(["stamp", "ap_50"])


@pytest.fixture(params=["kernel", "pure"], autouse=True)
def _engine(request, monkeypatch):
    if request.param == "kernel" and kernel_problem():
        pytest.skip(kernel_problem())
    monkeypatch.setenv("DIAGNOSE_ENGINE", request.param)


def walk_through(text: str, wanted: str = "stamp") -> Walk:
    shapes = Shapes("none")
    shapes.add(ROW)
    return Walk(from_bytes("a.log", text.encode()), shapes, Gate([wanted]), BORDERS)


def test_a_passage_ends_before_a_border():
    walk = walk_through("stamp 1\nx\ny\nstamp 2\nz\n")
    passages = []

    def take(first: int, lines: bytes) -> int:
        passages.append((first, lines))
        walk.passing = None
        return lines.count(b"\n")

    seen = []
    for line in walk:
        seen.append(line.text)
        walk.passing = take

    assert seen == ["stamp 1", "stamp 2"]
    assert passages == [(2, b"x\ny\n"), (5, b"z\n")]


@pytest.mark.parametrize("chunk", [7, 64, 1 << 20])
def test_what_is_not_taken_of_a_passage_is_walked_through(monkeypatch, chunk):
    monkeypatch.setattr(blocks, "CHUNK", chunk)
    body = "".join(f"line {number}\n" for number in range(30))
    walk = walk_through(f"stamp 1\n{body}loss 1\nloss 2\nstamp 2\n", "loss")
    taken = []

    def take(first: int, lines: bytes) -> int:
        taken.append((first, lines))
        walk.passing = None
        return 12

    walk.everything = True
    seen = []
    for line in walk:
        seen.append(line)
        walk.everything = False
        walk.passing = take if line.number == 1 else None

    assert taken == [(2, f"{body}loss 1\nloss 2\n".encode())]
    assert [(line.number, line.text) for line in seen] == [
        (1, "stamp 1"),
        (32, "loss 1"),
        (33, "loss 2"),
        (34, "stamp 2"),
    ]


def test_a_line_that_is_ignored_does_not_come_again():
    walk = walk_through("stamp 12\nstamp 7\nstamp 34\nstamp 56\nSTAMP 12\n")
    seen = []
    for line in walk:
        seen.append(line.text)
        walk.ignore()

    assert seen == ["stamp 12", "stamp 7", "STAMP 12"]


def told(walk):
    kept = [lines_of(*walk.kept(template), dict) for template in walk.holding()]
    return sorted(each for lines in kept for each in lines.each())


def test_rows_are_checked_and_their_lines_kept():
    walk = walk_through("1 ap_50: 0.5\n2 ap_50: 0.25\nx\n3 ap_50: -1\n4 ap_50: 1\n5 ap_50: 0.75\n")
    seen = []
    for line in walk:
        seen.append(line.text)
        if line.number == 1:
            walk.enable((1,), Condition(checks=((1, -1.0, False), (0, 4.0, False))), keeps=True)

    assert seen == ["1 ap_50: 0.5", "3 ap_50: -1", "4 ap_50: 1"]
    assert told(walk) == [(2, "2 ap_50: 0.25", 0.25), (6, "5 ap_50: 0.75", 0.75)]
    assert told(walk) == []


def test_lines_are_kept_until_the_end_and_told_of_in_their_order():
    other = Template("other", (Part(LITERAL, b"kept "), Part(RUN, low=1, high=4)), ())
    walk = walk_through(
        "1 ap_50: 0.5\nkept 1\n2 ap_50: 0.25\nstamp\nx\nkept 2\n3 ap_50: 1\nkept 3\nkept 4\nstamp\nstamp\n"
    )
    walk._shapes.add(other)
    seen = []
    for line in walk:
        seen.append((line.number, walk.skipped, told(walk)))
        walk.enable((1,) if walk.template == 0 else (0,), ALWAYS, keeps=True) if walk.template >= 0 else walk.disable()

    assert seen == [
        (1, False, []),
        (2, False, []),
        (4, True, [(3, "2 ap_50: 0.25", 0.25)]),
        (10, True, [(6, "kept 2", 2), (7, "3 ap_50: 1", 1), (8, "kept 3", 3), (9, "kept 4", 4)]),
        (11, False, []),
    ]


def test_where_rows_are_not_wanted_their_lines_come():
    walk = walk_through("1 ap_50: 0.5\n2 ap_50: 0.25\nx\n3 ap_50: 1\n")
    seen = []
    for line in walk:
        seen.append(line.number)
        if line.number == 1:
            walk.enable((1,), ALWAYS)
            walk.rows = False

    assert seen == [1, 2, 4]


def test_digits_of_a_template_are_no_others():
    walk = walk_through("1 ap_50: 0.5\n2 ap_50: 0.25\n2 ap_75: 0.25\nx\n3 ap_50: 1\n", "ap_")
    seen = [(line.text, walk.template) for line in walk]

    assert seen == [("1 ap_50: 0.5", 0), ("2 ap_50: 0.25", 0), ("2 ap_75: 0.25", -1), ("3 ap_50: 1", 0)]


def test_neighbours_in_a_pattern_make_longer_texts():
    assert needed(r"(?:Epoch|Iter)\((?:train|val)\) ?\[") == frozenset(
        f"{loop}({split}){blank}[" for loop in ("Epoch", "Iter") for split in ("train", "val") for blank in ("", " ")
    )
    assert needed(r"[Rr]esumed|load (?:from|to)") == {"resumed", "Resumed", "load from", "load to"}
