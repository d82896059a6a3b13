"""What names alone decide is decided for all segments of an outline, and nothing else is."""

import pytest

from diagnose.language import MissingError, Scope, parse, truth
from diagnose.language.narrow import Names, Narrow, OddError
from diagnose.language.outline import Outline
from diagnose.model import Event, Fact, Place
from tests.language.test_language import scope

OUTLINE = Outline(
    ("val/map", "train/loss"), frozenset({"traceback"}), frozenset({"patience"}), "keras", "", (), (), False, False
)  # fmt: skip


def narrowed(text: str, **parts: str) -> tuple[str, object]:
    node = Narrow(OUTLINE).node(parse(text), Names(("format", "segment_index"), {"most": 5.0}, parts, "m", "val/map"))
    return node.kind, node.args[0] if node.kind in ("known", "lacking", "series") else node.args


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("seen('killed')", "known", False),
        ("count_of('killed') > 0", "known", False),
        ("first_event('killed')", "lacking", "event killed"),
        ("main_score('val')", "series", "val/map"),
        ("default(train/map, m)", "series", "val/map"),
        ("main_loss('val')", "lacking", "a val loss"),
        ("m.name", "known", "val/map"),
        ("kind(m)", "known", "score"),
        ("fact.epochs", "lacking", "fact epochs"),
        ("config.lr", "lacking", "config lr"),
        ("config['a.b']", "lacking", "config a.b"),
        ("old.lr", "lacking", "a baseline run"),
        ("has(train/map)", "known", False),
        ("has(m)", "known", True),
        ("where_true(most < 3, m)", "lacking", "what a condition asks for"),
        ("count(matching('val/*'))", "known", 1.0),
        ("matching('val/*')[0]", "series", "val/map"),
        ("matching('val/*')[1]", "lacking", "item 1.0"),
        ("format == 'keras' and most == 5", "known", True),
        ("alone or config_whole", "known", False),
        ("count(m) > 3 and train/map", "and_", None),
        ("count(m) > 3 and most > 3", "compare", None),
        ("count(m) > 3 and most > 9", "and_", None),
        ("most > 3 or count(m) > 3", "known", True),
        ("train/map > count(m)", "lacking", "series train/map"),
        ("last(m) > train/map", "compare", None),
        ("count(saying('x'))", "call", None),
        ("count_of('traceback')", "call", None),
        ("seen('traceback')", "call", None),
        ("fact.patience", "attribute", None),
        ("segment_index", "name", None),
        ("epochs", "name", None),
        ("count(where(m > 3))", "call", None),
    ],
)
def test_what_names_decide(text: str, kind: str, value: object) -> None:
    found = narrowed(text)
    assert found[0] == kind
    assert value is None or found[1] == value


@pytest.mark.parametrize("text", ["fact", "nothing_like(m)", "lower(most, most)", "kind(most)", "a"])
def test_faults_are_left_to_where_they_are_evaluated(text: str) -> None:
    with pytest.raises(OddError):
        narrowed(text, a="a + 1")


def test_what_several_ask_for_is_evaluated_once() -> None:
    given = scope(val_map=[0.1, 0.3], train_loss=[1, 2])
    given.segment.events.append(Event("traceback", Place("a.log", 3)))
    given.segment.facts["patience"] = Fact("patience", 3.0, Place("a.log", 1))
    make, names = Narrow(OUTLINE), Names((), {}, {"top": "max(m)"}, "m", "val/map")
    texts = ("top > 0.2", "top < 1 and fact.patience > 2", "at_epoch(m, 9) > 1", "at_epoch(m, 9) < 1")
    high, low, *missing = [make.node(parse(text), names) for text in texts]
    make.share()
    seen = Scope(given.segment)
    assert truth(high, seen)
    assert len(seen.kept) == 1
    assert truth(low, seen)
    assert len(seen.kept) == 1
    for node in missing:
        with pytest.raises(MissingError, match="val/map at epoch 9"):
            truth(node, seen)
