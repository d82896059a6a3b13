"""Logs that are still written: whole lines only, nothing outside, and no more often than is worth it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from diagnose.confirm.runs import live as module
from diagnose.confirm.runs.growing import extent, logs_of, whole_lines
from diagnose.confirm.runs.job import CONSOLE, Job
from diagnose.confirm.runs.live import Judgement, Live
from diagnose.model import Run
from diagnose.sources import lines, open_source


def job(tmp_path: Path, *read: str) -> Job:
    found = Job(("true",), str(tmp_path / "run"), read=read)
    Path(found.out).mkdir(parents=True, exist_ok=True)
    return found


def csv(number: int) -> str:
    return "epoch,train_loss\n" + "".join(f"{epoch},{1 / epoch}\n" for epoch in range(1, number + 1))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a\nb\nc", "a\nb\n"),
        ("a\nb\n", "a\nb\n"),
        ("a", ""),
        ("", ""),
        ("\r 1/9 loss 0.5\r 2/9 loss 0.", "\r 1/9 loss 0.5\r"),
        ("a\n" + "b" * 200_000, "a\n"),
    ],
)
def test_only_whole_lines_are_read_while_a_file_grows(tmp_path: Path, text: str, whole: str) -> None:
    path = tmp_path / "log"
    path.write_text(text)
    source = whole_lines(open_source(path))
    assert source.read().decode() == whole
    path.write_text(text + "more\nand more\n")
    assert source.read().decode() == whole, "it does not change once it is opened"
    assert [line.text for line in lines(source)] == [line for line in whole.replace("\r", "\n").split("\n") if line][
        -2:
    ]


def test_a_number_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    run = job(tmp_path)
    (Path(run.out) / "history.csv").write_text(csv(3) + "4,0.")
    seen: list[float] = []

    def judge(run: Run, *, ended: bool) -> Judgement:
        seen.append(float(run.segments[-1].series["train/loss"].value[-1]))
        return Judgement(None, seen[-1])

    Live(run, judge).look()
    assert seen == [pytest.approx(1 / 3)]


def test_binary_and_packed_files_are_left_whole(tmp_path: Path) -> None:
    binary, packed = tmp_path / "events", tmp_path / "log.gz"
    binary.write_bytes(b"\x18\0\0\0\n\0rest")
    packed.write_bytes(gzip.compress(b"a\nb"))
    assert whole_lines(open_source(binary)).read() == b"\x18\0\0\0\n\0rest"
    assert whole_lines(open_source(packed)).read() == b"a\nb"


@pytest.mark.parametrize("read", [(), ("**/*.csv", CONSOLE)])
def test_links_out_of_the_folder_are_not_followed(tmp_path: Path, read: tuple[str, ...]) -> None:
    run = job(tmp_path, *read)
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "secret.csv").write_text(csv(3))
    (Path(run.out) / "link.csv").symlink_to(secret / "secret.csv")
    (Path(run.out) / "folder").symlink_to(secret)
    (Path(run.out) / "loop").symlink_to(run.out)
    (Path(run.out) / "sub").mkdir()
    (Path(run.out) / "sub" / "mine.csv").write_text(csv(3))
    (Path(run.out) / "alias.csv").symlink_to(Path(run.out) / "sub" / "mine.csv")
    Path(run.console).write_text("")
    files = {Path(name).name for name in extent(run).files}
    assert files == {"mine.csv", "alias.csv"}
    read_files = {source.path for given in logs_of(run, ended=True) for source in given.sources}
    assert not any("secret" in name or name.endswith("link.csv") for name in read_files)
    assert any(name.endswith("mine.csv") for name in read_files)


def test_what_is_to_be_read_can_be_named(tmp_path: Path) -> None:
    run = job(tmp_path, "*.csv")
    Path(run.console).write_text(csv(9))
    (Path(run.out) / "a.csv").write_text(csv(2))
    (Path(run.out) / "b.txt").write_text(csv(3))
    assert [Path(source.path).name for given in logs_of(run, ended=True) for source in given.sources] == ["a.csv"]


def test_verdicts_of_several_logs_are_joined(tmp_path: Path) -> None:
    run = job(tmp_path)
    (Path(run.out) / "a.csv").write_text(csv(9))
    (Path(run.out) / "sub").mkdir()
    (Path(run.out) / "sub" / "b.csv").write_text("epoch,val_loss\n1,0.5\n2,nan\n")

    def judge(run: Run, *, ended: bool) -> Judgement:
        if "val/loss" in run.segments[-1].series:
            return Judgement(True, None, True)
        return Judgement(False, 0.25)

    live = Live(run, judge)
    assert live.final(ended=True) == Judgement(True, 0.25, True)
    assert Path(live.log).name == "a.csv"


def test_logs_are_read_when_they_have_grown_and_not_too_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    cost = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    run = job(tmp_path)
    log = Path(run.out) / "a.csv"
    log.write_text(csv(200))

    def judge(run: Run, *, ended: bool) -> Judgement:
        now[0] += cost[0]
        return Judgement()

    live = Live(run, judge)

    def reads(seconds: float, grow: str = "") -> int:
        before, end = live.reads, now[0] + seconds
        while now[0] < end:
            live.look()
            now[0] += 0.1
            if grow:
                with log.open("a") as file:
                    file.write(grow)
        return live.reads - before

    assert reads(1) == 1
    assert reads(60) == 0, "it has not grown"
    assert 1 <= reads(20, "2") <= 5, "it grows slowly"
    assert reads(20, "\n" + "1,2\n" * 8) > 20, "it grows fast"
    cost[0] = 1.0
    assert 4 <= reads(60, "1,2\n" * 8) <= 7, "and reading it is slow: a tenth of the time"


def test_what_cannot_be_read_is_no_verdict(tmp_path: Path) -> None:
    run = job(tmp_path)
    (Path(run.out) / "trainer_state.json").write_text('{"log_history": [{"loss": 0.5, "st')
    (Path(run.out) / "events.out.tfevents.1.host").write_bytes(b"\x18\0\0\0\0\0\0\0\xa3\x7f")
    Path(run.console).write_bytes(bytes(range(256)) * 10)
    live = Live(run, lambda run, *, ended: Judgement(False))
    assert live.look() == Judgement() or live.judgement.symptom is False
    empty = Live(job(tmp_path / "empty"), lambda run, *, ended: Judgement(False))
    assert empty.final(ended=True) == Judgement()
