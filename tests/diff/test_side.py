"""What is read of one side of a comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.engine.diff import side as side_module
from diagnose.engine.diff.results import results
from diagnose.engine.diff.side import read_side
from diagnose.errors import SourceError

LIMIT = 10**8
HYP = "lr0: 0.01\nmomentum: 0.9\nweight_decay: 0.0005\nbatch_size: {batch}\n"
ROWS = "epoch,loss,val_loss,val_accuracy\n" + "".join(f"{n},{1 / (n + 1)},{{loss}},{{score}}\n" for n in range(6))


def written(folder: Path, *, batch: int = 16, score: float = 0.5, name: str = "log.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hyp.yaml").write_text(HYP.format(batch=batch))
    (folder / name).write_text(ROWS.format(loss=1.0, score=score))
    return folder


def test_a_config_alone(tmp_path: Path) -> None:
    file = tmp_path / "hyp.yaml"
    file.write_text(HYP.format(batch=16))
    side = read_side(str(file), LIMIT)
    assert side.source is not None
    assert side.config.canonical["batch_size"].value == 16
    assert not side.fits


def test_a_run_with_the_config_beside_its_log(tmp_path: Path) -> None:
    folder = written(tmp_path / "run")
    for path in (folder, folder / "log.csv"):
        side = read_side(str(path), LIMIT)
        assert side.config.canonical["batch_size"].value == 16
        assert len(side.fits) == 1


def test_a_log_without_any_config_has_results_only(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(ROWS.format(loss=1.0, score=0.5))
    side = read_side(str(file), LIMIT)
    assert not side.config
    assert results(side, side)[0].verdict == "same"


def test_what_holds_neither_settings_nor_curves_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "events.log"
    file.write_text("Epoch 21: early stopping\nRestoring model weights from the end of the best epoch: 1.\n")
    with pytest.raises(SourceError, match="no settings found"):
        read_side(str(file), LIMIT)


def test_runs_of_different_configs_are_no_repeats(tmp_path: Path) -> None:
    for name, batch in (("one", 1), ("four", 4)):
        written(tmp_path / "a" / name, batch=batch)
    with pytest.raises(SourceError, match="runs of different configs: batch_size is 4"):
        read_side(str(tmp_path / "a"), LIMIT)


def test_too_many_files_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_module, "MOST_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("x")
    with pytest.raises(SourceError, match="more than 3 files"):
        read_side(str(tmp_path), LIMIT)


def test_what_is_neither_config_nor_log_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear all,\nnothing here.\n")
    with pytest.raises(SourceError, match="neither a config nor a log"):
        read_side(str(file), LIMIT)


def test_results_of_both_sides(tmp_path: Path) -> None:
    old = read_side(str(written(tmp_path / "a", score=0.5)), LIMIT)
    new = read_side(str(written(tmp_path / "b", score=0.7)), LIMIT)
    first = results(old, new)[0]
    assert (first.metric, first.old, first.new, first.verdict, first.noise) == (
        "val/accuracy", (0.5,), (0.7,), "better", None,
    )  # fmt: skip


def test_repeats_on_one_side_tell_the_noise(tmp_path: Path) -> None:
    for seed, score in enumerate((0.50, 0.58)):
        written(tmp_path / "a" / f"seed{seed}", score=score)
    old = read_side(str(tmp_path / "a"), LIMIT)
    new = read_side(str(written(tmp_path / "b", score=0.60)), LIMIT)
    first = results(old, new)[0]
    assert len(first.old) == 2
    assert first.noise == pytest.approx(0.08)
    assert first.verdict == "within noise"
