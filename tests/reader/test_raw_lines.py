"""What one console teaches of its raw lines, and whether the next one is read with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.kit.snapshot import describe
from diagnose.logs import read
from diagnose.reader import LineGrammar
from diagnose.reader.raw_lines import raw_lines
from diagnose.scan.template import LITERAL, Part, Template
from diagnose.sources import Source, from_bytes

FIXTURES = Path(__file__).parents[2] / "fixtures"
KERAS = ("keras/healthy_verbose1.log", "keras/healthy_verbose2.log")
YOLO = ("ultralytics/healthy/console.log", "ultralytics/interrupted/console.log")


def shown(source: Source, *, frames: bool) -> str:
    """Return all that is read of a console."""
    source.frames = frames
    run = read(source)
    assert run is not None
    return describe(run, all_points=True)


@pytest.mark.parametrize("frames", [False, True])
@pytest.mark.parametrize("names", [KERAS, YOLO], ids=["keras", "yolo"])
def test_what_is_read_does_not_depend_on_what_was_read_before(names: tuple[str, str], *, frames: bool) -> None:
    """Consoles in turn: each reads as it did the first time."""
    contents = [(FIXTURES / name).read_bytes() for name in names]
    told = [[shown(from_bytes("x", data * 3), frames=frames) for data in contents] for _ in range(3)]

    assert told[0] == told[1] == told[2]


def template(text: str) -> Template:
    """Return a template of one line."""
    return Template("bar", (Part(LITERAL, text.encode()),), ())


def test_templates_serve_consoles_that_are_alike() -> None:
    """They are kept if the console before had a use for half of them."""
    grammar = LineGrammar("keras")
    first = raw_lines(grammar)
    first.again()
    first.shapes.add(template("one line of this test"))
    first.shapes.add(template("another line of this test"))
    first.used = set(range(len(first.shapes.templates) // 2 + 1))

    assert raw_lines(grammar) is first
    assert not first.used
    assert raw_lines(grammar) is not first


def test_templates_of_what_is_matched_by_others_are_forgotten() -> None:
    """What lines show may be matched by a template that was learned later."""
    grammar = LineGrammar("keras")
    first = raw_lines(grammar)
    first.is_stale = True

    assert raw_lines(grammar) is not first
