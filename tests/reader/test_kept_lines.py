"""Events that a log repeats, held as their lines."""

import struct

import pytest

from diagnose.engine.cache.codec import decode, encode
from diagnose.language.functions.course import saying
from diagnose.model import Event, Place, Run, Segment
from diagnose.model.events import Events, told
from diagnose.reader.kept import Kept, lines_of
from tests.logs.test_mmengine import parse

HEAD = "2024/03/02 10:15:01 - mmengine - INFO - "


def rows(*each: tuple[float, float]) -> bytes:
    return b"".join(struct.pack("=4d", line, 0, 0, count) for line, count in each)


def event(line: int, text: str, **fields) -> Event:
    return Event("checkpoint", Place("a.log", line, 1, text), fields)


@pytest.fixture
def events() -> Events:
    saved = lines_of(b" Saved 1 \nSaved 2\r\n", rows((3, 1), (7, 2)), lambda _, count: {"epoch": count})
    best = lines_of(b"Best: 0.5\n", rows((5, 0)), lambda text, _: {"value": float(text[6:]), "path": "x"}, "x")
    found = told([Event("early_stop", Place("a.log", 2)), Kept("checkpoint", "a.log", [saved, best])])
    assert isinstance(found, Events)
    return found


EXPECTED = [
    Event("early_stop", Place("a.log", 2)),
    event(3, "Saved 1", epoch=1.0),
    event(5, "Best: 0.5", value=0.5, path="x"),
    event(7, "Saved 2", epoch=2.0),
]


def test_they_are_a_sequence(events):
    assert events == EXPECTED
    assert [events[at] for at in range(-4, 4)] == EXPECTED * 2
    assert list(reversed(events)) == EXPECTED[::-1]
    assert events[1:3] == EXPECTED[1:3]
    assert len(events) == 4
    assert EXPECTED[2] in events
    with pytest.raises(IndexError):
        events[4]
    with pytest.raises(IndexError):
        events[-5]


def test_more_are_added_behind_them(events):
    more = Event("traceback", Place("a.log", 9))
    several = [more]
    assert events + several == [*EXPECTED, more]
    events.append(more)
    events.extend([more])
    assert events == [*EXPECTED, more, more]


def test_a_segment_tells_them_by_kind(events):
    segment = Segment("", 0, "a.log", 1, 9, events=events)
    assert list(segment.kinds) == ["early_stop", "checkpoint"]
    assert segment.events_of("early_stop") == EXPECTED[:1]
    assert segment.events_of("checkpoint", "early_stop") == EXPECTED
    assert segment.events_of("killed") == []


@pytest.mark.parametrize("phrase", ["saved 2", "saved 2 2.0", "0.5 x", "best: 0.5 0.5", "x", "e", "2.0"])
def test_what_they_say_is_found(events, phrase):
    class Scope:
        memo = None
        segment = Segment("", 0, "a.log", 1, 9, events=events)

    expected = Segment("", 0, "a.log", 1, 9, events=EXPECTED)
    found = saying(Scope, phrase)
    Scope.segment = expected
    assert found == saying(Scope, phrase) != []


def test_they_are_not_made_for_a_phrase_that_no_line_holds(events):
    assert events.that_may_say("no space left") == EXPECTED[:1]


def test_the_cache_holds_them(events):
    run = Run("a.log", "mmengine", [Segment("", 0, "a.log", 1, 9, events=events)], ["a.log"])
    assert decode(encode(run)) == run


def test_a_warning_that_is_new_stands_between_the_checkpoints_around_it():
    lines = [f"{HEAD}Epoch(train)  [1][ 20/300]  lr: 1.0e-04  eta: 1:02:03  time: 0.4  loss: 1.7"]
    for number in range(1, 5):
        lines += [f"{HEAD}Saving checkpoint at {number} epochs", f"{HEAD[:-7]}WARNING - old {number}"]
    lines.insert(7, f"{HEAD[:-7]}WARNING - new")
    (segment,) = parse("\n".join(lines)).segments
    assert [(each.kind, each.place.line) for each in segment.events] == [
        ("checkpoint", 2),
        ("warning", 3),
        ("checkpoint", 4),
        ("checkpoint", 6),
        ("warning", 8),
        ("checkpoint", 9),
    ]


def test_events_are_added_to_a_list(events) -> None:
    assert [*events] == [] + events  # noqa: RUF005 - the sum is what is tested
