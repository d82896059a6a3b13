"""What the tests of the YOLO readers share."""

from pathlib import Path

import pytest

from diagnose.logs import read
from diagnose.model import Event, Run, Segment
from diagnose.sources import from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")


def run_of(text: str | bytes, name: str = "") -> Run:
    run = read(from_bytes("run.log", text if isinstance(text, bytes) else text.encode()), name)
    assert run is not None
    return run


def only(run: Run) -> Segment:
    (segment,) = run.segments
    return segment


def real(path: str) -> Run:
    run = read(open_source(CORPUS / path))
    assert run is not None
    return run


def events(segment: Segment, kind: str) -> list[Event]:
    return [event for event in segment.events if event.kind == kind]


def values(segment: Segment, name: str) -> list[float]:
    return [float(value) for value in segment.series[name].value]


def epochs(segment: Segment, name: str) -> list[float]:
    return [float(value) for value in segment.series[name].epoch]
