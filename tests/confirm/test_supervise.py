"""The process beside every run: that it ends what it started, however things go."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from confirm_runs import alive, processes, until

from diagnose.confirm.runs import supervise
from diagnose.confirm.runs.ending import Ending, ending_of
from diagnose.confirm.runs.folder import clear, describe, stop_of
from diagnose.confirm.runs.job import Job, Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


SHORT = Limits(grace=0.5)


def begin(tmp_path: Path, code: str, limits: Limits = SHORT, **more: Any) -> tuple[Job, Any]:
    """Start a supervised Python program."""
    job = Job((sys.executable, "-c", code), str(tmp_path / "run"), cwd=str(tmp_path), limits=limits)
    clear(job)
    spec = describe(job, "key", f"test{tmp_path}:key:1", **more)
    return job, start(spec)


def start(spec: str, **more: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-I", "-S", supervise.__file__, spec, str(os.getpid())], **more)


def ending(job: Job, process: subprocess.Popen[bytes]) -> Ending:
    assert process.wait(20) == 0
    found = ending_of(job.status)
    assert found is not None and found.ended
    assert not processes(str(Path(job.folder).parent)), "something outlived the supervisor"
    return found


def test_output_and_exit_status_are_kept(tmp_path: Path) -> None:
    job, process = begin(tmp_path, "import os, sys; print('a'); os.write(2, b'b\\n'); sys.exit(3)")
    found = ending(job, process)
    assert (found.reason, found.exit, found.words) == ("exited", 3, "exit status 3")
    assert sorted(Path(job.console).read_text().split()) == ["a", "b"]
    assert Path(job.status).stat().st_size == supervise.SIZE


def test_a_signal_is_told_by_name(tmp_path: Path) -> None:
    found = ending(*begin(tmp_path, "import os; os.kill(os.getpid(), 9)"))
    assert (found.exit, found.words) == (-9, "ended by SIGKILL, perhaps for want of memory")


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    job = Job(("no-such-command",), str(tmp_path / "run"), cwd=str(tmp_path))
    clear(job)
    found = ending(job, start(describe(job, "key", "m:1")))
    assert found.reason == "start"
    assert "no-such-command" in found.detail


DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(600)"


def test_sigkill_follows_sigterm(tmp_path: Path) -> None:
    job, process = begin(tmp_path, DEAF)
    until(lambda: Path(job.console).exists() and Path(job.console).read_text() == "on\n")
    Path(stop_of(job)).touch()
    found = ending(job, process)
    assert (found.reason, found.exit) == ("stopped", -9)


def test_sigterm_is_enough_for_most(tmp_path: Path) -> None:
    job, process = begin(
        tmp_path,
        "import signal, sys, time\n"
        "signal.signal(15, lambda *_: (print('saved', flush=True), sys.exit(0)))\n"
        "print('on', flush=True); time.sleep(600)",
        Limits(grace=10),
    )
    until(lambda: Path(job.console).exists() and Path(job.console).read_text() == "on\n")
    process.terminate()
    assert ending(job, process).reason == "terminated"
    assert Path(job.console).read_text() == "on\nsaved\n"


FAMILY = """
import os, signal, subprocess, sys, time
sleeper = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", sleeper])                           # a worker
subprocess.Popen([sys.executable, "-c", sleeper], start_new_session=True)   # a daemon
subprocess.Popen([sys.executable, "-c", sleeper], start_new_session=True, env={"PATH": os.environ["PATH"]})
if os.fork() == 0:                                                          # a daemon as in the books
    os.setsid()
    if os.fork() == 0:
        signal.signal(15, signal.SIG_IGN)
        os.close(1), os.close(2)
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
os.wait()
print("on", flush=True)
"""


@pytest.mark.parametrize("end", ["", "import time; time.sleep(600)"], ids=["exits", "runs"])
def test_descendants_are_ended_also_those_of_other_sessions(tmp_path: Path, end: str) -> None:
    file = tmp_path / "daemon"
    job, process = begin(tmp_path, FAMILY.replace("sys.argv[1]", repr(str(file))) + end)
    until(lambda: file.exists() and file.read_text())
    until(lambda: "on" in Path(job.console).read_text())
    family = below(process.pid)
    assert len(family) >= 4
    if end:
        Path(stop_of(job)).touch()
    found = ending(job, process)
    assert found.reason == ("stopped" if end else "exited")
    assert not any(map(alive, [*family, int(file.read_text())]))


def below(pid: int) -> list[int]:
    """Return the descendants of a process."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def test_all_end_when_the_parent_is_killed(tmp_path: Path) -> None:
    code = FAMILY.replace("sys.argv[1]", repr(str(tmp_path / "d"))) + DEAF
    job = Job((sys.executable, "-c", code), str(tmp_path / "run"))
    clear(job)
    spec = describe(job, "key", f"{tmp_path}:1")
    code = "import os, subprocess, sys; subprocess.call([sys.executable, *sys.argv[1:], str(os.getpid())])"
    parent = subprocess.Popen([sys.executable, "-c", code, "-I", "-S", supervise.__file__, spec])
    until(lambda: (tmp_path / "d").exists() and "on\non" in Path(job.console).read_text())
    (supervisor,) = [pid for pid in below(parent.pid) if b"supervise.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    family = below(supervisor)
    assert len(family) >= 5
    parent.kill()
    parent.wait()
    until(lambda: not any(map(alive, [supervisor, *family])))
    found = ending_of(job.status)
    assert found is not None and found.reason == "orphaned"


@pytest.mark.parametrize("gone", ["the process between", "who holds the input", "the supervisor"])
def test_all_end_behind_another_process(tmp_path: Path, gone: str) -> None:
    code = FAMILY.replace("sys.argv[1]", repr(str(tmp_path / "d"))) + DEAF
    job = Job((sys.executable, "-c", code), str(tmp_path / "run"), limits=SHORT)
    clear(job)
    command = [sys.executable, "-I", "-S", supervise.__file__, describe(job, "key", f"{tmp_path}:1"), "behind"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as between:
        until(lambda: (tmp_path / "d").exists() and "on\non" in Path(job.console).read_text())
        family = below(between.pid)
        assert len(family) >= 6
        if gone == "the process between":
            between.kill()
            until(lambda: not any(map(alive, family)))
        if gone == "the supervisor":
            os.kill(family[0], signal.SIGKILL)
            assert between.wait(20) == 0
    assert not any(map(alive, family))
    found = ending_of(job.status)
    assert found is not None
    assert found.reason == "orphaned" if gone != "the supervisor" else not found.ended


def test_the_command_dies_with_a_killed_supervisor(tmp_path: Path) -> None:
    job, process = begin(tmp_path, DEAF)
    until(lambda: Path(job.console).exists() and Path(job.console).read_text())
    (child,) = below(process.pid)
    process.kill()
    process.wait()
    until(lambda: not alive(child))


def test_silence_is_a_hang(tmp_path: Path) -> None:
    job, process = begin(tmp_path, "import time; print('on'); time.sleep(600)", Limits(hang=0.6, grace=0.5))
    found = ending(job, process)
    assert (found.reason, found.words) == ("hang", "it wrote nothing for too long")
    assert found.seconds < 10


def test_a_silent_command_that_writes_files_does_not_hang(tmp_path: Path) -> None:
    code = (
        "import time, os; os.makedirs('run/out/a/b')\n"
        "for n in range(30): open('run/out/a/b/log', 'a').write('x'); time.sleep(.1)"
    )
    found = ending(*begin(tmp_path, code, Limits(hang=2, grace=0.5)))
    assert (found.reason, found.exit) == ("exited", 0)


def test_a_command_that_closes_its_output_goes_on(tmp_path: Path) -> None:
    code = "import os, time; os.close(1); os.close(2); time.sleep(.5); open('run/out/a', 'w').write('x')"
    job, process = begin(tmp_path, code)
    assert ending(job, process).exit == 0
    assert (Path(job.out) / "a").exists()


def test_the_time_limit_holds_while_it_prints(tmp_path: Path) -> None:
    found = ending(*begin(tmp_path, "while True: print(1, flush=True)", Limits(total=0.6, grace=0.5)))
    assert (found.reason, found.words) == ("total", "it took too long")


def test_too_much_output_ends_a_run(tmp_path: Path) -> None:
    job, process = begin(tmp_path, "while True: print('x' * 1000)", Limits(console=1 << 20, grace=0.5))
    found = ending(job, process)
    assert found.reason == "flood"
    assert "1 MiB" in found.words
    assert Path(job.console).stat().st_size < 1 << 21


def test_a_full_disk_ends_a_run_and_is_told(tmp_path: Path) -> None:
    job = Job((sys.executable, "-c", "while True: print('x' * 1000)"), str(tmp_path / "run"), limits=Limits(grace=0.5))
    clear(job)
    spec = describe(job, "key", "m:1")
    process = start(spec, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16)))
    found = ending(job, process)
    assert found.reason == "disk-full"
    assert job.console in found.detail
    assert Path(job.console).stat().st_size == 1 << 16


