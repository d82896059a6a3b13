"""The condition language: values, missing data, errors with a caret, and that nothing else can be said in it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.language import LanguageError, Mask, MissingError, Scope, evaluate, parse, truth
from diagnose.language.functions import TABLE
from diagnose.model import Event, Fact, Place, Point, Segment, Series, Setting


def series(name: str, values: list[float], path: str = "run.log") -> Series:
    count = len(values)
    return Series(
        name,
        name.replace("/", "_"),
        path,
        np.array(values, dtype=np.float64),
        np.full(count, np.nan),
        np.arange(1.0, count + 1),
        np.arange(10, 10 + count),
    )


def scope(**columns: list[float]) -> Scope:
    named = {name.replace("_", "/", 1): values for name, values in columns.items()}
    segment = Segment("", 0, "run.log", 1, 99, {name: series(name, values) for name, values in named.items()})
    segment.facts["val_class_distribution"] = Fact(
        "val_class_distribution", {"0": 0.299, "1": 0.552, "2": 0.149}, Place("run.log", 3)
    )
    segment.facts["class_weights"] = Fact("class_weights", [0.599, 0.311, 2.09], Place("run.log", 4))
    segment.events.append(Event("early_stop", Place("run.log", 30, 1, "Epoch 3: early stopping"), {"epoch": 3.0}))
    return Scope(segment, values={"epochs_planned": 20.0})


NAN = math.nan
DATA = scope(
    train_loss=[1.0, 0.5, 0.25, 0.2],
    val_loss=[1.0, 0.9, 1.1, NAN],
    val_kappa=[0.0, 0.0, 0.0, 0.0],
    val_accuracy=[30.0, 40.0, 50.0, 45.0],
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7.0),
        ("-2 ** 2", -4.0),
        ("5%", 0.05),
        ("10 min", 600.0),
        ("1.5 GiB", 1.5 * 2**30),
        ("1 / 0", NAN),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("not 1 > 2 and (true or false)", True),
        ("'sgd' in 'SGD with momentum'", True),
        ("'adam' not in 'sgd'", True),
        ("2 in [1, 2]", True),
        ("first(train/loss)", 1.0),
        ("last(val/loss)", NAN),
        ("best(val/loss)", 0.9),
        ("best(val/loss).epoch", 2.0),
        ("best(val/accuracy)", 50.0),
        ("best(val/accuracy).line", 12.0),
        ("argbest(val/accuracy)", 2.0),
        ("since_best(val/accuracy)", 1.0),
        ("drop(train/loss)", 0.8),
        ("rise(val/loss)", (1.1 - 0.9) / 0.9),
        ("fall(val/accuracy)", 0.1),
        ("count(val/loss)", 4.0),
        ("count(where(val/loss > 0.95))", 2.0),
        ("share(train/loss < 0.6)", 0.75),
        ("longest(train/loss < 0.6)", 3.0),
        ("trailing(val/kappa == 0)", 4.0),
        ("all(val/kappa == 0)", True),
        ("all(val/kappa == 0 and train/loss > 0.1)", True),
        ("any(is_nan(val/loss))", True),
        ("first(is_nan(val/loss)).line", 13.0),
        ("max(fact.class_weights) / min(fact.class_weights)", 2.09 / 0.311),
        ("nearest_key(fact.val_class_distribution, 0.1496)", "2"),
        ("fact.val_class_distribution['1']", 0.552),
        ("default(fact.batch_size, 7)", 7.0),
        ("has(fact.batch_size)", False),
        ("has(fact.class_weights)", True),
        ("seen('early_stop')", True),
        ("first_event('early_stop').epoch", 3.0),
        ("count_of('traceback')", 0.0),
        ("chance(val/kappa)", 0.0),
        ("chance(val/accuracy)", 0.552),
        ("best(natural(val/accuracy))", 0.5),
        ("higher_is_better(val/loss)", False),
        ("kind(train/loss)", "loss"),
        ("last(other(val/loss, 'train'))", 0.2),
        ("median(val/loss)", 1.0),
        ("trend(train/loss)", -1.0),
        ("max(val/loss - train/loss)", 0.85),
        ("constant(val/kappa)", True),
        ("count(tail(train/loss, 2 epochs))", 2.0),
        ("count(tail(train/loss, 50%))", 2.0),
        ("epochs", 4.0),
        ("epochs_planned", 20.0),
    ],
)
def test_values(text: str, expected: Any) -> None:
    value = evaluate(parse(text), DATA)

    if isinstance(expected, float) and math.isnan(expected):
        assert math.isnan(value)
    else:
        assert value == pytest.approx(expected) if isinstance(expected, float) else value == expected


@pytest.mark.parametrize(
    ("text", "lacked"),
    [
        ("last(val/map)", "series val/map"),
        ("fact.batch_size > 3", "fact batch_size"),
        ("config.lr", "config lr"),
        ("baseline.lr", "a baseline run"),
        ("last_event('traceback')", "event traceback"),
        ("other(val/kappa, 'train')", "series train/kappa"),
        ("first(where(train/loss > 100))", "points of train/loss"),
    ],
)
def test_what_is_missing_is_named(text: str, lacked: str) -> None:
    with pytest.raises(MissingError) as caught:
        evaluate(parse(text), DATA)

    assert lacked == caught.value.what


@pytest.mark.parametrize(
    ("text", "reason", "column"),
    [
        ("1 +", "the expression ends too early", 4),
        ("loss > > 3", "unexpected '>'", 8),
        ("loss = 3", "unexpected", 6),
        ("frobnicate(train/loss)", "unknown function", 1),
        ("1 + drop(3)", "`drop` needs a series", 5),
        ("drop()", "`drop` is called as drop(series)", 1),
        ("'a' * 2", "cannot compute a text * a number", 1),
        ("seen('no-such-event')", "unknown event kind", 1),
        ("fact", "`fact` needs a name after it", 1),
    ],
)
def test_faults_are_shown_with_a_caret(text: str, reason: str, column: int) -> None:
    with pytest.raises(LanguageError) as caught:
        evaluate(parse(text), DATA)

    assert reason in str(caught.value)
    assert column == caught.value.column
    assert str(caught.value).split("\n")[-1] == "    " + " " * (column - 1) + "^"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "().__class__",
        "train/loss.__class__",
        "open('x')",
        "lambda: 1",
        "[x for x in [1]]",
        "a := 1",
        "1; 2",
        "eval('1')",
        "f'{1}'",
    ],
)
def test_the_language_is_closed(text: str) -> None:
    with pytest.raises((LanguageError, MissingError)):
        evaluate(parse(text), DATA)


def test_nesting_is_bounded() -> None:
    with pytest.raises((LanguageError, RecursionError)) as caught:
        parse("(" * 400 + "1" + ")" * 400 + " + 1" * 3)

    assert caught.type is not RecursionError


def test_numbers_remember_their_place() -> None:
    value = evaluate(parse("best(val/accuracy)"), DATA)

    assert isinstance(value, Point)
    assert ("run.log", 12) == (value.place.path, value.place.line)


@pytest.mark.parametrize("text", ["config.lr > 0.1", "fact.lr * 2", "1 <= config.lr"])
def test_a_stated_text_is_no_number(text: str) -> None:
    place = Place("run.yaml", 3)
    run = scope()
    run.segment.config.settings["lr"] = Setting("lr", "auto", place)
    run.segment.facts["lr"] = Fact("lr", "auto", place)

    with pytest.raises(MissingError, match="a number in place of 'auto'"):
        evaluate(parse(text), run)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_nan_in_a_series_never_raises(name: str) -> None:
    """Each function takes a series that is NaN throughout: it names what is missing, or answers."""
    function = TABLE[name]
    if function.lazy or function.least == 0:
        return
    holder = scope(train_loss=[NAN, NAN, NAN], val_loss=[NAN, NAN, NAN])
    args = ["train/loss", "2", "2", "2"][: function.least]
    try:
        evaluate(parse(f"{name}({', '.join(args)})"), holder)
    except (MissingError, LanguageError):
        pass


def test_every_function_is_documented() -> None:
    assert [] == [function.name for function in TABLE.values() if not function.doc]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=40))
def test_any_numbers_give_an_answer(values: list[float]) -> None:
    holder = scope(train_loss=values)
    for text in ("best(train/loss)", "any(spike(train/loss, 3))", "trend(train/loss)", "oscillates(train/loss)",
                 "count(per_epoch(train/loss))", "flat(train/loss, 1%)", "last(smooth(train/loss, 3))",
                 "share(delta(train/loss) > 0)", "worsened(train/loss)", "noise(train/loss)"):  # fmt: skip
        try:
            with np.errstate(all="ignore"):
                evaluate(parse(text), holder)
        except MissingError:
            pass


@given(st.text(alphabet=st.sampled_from("abl/()<>=!&|'\"%.,[]+-*0123456789 \nordnot"), max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parse(text)
    except LanguageError as error:
        assert "^" in str(error)


@given(st.lists(st.floats(allow_nan=True), min_size=1, max_size=30), st.floats(allow_nan=False))
def test_comparison_with_nan_is_false(values: list[float], limit: float) -> None:
    mask = evaluate(parse("train/loss > limit"), Scope(scope(train_loss=values).segment, values={"limit": limit}))

    assert isinstance(mask, Mask)
    assert mask.where.tolist() == [value > limit for value in values]
    assert truth(parse("true"), DATA)
