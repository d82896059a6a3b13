"""What of a difference is varied: all that can be run, so that no verdict is about a config that never was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from diagnose.confirm.arrange import Arrangement, arrange
from diagnose.confirm.atoms import MOST
from diagnose.confirm.spec import Spec
from diagnose.engine.diff.side import read_side
from diagnose.errors import SettingsError
from diagnose.sources import MAX_BYTES

COMMAND = ("python", "train.py", "{config}", "--seed={seed}", "-o", "{out}")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def arranged(old: dict[str, Any], new: dict[str, Any], **more: Any) -> Arrangement:
    for name, settings in (("old.yaml", old), ("new.yaml", new)):
        Path(name).write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
    return arrange(Spec(baseline="old.yaml", suspect="new.yaml", **{"command": COMMAND, **more}), MAX_BYTES)


def written(made: Arrangement, parts: tuple[str, ...]) -> dict[str, Any]:
    (path,) = made.variants.write(parts, 1)
    return {key: one.value for key, one in read_side(str(path), MAX_BYTES).config.settings.items()}


MANY = {f"x{at:02}": float(at) for at in range(MOST + 15)} | {"epochs": 3}
OTHER = {key: value + 0.5 if key != "epochs" else value for key, value in MANY.items()}


def test_what_is_beyond_the_most_dangerous_is_one_change_and_runs() -> None:
    made = arranged(MANY, OTHER)

    assert len(made.varied) == MOST + 1
    rest = made.varied["the other 15 changes"]
    assert len(rest.keys) == 15
    assert made.aside == ()
    assert written(made, tuple(made.varied)) == OTHER
    assert any("beyond the 40 most dangerous changes" in text for text in made.not_varied)


def test_a_suspect_is_told_apart_however_harmless_it_looks() -> None:
    (last,) = arranged(MANY, OTHER).varied["the other 15 changes"].keys[-1:]

    made = arranged(MANY, OTHER, suspects=(last,))

    assert made.suspects == (last,)
    assert last in made.varied
    assert last not in made.varied["the other 15 changes"].keys


def test_merged_changes_are_named_with_all_their_keys() -> None:
    made = arranged(
        {"lr0": 0.1, "batch_size": 8, "momentum": 0.9},
        {"lr0": 0.2, "batch_size": 16, "momentum": 0.8},
        suspects=("lr0",),
    )

    assert made.suspects == ("lr0 with batch_size",)
    assert made.varied[made.suspects[0]].keys == ("lr0", "batch_size")
    assert any(text.startswith("Varied as one") and text.endswith("lr0, batch_size") for text in made.not_varied)


def test_names_and_devices_stay_and_are_told_other_harmless_settings_run() -> None:
    old = {"lr0": 0.1, "device": 0, "save_dir": "a", "name": "a", "workers": 2, "pin_memory": "true"}
    new = {"lr0": 0.2, "device": 5, "save_dir": "b", "name": "b", "workers": 8, "pin_memory": "false"}

    made = arranged(old, new)

    assert {*made.aside} == {"device", "save_dir", "name"}
    assert written(made, tuple(made.varied)) == old | {"lr0": 0.2, "workers": 8, "pin_memory": False}
    with pytest.raises(SettingsError, match="differs, but is not varied"):
        arranged(old, new, suspects=("device",))
