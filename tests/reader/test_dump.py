"""Settings that a log prints at each start are put together when they are looked at."""

from diagnose.model import Place, Setting
from diagnose.reader.dump import Dump, PrintedSettings


def dump_of(values, at):
    printed = {key: Setting(key, value, Place("", 1, 1, key)) for key, value in values.items()}
    return printed, Dump(printed, "a.log", at=at)


def values(settings):
    return {key: (one.value, one.place.line) for key, one in settings.items()}


def test_later_dumps_replace_values_and_keep_the_order_of_keys():
    settings = PrintedSettings()
    settings.add(*dump_of({"lr": 0.1, "seed": 1}, 10))
    first = settings.copy()
    settings.add(*dump_of({"epochs": 5, "lr": 0.2}, 20))
    second = settings.copy()
    settings.add(*dump_of({"seed": 3}, 30))
    assert list(settings) == ["lr", "seed", "epochs"]
    assert values(settings) == {"lr": (0.2, 20), "seed": (3, 30), "epochs": (5, 20)}
    assert values(first) == {"lr": (0.1, 10), "seed": (1, 10)}
    assert values(second) == {"lr": (0.2, 20), "seed": (1, 10), "epochs": (5, 20)}


def test_copies_are_told_from_what_was_added_to():
    settings = PrintedSettings()
    settings.add(*dump_of({"lr": 0.1}, 10))
    copy = settings.copy()
    assert copy.is_copy(settings)
    copy["lr"] = Setting("lr", 0.5, Place("a.log", 12))
    del copy["lr"]
    assert not copy.is_copy(settings)
    assert values(settings) == {"lr": (0.1, 10)}
    assert not values(copy)
    copy.add(*dump_of({"lr": 0.3}, 40))
    assert values(copy) == {"lr": (0.3, 40)}


def test_a_log_of_very_many_starts_is_put_together():
    settings, copies = PrintedSettings(), []
    for start in range(5000):
        settings.add(*dump_of({"start": start}, start + 1))
        copies.append(settings.copy())
    assert values(copies[-1]) == {"start": (4999, 5000)}
    assert values(copies[0]) == {"start": (0, 1)}
