"""Every state of a bar: points beside those of whole epochs, which stay what they are."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from diagnose.cli.main import main
from diagnose.kit.snapshot import describe
from diagnose.logs import read
from diagnose.model import Run
from diagnose.scan.engine import kernel_problem
from diagnose.sources import Source, from_bytes, open_source

COLUMNS = ("value", "step", "epoch", "line")
FIXTURES = Path(__file__).parents[2] / "fixtures"
CONSOLES = sorted(
    path
    for pattern in ("keras/*.log", "ultralytics/*/console.log", "lightning/*/console.log")
    for path in FIXTURES.glob(pattern)
)


def framed(source: Source) -> Run:
    """Return a run with all states of its bars."""
    run = read(replace(source, frames=True))
    assert run is not None
    return run


def within(run: Run, name: str) -> list[tuple[float, float, float, int]]:
    """Return the points of a series in the last segment: value, step, epoch, line."""
    series = run.segments[-1].series[f"batch/{name}"]
    columns = (series.value, series.step, series.epoch, series.line)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("path", CONSOLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_known_of_whole_epochs_stays(path: Path) -> None:
    """Without the series of batches the run is the one that is read without frames."""
    source = open_source(path)
    run = framed(source)
    for segment in run.segments:
        segment.series = {name: one for name, one in segment.series.items() if not name.startswith("batch/")}
    plain = read(source)

    assert plain is not None
    assert describe(plain, all_points=True) == describe(run, all_points=True)


@pytest.mark.parametrize("name", ["keras/healthy_verbose1.log", "ultralytics/healthy/console.log"])
def test_states_read_in_bulk(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel reads the states of later epochs by template: value for value what Lark reads line by line."""
    source = from_bytes("x", (FIXTURES / name).read_bytes() * 4)
    told = []
    for engine in ("kernel", "lark") if kernel_problem() == "" else ("pure", "lark"):
        monkeypatch.setenv("DIAGNOSE_ENGINE", engine)
        found = [one for segment in framed(source).segments for one in segment.series.values()]
        told.append([(one.name, *(getattr(one, at).tobytes() for at in COLUMNS)) for one in found])

    assert told[0] == told[1]
    assert any(name == "batch/loss" or name == "batch/box_loss" for name, *_ in told[0])


class TestKeras:
    """Bars that show the mean since the epoch began."""

    def test_states_have_steps_and_fractions_of_epochs(self) -> None:
        """A real bar on a terminal: ten batches an epoch, the last state of which is the epoch's value."""
        points = within(framed(open_source(FIXTURES / "keras" / "killed_after_nan.log")), "loss")

        assert [*range(1, 16)] == [step for _, step, _, _ in points]
        assert [step / 10 for _, step, _, _ in points] == pytest.approx([epoch for _, _, epoch, _ in points])
        assert [2] * 10 + [4] * 5 == [line for *_, line in points]
        assert math.isnan(points[-1][0])
        assert not any(math.isnan(value) for value, *_ in points[:-1])

    def test_states_on_lines_of_their_own(self) -> None:
        """Behind a pipe no state overwrites another."""
        points = within(framed(open_source(FIXTURES / "keras" / "healthy_verbose1_piped.log")), "accuracy")

        assert (1.0, 48.0) == (points[0][1], points[-1][1])
        assert sorted(points, key=lambda point: point[1]) == points

    def test_evaluations_are_no_part_of_an_epoch(self) -> None:
        """Neither in the middle of an epoch nor after the fit."""
        bar = "{}/{} [====================] - 1s 9ms/step - loss: {}\r"
        epoch = "".join(bar.format(done, 4, f"0.{9 - done}") for done in (1, 2, 4)) + "\n"
        other = "".join(bar.format(done, 9, "7.0") for done in (3, 9)) + "\n"
        run = framed(from_bytes("x", f"Epoch 1/2\n{epoch}{other}Epoch 2/2\n{epoch}{other}".encode()))

        assert [0.8, 0.7, 0.5] * 2 == [value for value, *_ in within(run, "loss")]
        assert [1, 2, 4, 5, 6, 8] == [step for _, step, *_ in within(run, "loss")]

    def test_samples_are_no_steps(self) -> None:
        """Old bars count samples: the share of the epoch is known, the step is not."""
        bar = "{}/60 [====================] - 1s - loss: 0.5\r"
        text = "Train on 60 samples, validate on 6 samples\nEpoch 1/2\n" + bar.format(15) + bar.format(60) + "\n"
        points = within(framed(from_bytes("x", text.encode())), "loss")

        assert [0.25, 1.0] == [epoch for _, _, epoch, _ in points]
        assert all(math.isnan(step) for _, step, *_ in points)

    def test_epoch_of_unknown_length(self) -> None:
        """Its batches are the steps of the first epoch; later ones are unknown."""
        bar = "{}/Unknown [====================] - 1s 9ms/step - loss: 0.5\r"
        text = "".join(f"Epoch {epoch}/2\n{bar.format(1)}{bar.format(3)}\n" for epoch in (1, 2))
        points = within(framed(from_bytes("x", text.encode())), "loss")

        assert [1.0, 3.0, "nan", "nan"] == [step if step == step else "nan" for _, step, *_ in points]
        assert [1.0, 1.0, 2.0, 2.0] == [epoch for _, _, epoch, _ in points]


def test_ultralytics() -> None:
    """Losses of each state; what is no value of training stays out."""
    run = framed(open_source(FIXTURES / "ultralytics" / "interrupted" / "console.log"))
    points = within(run, "box_loss")

    assert [0.0, 1.0, 2.0] == [step for _, step, *_ in points[:3]]
    assert [0.0, 0.25, 0.5] == [epoch for _, _, epoch, _ in points[:3]]
    assert {"box_loss", "cls_loss", "dfl_loss", "instances"} == {
        name.removeprefix("batch/") for name in run.segments[-1].series if name.startswith("batch/")
    }


def test_lightning() -> None:
    """The bar shows single batches; the mean of the epoch before, which it shows as well, is none of them."""
    points = within(framed(open_source(FIXTURES / "lightning" / "healthy" / "console.log")), "loss")
    steps = [step for _, step, *_ in points]

    assert sorted(set(steps)) == steps
    assert 150 == steps[-1]


class TestCommand:
    """The option, the setting and the rules that look at the states."""

    LOG = str(FIXTURES / "keras" / "killed_after_nan.log")

    @pytest.mark.parametrize("given", [["--frames"], ["--config", "frames=true"]])
    def test_lint(self, given: list[str]) -> None:
        """The NaN of an epoch that was broken off is found in its bar alone."""
        without = CliRunner().invoke(main, ["lint", self.LOG, "--isolated", "--select", "LOSS"])
        found = CliRunner().invoke(main, ["lint", self.LOG, *given, "--select", "LOSS"])

        assert (0, 1) == (without.exit_code, found.exit_code)
        assert "loss-nan-within-epoch: loss (bar) is nan from epoch 1.5, step 15 on (1 of 15 states)" in found.output

    def test_kept_runs_are_told_apart(self, tmp_path: Path) -> None:
        """What was read without frames is not what is wanted with them."""
        command = ["lint", self.LOG, "--select", "LOSS", "--config", f"cache-dir='{tmp_path}'"]
        codes = [CliRunner().invoke(main, [*command, *more]).exit_code for more in ([], ["--frames"], [], ["--frames"])]

        assert [0, 1, 0, 1] == codes

    def test_report(self) -> None:
        """The report draws the curve within epochs."""
        found = CliRunner().invoke(main, ["report", self.LOG, "--frames"])

        assert "loss (bar)" in found.output
