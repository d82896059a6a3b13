"""Templates that are compiled here print what Jinja prints."""

import math
from itertools import cycle

import pytest

from diagnose.engine.wording import FAULTS, SCOPE, UNKNOWN, WORDS, _compiled, _value, words
from diagnose.language import Scope
from diagnose.language.template import OddError, plain
from diagnose.model import Event, Fact, Place, Point, Segment
from diagnose.rules import builtin

PLACE = Place("a.log", 7)
VALUES = (
    3.0, 0.12345, Point(0.5, series="val/map", scale=100.0, epoch=3.0, line=9), "a text", True, False, math.nan, 1e9, 0,
    {"a": 1.0, "b": 2}, [1, 2.5, "x"], Event("early_stop", PLACE, {"epoch": 4.0, "monitor": "val_loss"}),
)  # fmt: skip
TEXTS = sorted({text for rule in builtin() for text in rule.texts() if "{" in text})
MADE = {text: WORDS.compiled(tree) for text in TEXTS if (tree := plain(text)) is not None}


def scopes(text: str) -> list[Scope]:
    """Return scopes in which the names of a template mean this or that, or nothing."""
    names = sorted({word for word in text.replace(".", " ").replace("|", " ").split() if word.isidentifier()})
    segment = Segment(
        "", 0, "a.log", 1, 9, facts={"lr": Fact("lr", 0.1, PLACE), "batch_size": Fact("batch_size", 8, PLACE)}
    )
    found = [Scope(segment)]
    for shift in range(len(VALUES)):
        turn = cycle(VALUES[shift:] + VALUES[:shift])
        found.append(Scope(segment, values={name: next(turn) for name in names if name not in ("fact", "config")}))
    return found


def test_most_templates_need_no_jinja() -> None:
    assert len(MADE) > 0.9 * len(TEXTS)


@pytest.mark.parametrize("text", TEXTS[::5])
def test_rules_are_worded_as_jinja_words_them(text: str) -> None:
    made = MADE.get(text)
    for scope in scopes(text) if made is not None else ():
        try:
            mine = made(lambda name, scope=scope: _value(name, scope))
        except (OddError, *FAULTS):
            continue  # left to Jinja
        assert mine == _compiled(text).render({SCOPE: scope})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ a | truncate(8) }}", "a..."),
        ("{{ (b * 3) | round(2) }}", "0.37"),
        ("{% if c is none %}none{% elif c > 2 %}more{% else %}less{% endif %}", "none"),
        ("{{ e.epoch | int }} {{ e.monitor }} {{ e.line }}", "4 val_loss 7"),
        ("{{ b ~ a | length }}", "0.1234517"),
        ("{{ 'x' if 0 < b < 1 and a else 'y' }}", "x"),
        ("{% for one in f %}{{ one }};{% endfor %}", "1;2.5;"),
    ],
)
def test_words(text: str, said: str) -> None:
    event = Event("early_stop", PLACE, {"epoch": 4.0, "monitor": "val_loss"})
    values = {"a": "a text of sixteen", "b": 0.12345, "c": UNKNOWN, "e": event, "f": [1, 2.5]}
    assert words(text, Scope(Segment("", 0, "a.log", 1, 1), values=values)) == said
