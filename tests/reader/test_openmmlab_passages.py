"""What lines say that stand between two stamped ones of an OpenMMLab log."""

from diagnose.reader.openmmlab_passages import LONGEST_MEMO, MOST_MEMOS, framework_with, passage_of, stated

RULE = b"-" * 60 + b"\n"


def test_the_same_lines_are_one_passage_and_others_are_not():
    passage = passage_of(b"a = 1\nb = 2\n")
    assert passage_of(b"a = 1\nb = 2\n") is passage
    assert passage_of(b"a = 1\nb = 3\n") is not passage
    for number in range(MOST_MEMOS):
        passage_of(b"%d\n" % number)
    assert passage_of(b"a = 1\nb = 2\n") is not passage
    long = b"x" * LONGEST_MEMO + b"\n"
    assert passage_of(long) is not passage_of(long)


def test_what_an_environment_tells():
    told = passage_of(
        RULE + b"System environment:\r\n    Python: 3.10\n    GCC: gcc\n    MMEngine: 0.7\n" + RULE + b"x\n"
    ).told
    assert told == (6, True, 2, ((2, "    Python: 3.10"), (4, "    MMEngine: 0.7")))
    assert passage_of(b"Loading results...\n").told == (0, False, 0, ())


def test_a_dump_ends_where_a_program_dies():
    passage = passage_of(b"lr = 0.1\n\nseed = 1\nTraceback (most recent call last):\n  File\n")
    assert (passage.count, passage.dump) == (5, (3, "lr = 0.1\n\nseed = 1"))


def test_terminal_control_is_not_plain():
    assert passage_of(b"a\r\nb\tc\n").is_plain
    assert not passage_of(b"a\rb\n").is_plain
    assert not passage_of("\ufeffa\n".encode()).is_plain


def test_packages_of_a_framework_have_their_order():
    assert stated("    MMCV: 2.0.0") == ("framework", "MMCV 2.0.0")
    assert stated("    GPU number: 0") is None
    known = framework_with("", "MMCV 2.0.0")
    assert framework_with(framework_with(known, "MMDetection 3.0"), "MMCV 2.1") == "MMDetection 3.0, MMCV 2.1"