def test_a_lease_that_is_not_renewed_ends_a_run(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    alive.write_text("me 1")
    job, process = begin(tmp_path, DEAF, alive=str(alive), session="me", lease=2.5)
    for number in range(2, 35):
        alive.write_text(f"me {number}")
        time.sleep(0.1)
    assert process.poll() is None
    assert ending(job, process).reason == "orphaned"


@pytest.mark.parametrize("text", ["other 1", "closed 9"])
def test_another_session_ends_a_run_at_once(tmp_path: Path, text: str) -> None:
    alive = tmp_path / "alive"
    alive.write_text("me 1")
    job, process = begin(tmp_path, DEAF, alive=str(alive), session="me", lease=600)
    until(lambda: Path(job.console).exists() and Path(job.console).read_text())
    alive.write_text(text)
    assert ending(job, process).reason == "orphaned"


def test_a_run_that_waited_too_long_in_a_queue_does_not_begin(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    alive.write_text("other 1")
    job, process = begin(tmp_path, DEAF, alive=str(alive), session="me", lease=60)
    assert process.wait(10) == 0
    assert ending_of(job.status) is None
    assert not Path(job.console).exists()


def test_a_run_that_a_scheduler_repeats_does_not_begin(tmp_path: Path) -> None:
    job, process = begin(tmp_path, "print('on')")
    before = ending(job, process)
    spec = next(Path(job.folder).glob("job-*.json"))
    assert start(str(spec)).wait(10) == 0
    assert ending_of(job.status) == before
    assert Path(job.console).read_text() == "on\n"


def test_it_imports_nothing_of_ours() -> None:
    assert not re.search(r"^\s*(from|import) diagnose", Path(supervise.__file__).read_text(), re.MULTILINE)
