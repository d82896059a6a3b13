"""From logs to the story: what is told, in which order, and what is left out."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from diagnose.api.reporter import Reporter
from diagnose.api.session import Request
from diagnose.engine.expect.load import load
from diagnose.engine.story.commands import COMMAND, OF_YOLOV5, Command
from diagnose.engine.story.curves import BUCKETS
from diagnose.errors import SourceError
from diagnose.model.story import Story
from diagnose.rules import builtin

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
DFU = CORPUS / "keras" / "dfu_two_stage"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus here")
OLD = "lr0: 0.005\nmomentum: 0.937\nfl_gamma: 0.0\nobj: 1.2\nbatch_size: 16\n"
NEW = "lr0: 0.004\nmomentum: 0.937\nfl_gamma: 0.5\nobj: 1.4\nbatch_size: 20\n"


def csv(epochs: int, *, nan_from: int = 10**9, score: float = 0.6) -> str:
    rows = ["epoch,loss,val_loss,val_accuracy"]
    for n in range(epochs):
        broken = n + 1 >= nan_from
        train, val = (math.nan, math.nan) if broken else (2 * 0.98**n + 0.1, 2.1 * 0.985**n + 0.2 + 0.004 * (n % 3))
        rows.append(f"{n},{train:.4f},{val:.4f},{score * (1 - 0.97**n) + 0.003 * (n % 2) + 0.1:.4f}")
    return "\n".join(rows) + "\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("good.csv").write_text(csv(100))
    Path("bad.csv").write_text(csv(100, nan_from=61, score=0.3))
    Path("old.yaml").write_text(OLD)
    Path("new.yaml").write_text(NEW)
    return tmp_path


def tell(*paths: str, **options: object) -> Story:
    return Reporter(Request(paths=paths, isolated=True)).run(**options)  # type: ignore[arg-type]


def test_healthy_run_is_told_shortly(folder: Path) -> None:
    story = tell("good.csv")

    (chapter,) = story.chapters
    assert chapter.healthy
    assert not chapter.causes
    assert story.recovery is None
    assert not story.criteria
    assert not story.lessons
    assert not story.untested
    assert 2 <= len(chapter.summary) <= 5


def test_sick_run_is_told_with_numbers_and_lines(folder: Path) -> None:
    story = tell("bad.csv")

    (chapter,) = story.chapters
    text = " ".join(one.text for one in chapter.summary)
    assert "reached epoch 100" in text
    assert "was no number in 40 records, first at epoch 61" in text
    assert all(one.places for one in chapter.summary[1:])
    assert [number for number, _ in chapter.findings] == [*range(1, len(chapter.findings) + 1)]
    assert any(moment.when == "epoch 61" and moment.findings for moment in chapter.timeline)
    assert chapter.causes
    assert story.recovery is not None
    assert story.recovery.template
    assert any("NaN" in one.text for one in story.recovery.stop)


def test_findings_are_marked_on_the_curve_they_are_about(folder: Path) -> None:
    story = tell("bad.csv")

    loss = next(chart for chart in story.chapters[0].charts if chart.title == "loss")
    number = next(number for number, finding in story.findings if finding.name == "loss-nan")
    assert any(number in mark.findings and mark.x == 61 for mark in loss.marks)
    assert all(len(curve.not_finite) == 40 for curve in loss.curves)


def test_long_curves_are_thinned_and_keep_what_counts(folder: Path) -> None:
    lines = csv(20_000).splitlines()
    cells = lines[12_346].split(",")
    lines[12_346] = ",".join([*cells[:1], "77.5", *cells[2:]])
    lines[7] = ",".join([lines[7].split(",")[0], "nan", *lines[7].split(",")[2:]])
    Path("long.csv").write_text("\n".join(lines) + "\n")

    loss = next(chart for chart in tell("long.csv").chapters[0].charts if chart.title == "loss")
    curve = next(curve for curve in loss.curves if curve.name == "train/loss")
    assert curve.points == 20_000
    assert len(curve.x) < 5 * BUCKETS
    assert 77.5 in curve.y
    assert (curve.x[0], curve.x[-1]) == (1, 20_000)
    assert [x for x, _ in curve.not_finite] == [7]


def test_baseline_gives_bars_and_a_curve_beside(folder: Path) -> None:
    story = tell("bad.csv", baseline="good.csv")

    (chapter,) = story.chapters
    assert story.baseline == "good.csv"
    assert any(curve.style == "baseline" for chart in chapter.charts for curve in chart.curves)
    assert any(one.verdict == "worse" for one in chapter.expectations)
    assert {one.tier for one in story.criteria} == {"minimum", "target", "exceptional"}
    assert any("baseline" in one.text for one in story.recovery.stop)  # type: ignore[union-attr]


def test_skeleton_can_be_verified(folder: Path) -> None:
    Path("EXPECT.yaml").write_text(tell("bad.csv", baseline="good.csv").expect)

    plan = load("EXPECT.yaml", [rule.name for rule in builtin()])
    assert {criterion.tier for criterion in plan.criteria} == {"minimum", "target", "exceptional"}


def test_config_diff_is_told_with_its_plan(folder: Path) -> None:
    reporter = Reporter(Request(paths=("bad.csv",), isolated=True))
    story = reporter.run(pair=("old.yaml", "new.yaml"), folder="plan")

    (comparison,) = story.comparisons
    assert comparison.changes[0].key == "fl_gamma"
    assert [phase.title for phase in story.recovery.phases] == ["Control", "Isolation", "Progressive", "Next trial"]  # type: ignore[union-attr]
    assert any("none was changed alone" in one.text for one in story.untested)
    assert any(finding.name == "loss-term-switched-on" for _, finding in story.findings)
    assert not Path("plan").exists()
    assert "PLAN.md" in {path.name for path in reporter.write_plan("plan")}


def test_configs_alone_make_a_report_before_a_run(folder: Path) -> None:
    story = tell(pair=("old.yaml", "new.yaml"))

    assert "is a config with 5 settings" in story.chapters[0].summary[0].text
    assert not story.chapters[0].charts


@pytest.mark.parametrize("content", [b"", b"Dear all,\nno numbers.\n", bytes(range(256)) * 20])
def test_nothing_to_tell_of(folder: Path, content: bytes) -> None:
    Path("x.log").write_bytes(content)

    with pytest.raises(SourceError):
        tell("x.log")


@pytest.mark.parametrize(
    "line",
    [
        "$ python train.py --hyp a",
        "!python train.py --data x",
        "+ torchrun --nproc 4 train.py",
        "cmd: python -m a.train",
    ],
)
def test_command_is_known(line: str) -> None:
    assert COMMAND.match(line)


@pytest.mark.parametrize("line", ["python is a language", "using python 3.11", "train.py", "2024 INFO python"])
def test_no_command(line: str) -> None:
    assert not COMMAND.match(line)


def test_command_gets_the_file_where_it_names_one() -> None:
    from diagnose.model import Place

    command = Command("python train.py --hyp old.yaml --epochs 3", Place("x", 1))
    assert command.with_file("plan/control.yaml") == "python train.py --hyp plan/control.yaml --epochs 3"
    assert Command("python a.py", Place("x", 1)).with_file("b.yaml") == "python a.py"
    assert Command("<train> {file}").with_file("") == "<train> <config>"


def test_two_files_of_yolov5_are_one_command() -> None:
    from diagnose.model import Place

    files = {
        "plan/a.hyp.yaml": "lr0: 0.1\n",
        "plan/a.opt.yaml": "weights: ''\ndata: d.yaml\nepochs: 9\nbatch_size: 4  # x\n",
    }
    text = "python train.py --hyp plan/a.hyp.yaml"

    assert Command(OF_YOLOV5).with_files(files) == f"{text} --data d.yaml --epochs 9 --batch-size 4"
    logged = Command("python train.py --img 64 --batch 16 --hyp b.yaml --data d.yaml", Place("x", 1))
    assert logged.with_files(files) == (
        "python train.py --img 64 --batch-size 4 --hyp plan/a.hyp.yaml --data d.yaml --epochs 9"
    )
    assert Command(OF_YOLOV5).with_files({}) == "python train.py --hyp <config>"


def test_a_finding_within_an_epoch_stands_at_its_state() -> None:
    """All states of a bar share a line."""
    log = Path(__file__).parents[2] / "fixtures" / "keras" / "killed_after_nan.log"
    request = Request(paths=(str(log),), isolated=True, options={"frames": True})
    (chapter,) = Reporter(request).run().chapters

    (chart,) = [chart for chart in chapter.charts if "loss within epochs" in chart.title]
    (mark,) = [mark for mark in chart.marks if "loss-nan-within-epoch" in mark.told]
    assert (mark.x, mark.y) == (1.5, None)


@needs_corpus
def test_seed_003() -> None:
    story = tell(str(DFU / "training_fold1_before_fix.log"), baseline=str(DFU / "training_fold1_after_fix.log"))

    (chapter,) = story.chapters
    text = " ".join(one.text for one in chapter.summary)
    assert "epoch 21 of 200" in text
    assert "0 against 0.1364" in text
    assert {"too-few-updates", "class-weights-too-strong"} <= {cause.name for cause in chapter.causes}
    assert any("harmless" in one.text for cause in chapter.causes for one in cause.against)
    assert len(chapter.segments) == 3


@needs_corpus
@pytest.mark.parametrize(
    "name", ["mmdet/zhaoyang97_retinanet_r50_fpn_1x_swx/20210222_210647.log", "yolo/kazhili8_train109"]
)
def test_healthy_logs_of_others(name: str) -> None:
    story = tell(str(CORPUS / name))

    assert all(chapter.healthy for chapter in story.chapters)
    assert story.recovery is None
