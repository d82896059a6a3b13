"""Lines of which each has another word in it, such as the name of a class."""

import random
import re

import pytest

from diagnose.parsers import tables
from diagnose.scan import LineParser, Shapes
from diagnose.scan.template import ANY_NUMBER, NUMBER, PRINTED, Part, shape_of

LETTERS = "abcdeghiklmnoprstuvwy"


class Asked:
    """A parser that counts the lines it is asked about."""

    def __init__(self, grammar):
        self.read, self.lines = LineParser(tables(grammar)), 0

    def __call__(self, text):
        self.lines += 1
        return self.read(text)


def words(count):
    chance = random.Random(1)
    return ["".join(chance.choices(LETTERS, k=chance.randint(3, 9))) for _ in range(count)]


def table(names, chance):
    """Yield a line for each class, as a validation of YOLOv5 prints them."""
    for name in names:
        shares = "".join(f"{chance.random():11.3g}" for _ in range(4))
        yield f"{name:>22}{chance.randint(1, 5000):11}{chance.randint(1, 40000):11}{shares}"


def tokens(parsed, text):
    return parsed[0], tuple((name, text[start:end]) for name, start, end in parsed[1])


@pytest.fixture(scope="module")
def learned():
    """Shapes that have seen a table of many classes, and what they ask."""
    parse = Asked("yolov5")
    shapes = Shapes("yolov5", parse)
    for line in table(words(150), random.Random(2)):
        if shapes.match(line) is None:
            shapes.note(line, parse(line))
    return shapes, parse


def test_each_name_is_asked_about_once(learned):
    shapes, parse = learned
    names, before = words(100), parse.lines
    for seed in (3, 4, 5):
        # As in every epoch: the counts of a class are the same, its scores have other digits.
        counts = table(names, random.Random(6))
        for line in (f"{line[:44]}{random.Random(f'{seed}{line}').random():11.3f}{line[55:]}" for line in counts):
            found = shapes.match(line)
            assert found is not None
            assert (found[0].kind, found[1]) == tokens(parse.read(line), line)

    assert parse.lines - before <= len(names)


def test_words_that_mean_something_else_with_fewer_blanks_are_read_as_ever():
    parse = Asked("yolox")
    shapes = Shapes("yolox", parse)
    head = "2023-03-04 08:09:10.24 | INFO  | yolox.core.trainer:before_epoch:121 - --->"
    for word in words(150):
        line = f"{head} {word}  train epoch1"
        if shapes.match(line) is None:
            shapes.note(line, parse(line))

    for line in (f"{head} start  train epoch1", f"{head} start train epoch1", f"{head} start train epoch 2"):
        found, parsed = shapes.match(line), parse.read(line)
        assert found is None or (found[0].kind, found[1]) == tokens(parsed, line)


@pytest.mark.parametrize(
    "name", ["all", "nan", "Class", "Epoch", "train:", "WARNING:", "a b", "éclair", "3G", "class4"]
)
def test_words_that_mean_something_else_are_read_as_ever(learned, name):
    shapes, parse = learned
    for line in table([name, name], random.Random(4)):
        found, parsed = shapes.match(line), parse.read(line)
        assert found is None or (found[0].kind, found[1]) == tokens(parsed, line)


def test_words_are_few_enough_to_be_remembered(learned, monkeypatch):
    monkeypatch.setattr("diagnose.scan.worded.MOST_WORDS", 10)
    shapes, _ = learned
    for line in table(words(40), random.Random(5)):
        assert shapes.match(line) is not None


def test_the_pattern_of_a_number_is_that_of_its_shape():
    chance = random.Random(6)
    for mask in range(1, ANY_NUMBER + 1):
        pattern = re.compile(Part(NUMBER, low=mask).pattern())
        for _ in range(20):
            text = "".join(chance.choices("0019.eE+-5 ", k=chance.randint(1, 9))).encode()
            number = PRINTED.match(text)
            fits = number is not None and shape_of(number[0]) >= 0 and not shape_of(number[0]) & ~mask
            found = pattern.match(text)
            assert (found and found[0]) == (number[0] if fits else None), (mask, text)
