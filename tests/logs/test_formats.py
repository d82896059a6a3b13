"""What holds for every log format: found by walking the folder, told apart by content, read without a failure."""

import json

import pytest

from diagnose import assets
from diagnose.logs import SURE, detect, formats, read, sketches
from diagnose.reader import Head, head_of
from diagnose.reader.sketch import packed, unpacked
from diagnose.sources import from_bytes

SAMPLES = [(name, sample) for name, format in formats().items() for sample in format.SAMPLES]
NAMES = [f"{name}-{index}" for index, (name, _) in enumerate(SAMPLES)]


def as_bytes(sample: str | bytes) -> bytes:
    return sample if isinstance(sample, bytes) else sample.encode()


@pytest.mark.parametrize("name", list(formats()))
def test_a_format_says_what_it_is(name: str) -> None:
    format = formats()[name]
    assert format.TITLE
    assert format.SAMPLES


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=NAMES)
def test_samples_are_detected_as_their_own_format(name: str, sample: str | bytes) -> None:
    found = detect(from_bytes("sample", as_bytes(sample)))
    assert found is not None
    assert name == found.NAME


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=NAMES)
def test_generic_formats_are_never_sure(name: str, sample: str | bytes) -> None:
    head = head_of(from_bytes("sample", as_bytes(sample)))
    for format in formats().values():
        if getattr(format, "IS_GENERIC", False):
            assert format.sniff(head) < SURE


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=NAMES)
def test_a_brief_look_tells_as_well_who_is_sure(name: str, sample: str | bytes) -> None:
    head = head_of(from_bytes("sample", as_bytes(sample)))
    brief = Head(head.path, head.data, brief=True)
    for format in formats().values():
        assert (format.sniff(brief) >= SURE) == (format.sniff(head) >= SURE)


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=NAMES)
def test_samples_yield_something(name: str, sample: str | bytes) -> None:
    run = read(from_bytes("sample", as_bytes(sample)))
    assert run is not None
    assert any(part.series or part.events or part.facts or part.config for part in run.segments)


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=NAMES)
def test_the_file_name_does_not_matter(name: str, sample: str | bytes) -> None:
    for path in ("results.csv", "run.log", "events.out.tfevents.1", "x.json", ""):
        found = detect(from_bytes(path, as_bytes(sample)))
        assert found is not None
        assert name == found.NAME


@pytest.mark.parametrize("name", list(formats()))
def test_nothing_is_no_format(name: str) -> None:
    for data in (b"", b"\n\n", b"hello world\n", b"{}\n", b"[]\n"):
        found = detect(from_bytes("x", data))
        assert found is None or name != found.NAME


@pytest.mark.parametrize("grammar", sorted(path.stem for path in assets.grammar_folder().glob("*.lark")))
def test_grammars_are_read_with_lines_of_their_own(grammar: str) -> None:
    text = assets.grammar(grammar)
    assert text.startswith("//"), "a grammar begins with a comment that says what it reads"


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=NAMES)
def test_what_has_no_mark_of_a_format_is_not_of_it(name: str, sample: str | bytes) -> None:
    head = head_of(from_bytes("sample", as_bytes(sample)))
    for one in sketches():
        assert one.score(head, formats()) == formats()[one.name].sniff(head)
        assert one.name != name or one.may_be(head)


def test_sketches_survive_a_pack() -> None:
    head = head_of(from_bytes("sample", as_bytes(SAMPLES[0][1])))
    for one in sketches():
        again = unpacked(json.loads(json.dumps(packed(one))))
        assert (again.name, again.module, again.most) == (one.name, one.module, one.most)
        assert again.score(head, formats()) == one.score(head, formats())
