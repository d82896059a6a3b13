"""Shares and percent: told for every score, and not believed where they can be neither."""

from __future__ import annotations

import math

import numpy as np
import pytest

from diagnose.engine.sweep.entry import Entry
from diagnose.engine.sweep.scale import Scales, scales
from diagnose.model import Segment, Series
from diagnose.sources import from_bytes


def series(name: str, values: list[float], path: str = "a.log", lines: list[int] | None = None) -> Series:
    size = len(values)
    nowhere = np.full(size, np.nan)
    at = np.array(lines or range(1, size + 1), dtype=np.int64)
    return Series(name, name, path, np.array(values), nowhere, np.arange(1.0, size + 1), at)


def entry(path: str, *found: Series) -> Entry:
    return Entry(path, "text", Segment("", 0, path, 1, 9, series={one.name: one for one in found}), (path,))


def told(*entries: Entry, text: dict[str, str] | None = None) -> Scales:
    sources = {path: from_bytes(path, words.encode()) for path, words in (text or {}).items()}
    return scales(entries, sources)


def test_one_score_in_percent_says_nothing_of_another() -> None:
    train, val = series("train/accuracy", [91.0, 97.5]), series("val/map", [0.31, 0.72])
    known = told(entry("a.log", train, val))
    assert (known.factor(train), known.factor(val)) == (100.0, 1.0)


def test_scores_of_one_kind_on_one_line_share_a_scale() -> None:
    one, other = series("val/char_acc", [31.0, 38.0]), series("val/seq_acc", [0.2, 0.7])
    known = told(entry("a.log", one, other))
    assert known.factor(other) == 100.0
    apart = series("val/seq_acc", [0.2, 0.7], lines=[11, 12])
    assert told(entry("a.log", one, apart)).factor(apart) == 1.0


def test_the_sign_tells() -> None:
    one = series("val/seq_acc", [0.0, 0.7])
    lines = "Val Seq Acc: 0.0%\nVal Seq Acc: 0.7%\n"
    assert told(entry("a.log", one), text={"a.log": lines}).factor(one) == 100.0
    bar = " 1%|#   | 1/99 acc: 1.0\n"
    whole = series("val/accuracy", [1.0], lines=[1])
    assert told(entry("a.log", whole), text={"a.log": bar}).factor(whole) == 1.0


def test_files_of_the_same_columns_share_a_scale() -> None:
    paths = ("a.csv", "b.csv", "c.csv")
    scores = [series("val/accuracy", values, path) for values, path in zip(([70.0], [66.0], [1.2]), paths, strict=True)]
    known = told(*(entry(path, one) for path, one in zip(paths, scores, strict=True)))
    assert [known.factor(one) for one in scores] == [100.0, 100.0, 100.0]


def test_most_files_decide_on_what_may_be_either() -> None:
    paths = ("a.csv", "b.csv", "c.csv")
    scores = [series("val/accuracy", [value], path) for value, path in zip((70.0, 0.66, 0.7), paths, strict=True)]
    known = told(*(entry(path, one) for path, one in zip(paths, scores, strict=True)))
    assert [known.factor(one) for one in scores] == [100.0, 1.0, 1.0]


@pytest.mark.parametrize(("value", "words"), [(217.0, "more than 100"), (1.2, "nothing says")])
def test_what_no_score_can_be(value: float, words: str) -> None:
    one = series("val/accuracy", [0.4, value])
    known = told(entry("a.log", one))
    assert math.isnan(known.factor(one))
    assert words in known.doubt(one)


def test_infinity_and_rounding_are_no_evidence() -> None:
    one, other = series("val/accuracy", [0.4, math.inf]), series("val/f1", [0.5, 1.0000001], lines=[7, 8])
    known = told(entry("a.log", one, other))
    assert (known.factor(one), known.factor(other)) == (1.0, 1.0)
    assert known.factor(series("val/loss", [700.0])) == 1.0


def test_rows_of_a_table() -> None:
    rows = [entry("t.csv", series("val/accuracy", [value], "t.csv", [at])) for at, value in enumerate((71.0, 0.9), 2)]
    known = told(*rows)
    assert [known.factor(row.segment.series["val/accuracy"]) for row in rows] == [100.0, 100.0]
