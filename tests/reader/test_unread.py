"""Series and settings that are made when they are first looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from diagnose.model import Place, Series, Setting
from diagnose.reader import RunBuilder
from diagnose.reader.dump import Dump, PrintedSettings
from diagnose.reader.unread import unread

if TYPE_CHECKING:
    from diagnose.reader.column import Points


def made() -> Points:
    """Two points."""
    numbers = np.array([1.0, 2.0])
    return numbers, numbers, numbers, np.array([3, 4]), 0, None, None


def test_points_are_made_once() -> None:
    """Whatever is asked for first makes all of them, and no more than once."""
    calls = []
    series = unread("train/loss", "loss", "a.log", lambda: calls.append(1) or made())
    assert (series.name, series.printed, series.path, series.scale, calls) == ("train/loss", "loss", "a.log", 1.0, [])
    assert series.line.tolist() == [3, 4]
    assert len(series) == 2
    assert (series.weight, series.thinned, calls) == (None, 0, [1])


def test_it_is_a_series() -> None:
    """It can be replaced like any other, and has no more attributes."""
    series = unread("train/loss", "loss", "a.log", made)
    assert isinstance(series, Series)
    assert replace(series, value=np.array([5.0, 6.0])).value.tolist() == [5.0, 6.0]
    with pytest.raises(AttributeError):
        _ = series.colour


def test_settings_of_a_dump_stand_where_it_is() -> None:
    """Their lines are those of the dump, and each is made once."""
    printed = {"lr": Setting("lr", 0.1, Place("", 2, 7, "lr = 0.1"), "0.1"), "seed": Setting("seed", 1, Place("", 5))}
    settings = PrintedSettings()
    settings["lr"] = Setting("lr", 0.5, Place("a.log", 1))
    settings.add(printed, Dump(printed, "a.log", shift=100))
    assert settings["lr"] == Setting("lr", 0.1, Place("a.log", 102, 1, "lr = 0.1"))
    assert settings["lr"] is settings["lr"]
    assert [(key, one.place.line) for key, one in settings.items()] == [("lr", 102), ("seed", 105)]


def test_a_copy_goes_on_by_itself() -> None:
    """What a later program prints says nothing of an earlier one; what it leaves out still holds."""
    build = RunBuilder("a.log", "mmengine")
    printed = {"lr": Setting("lr", 0.1, Place("", 2)), "seed": Setting("seed", 1, Place("", 3))}
    build.start(1)
    build.settings(printed, shift=10)
    build.start(50)
    build.settings({"lr": printed["lr"]}, shift=60)
    first, second = (segment.config.settings for segment in build.finish(99).segments)
    assert [(one.key, one.place.line) for one in first.values()] == [("lr", 12), ("seed", 13)]
    assert [(one.key, one.place.line) for one in second.values()] == [("lr", 62), ("seed", 13)]
    assert dict(second) == second
