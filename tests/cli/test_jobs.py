"""``--jobs``: several processes find what one finds, and none is left over whatever happens to them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from diagnose import api, engine, logs
from diagnose.api.fleet.cpus import cpus
from diagnose.api.fleet.pool import Pool, can_fork
from diagnose.api.fleet.size import FILES, size

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
pytestmark = pytest.mark.skipif(not can_fork(), reason="needs fork")


def both(diagnose, *args: str | Path, jobs: int = 3) -> tuple:
    """Return what one process says, having made sure that several say the same."""
    one, several = (diagnose("lint", *args, "--jobs", str(number)) for number in (1, jobs))
    said = (one.exit_code, one.stdout, one.stderr)
    assert said == (several.exit_code, several.stdout, several.stderr)
    return said


def test_all_fixtures(diagnose):
    status, stdout, _ = both(diagnose, FIXTURES, "--output-format", "json", "--isolated")

    assert status in (1, 2)
    assert len(stdout) > 10_000


@pytest.mark.parametrize("rest", [[], ["-v"], ["--statistics"], ["-q"]])
def test_what_cannot_be_read_stands_in_its_place(diagnose, project: Path, rest: list[str]):
    (project / "damaged.log.gz").write_bytes(b"\x1f\x8bnothing")
    (project / "pointer.csv").write_text("version https://git-lfs.github.com/spec/v1\n")
    (project / "runs").mkdir()
    (project / "runs" / "empty.log").touch()
    (project / "none").mkdir()

    status, _, stderr = both(
        diagnose, "missing.csv", "sick.csv", "damaged.log.gz", "none", ".", "runs", "letter.txt", *rest
    )

    assert status == 2
    assert "missing.csv" in stderr


def test_named_twice(diagnose, project: Path):
    _, stdout, _ = both(diagnose, "sick.csv", ".", project, "healthy.csv", "--output-format", "json")

    paths = [file["path"] for file in json.loads(stdout)["files"]]
    assert sorted(paths) == sorted(set(paths))


def test_standard_input_among_files(project: Path):
    said = [
        subprocess.run(
            [sys.executable, "-m", "diagnose", "lint", "healthy.csv", "-", "sick.csv", "--jobs", jobs],
            input=(project / "sick.csv").read_bytes(), capture_output=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for jobs in ("1", "2")
    ]  # fmt: skip

    assert said[0].stdout == said[1].stdout
    assert b"<stdin>" in said[0].stdout


def many(project: Path, number: int = 40) -> None:
    text = (project / "sick.csv").read_text()
    for at in range(number):
        (project / f"run{at:02d}").mkdir()
        (project / f"run{at:02d}" / "results.csv").write_text(text)


def test_a_baseline_counts_in_the_order_of_the_inputs(diagnose, project: Path):
    many(project, 6)
    assert diagnose("baseline", "write", "run00", "run01", "--baseline", "known.toml", "--jobs", "2").exit_code == 0
    entry = (project / "known.toml").read_text()
    assert entry == entry.replace("count = 2", "count = 1")
    (project / "known.toml").write_text(entry.replace("run01", "run04"))

    status, stdout, _ = both(diagnose, ".", "--baseline", "known.toml", "--output-format", "json", "-v")

    assert status == 1
    assert 0 < stdout.count("run00") < stdout.count("run02")


def test_an_expired_waiver_is_told_once(diagnose, project: Path):
    many(project)
    (project / "diagnose.toml").write_text(
        "[[waivers]]\nrule = 'LOSS'\nreason = 'known'\nowner = 'me'\nexpires = 2020-01-01\n"
        "[[waivers]]\nrule = 'RUN'\npath = 'run0*/**'\nreason = 'known'\nowner = 'me'\nexpires = 2999-01-01\n"
        "[[waivers]]\nrule = 'METRIC'\npath = 'nowhere/**'\nreason = 'known'\nowner = 'me'\nexpires = 2999-01-01\n"
    )

    _, stdout, _ = both(diagnose, ".", "-v", "--output-format", "json")

    told = [finding["message"] for finding in json.loads(stdout)["findings"] if "expired on" in finding["message"]]
    assert len(told) == 1


def test_settings_of_folders(diagnose, project: Path):
    many(project, 6)
    (project / "run03" / "diagnose.toml").write_text("min-severity = 'error'\n")

    both(diagnose, ".", "run03", "-v")
    (project / "run04" / "diagnose.toml").write_text("select = 'NONE'\n")
    status, stdout, _ = both(diagnose, ".", "run04")

    assert (status, stdout) == (2, "")


@pytest.mark.parametrize(
    ("args", "env", "file", "expected"),
    [
        (["--jobs", "2"], "3", "jobs = 4", 2),
        ([], "3", "jobs = 4", 3),
        ([], "", "jobs = 4", 4),
        ([], "auto", "jobs = 4", 0),
        ([], "", "", 0),
    ],
)
def test_who_says_how_many(diagnose, project: Path, monkeypatch, args, env, file, expected):
    asked = []
    monkeypatch.setattr("diagnose.api.fleet.size.size", lambda _, jobs: asked.append(jobs) or 1)
    (project / "diagnose.toml").write_text(file)

    diagnose("lint", "healthy.csv", "sick.csv", *args, DIAGNOSE_JOBS=env)  # of one file nobody asks

    assert asked == [expected]


@pytest.mark.parametrize("wrong", ["0", "-1", "many", "1.5"])
def test_no_number(diagnose, wrong: str):
    result = diagnose("lint", "healthy.csv", f"--jobs={wrong}")

    assert result.exit_code == 2
    assert "expected a number of processes or auto" in result.stderr


def test_a_few_files_do_not_pay(project: Path, monkeypatch):
    monkeypatch.setattr("diagnose.api.fleet.size.cpus", lambda: 8)

    assert size([str(project)], 0) == 1
    many(project, FILES)
    assert size([str(project)], 0) == 8
    assert size([*map(str, project.glob("run*/*.csv"))], 0) == 8
    monkeypatch.setattr("diagnose.api.fleet.size.cpus", lambda: 1)
    assert size([str(project)], 0) == 1


def test_processors_are_counted():
    assert 1 <= cpus() <= (os.cpu_count() or 1)


def test_from_python(project: Path):
    many(project, 6)

    assert api.lint(project, jobs=2) == api.lint(project)


class TestWhatGoesWrong:
    def test_a_killed_process_costs_one_file(self, diagnose, project: Path, monkeypatch):
        many(project)
        steps = engine.steps

        def kill(given, options, report):
            if "run07" in given.path:
                os.kill(os.getpid(), signal.SIGKILL)
            return steps(given, options, report)

        monkeypatch.setattr(engine, "steps", kill)
        result = diagnose("lint", *(f"run{at:02d}" for at in range(40)), "--jobs", "2", "--output-format", "json")

        files = json.loads(result.stdout)["files"]
        assert [file["path"] for file in files if file["status"] == "error"] == ["run07/results.csv"]
        assert len(files) == 40
        assert result.exit_code == 2
        assert "signal 9, SIGKILL" in result.stderr

    def test_a_file_that_kills_while_formats_are_told(self, diagnose, project: Path, monkeypatch):
        many(project)
        from diagnose.api import linter

        known = linter.detected

        def kill(paths, limit, cache):
            for path in paths:
                if "run07" in str(path):
                    os._exit(3)
                yield from known([path], limit, cache)

        monkeypatch.setattr(linter, "detected", kill)
        result = diagnose("lint", ".", "--jobs", "2", "--output-format", "json")

        files = json.loads(result.stdout)["files"]
        assert [file["path"] for file in files if file["status"] == "error"] == ["run07/results.csv"]
        assert len(files) == 42
        assert "exit status 3" in result.stderr

    def test_an_error_of_ours_is_told_as_ever(self, diagnose, project: Path, monkeypatch):
        many(project, 6)
        read = logs.read

        def fail(source, name=""):
            if "run03" in source.path:
                raise ValueError("broken")
            return read(source, name)

        monkeypatch.setattr(logs, "read", fail)
        status, _, stderr = both(diagnose, ".")

        assert status == 2
        assert "internal error: ValueError: broken" in stderr

    def test_a_process_that_dies_idle_is_replaced(self):
        with Pool(lambda task: (os.getpid(), task), 1) as pool:
            first, _ = pool.wait(pool.submit(1)).value
            os.kill(first, signal.SIGKILL)
            time.sleep(0.2)
            answer = pool.wait(pool.submit(2))

        assert answer.state in ("done", "lost")

    @pytest.mark.parametrize("size", [1, 2])
    def test_what_waits_for_a_process_that_dies_is_done_by_another(self, size: int):
        def die_at_some(task):
            if task % 5 == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return task

        with Pool(die_at_some, size) as pool:
            answers = [pool.submit(task, brief=True) for task in range(20)]
            states = [pool.wait(answer).state for answer in answers]

        assert states == ["lost" if task % 5 == 3 else "done" for task in range(20)]
        assert all(answer.value == answer.task for answer in answers if answer.state == "done")

    def test_a_long_task_waits_for_no_other(self, tmp_path: Path):
        """Another process takes it, though the first one has room for a brief task."""

        def work(task):
            if task == "waits":
                _until(lambda: (tmp_path / "done").exists(), bool)
            if task == "long":
                (tmp_path / "done").touch()
            return os.getpid()

        with Pool(work, 2) as pool:
            first, *others = [pool.submit(task, brief=task == "brief") for task in ("waits", "brief", "brief", "long")]
            where = [pool.wait(answer).value for answer in others]

            assert pool.wait(first).value not in where[::2]

    def test_a_task_that_fills_the_pipe_waits_for_no_other(self):
        """While an answer fills it the other way, nobody would read."""
        with Pool(lambda task: task, 1) as pool:
            answers = [pool.submit(b"x" * 1_000_000, brief=True) for _ in range(3)]
            assert not any(answer.brief for answer in answers)
            assert all(len(pool.wait(answer).value) == 1_000_000 for answer in answers)

    def test_short_tasks_wait_while_long_answers_fill_the_pipe(self):
        with Pool(lambda task: b"x" * 1_000_000, 2) as pool:
            answers = [pool.submit(b"x" * 4_000, brief=True) for _ in range(9)]
            assert all(answer.brief and len(pool.wait(answer).value) == 1_000_000 for answer in answers)

    def test_a_result_that_cannot_be_sent(self):
        with Pool(lambda _: lambda: None, 1) as pool:
            assert pool.wait(pool.submit(1)).state == "failed"


SLOW = """\
import os, sys, time
from diagnose import engine
from diagnose.cli.main import main
def slow(given, options, report):
    open(f"pid-{os.getpid()}", "w").close()
    time.sleep(600)
engine.steps = slow
sys.argv = ["diagnose", "lint", ".", "--jobs", "2"]
main()
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("group", [True, False])
def test_nothing_is_left_after_a_signal(project: Path, how: signal.Signals, group: bool):
    many(project, 8)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    work = subprocess.Popen(
        [sys.executable, "-c", SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, start_new_session=True
    )
    pids = _until(lambda: [int(path.name[4:]) for path in project.glob("pid-*")], lambda found: len(found) == 2)
    if group and how != signal.SIGKILL:
        os.killpg(work.pid, how)
    else:
        work.send_signal(how)
    stdout, stderr = work.communicate(timeout=120)

    assert (stdout, stderr.strip()) == (b"", b"")
    assert work.returncode == (130 if how == signal.SIGINT else -how)
    assert _until(lambda: [pid for pid in pids if _runs(pid)], lambda left: not left) == []


def _until(look, enough, seconds: float = 120):
    end = time.monotonic() + seconds
    while not enough(found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except OSError:
        return False
