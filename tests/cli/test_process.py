"""The program as a process: pipes, signals, encodings, what is imported."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}
COMMAND = [sys.executable, "-m", "diagnose"]


def run(*args: str, **extra) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args], capture_output=True, text=True, check=False, env={**ENV, **extra.pop("env", {})}, **extra
    )


def test_help_imports_nothing_heavy():
    probe = (
        "import sys; from diagnose.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('numpy', 'lark', 'jinja2', 'yaml', 'tomllib', 'pathspec') if name in sys.modules],"
        "file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False, env=ENV)

    assert result.stderr == "[]\n"


@pytest.mark.parametrize(("command", "told"), [("lint", "1"), ("confirm", "None"), ("reproduce", "None")])
def test_what_trains_has_threads_of_its_own(command, told):
    probe = (
        "import os; from diagnose.cli.main import main\n"
        f"try: main(['{command}', '--help'])\nexcept SystemExit: pass\n"
        "print(os.environ.get('OPENBLAS_NUM_THREADS'))"
    )
    env = {name: value for name, value in ENV.items() if name != "OPENBLAS_NUM_THREADS"}
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=env)

    assert result.stdout.split()[-1] == told


def test_what_was_left_to_the_end_of_the_process_is_done(tmp_path: Path):
    code = (
        "import atexit, pathlib, sys; from diagnose.cli.main import program\n"
        f"atexit.register(pathlib.Path({str(tmp_path / 'done')!r}).touch)\n"
        "sys.argv[1:] = ['lint', 'missing.csv']; program()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, env=ENV)

    assert (result.returncode, (tmp_path / "done").exists()) == (2, True)


@pytest.mark.parametrize(
    "code",
    [
        "import runpy\ntry: runpy.run_module('diagnose', run_name='__main__')\nfinally: print('done')",
        "import cProfile\ntry: cProfile.run('import diagnose.__main__')\nfinally: print('done')",
    ],
)
def test_who_runs_the_program_within_another_goes_on(code):
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.argv[1:] = ['-V']; {code}"],
        capture_output=True, text=True, check=False, env=ENV,
    )  # fmt: skip

    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "done")


def test_version():
    from diagnose import __version__

    assert f"diagnose, version {__version__}\n" == run("--version").stdout


def test_exit_status_reaches_the_shell():
    assert [run("lint", "-q", path).returncode for path in ("healthy.csv", "sick.csv", "missing.csv")] == [0, 1, 2]


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_reader_that_goes_away_is_no_error():
    shell = f"{sys.executable} -m diagnose rules functions | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False, env=ENV)

    assert (result.stdout, result.stderr) == ("0\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
def test_a_full_disk_is_told():
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*COMMAND, "lint", "sick.csv"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=ENV
        )

    assert result.returncode == 2
    assert "diagnose: standard output: cannot write: No space left on device" in result.stderr
    assert "internal error" not in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_a_full_disk_is_told_whatever_is_printed(option):
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*COMMAND, option], stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=ENV
        )

    assert (result.returncode, result.stderr) == (2, "diagnose: cannot write: No space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize("closed", [">&-", "<&- >&-"])
def test_streams_that_are_closed_are_no_error(closed):
    shell = f"{sys.executable} -m diagnose lint sick.csv {closed}"
    result = subprocess.run(["bash", "-c", shell], stderr=subprocess.PIPE, text=True, check=False, env=ENV)

    assert (result.returncode, result.stderr) == (1, "")


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_what_must_not_be_read_is_told_and_the_others_are_linted(diagnose, project, monkeypatch):
    """As root every file is readable: the answer of the system is replaced."""
    (project / "locked.csv").write_text("epoch,loss\n1,2\n")
    usual = os.access
    monkeypatch.setattr(
        os, "access", lambda path, *rest, **more: "locked" not in str(path) and usual(path, *rest, **more)
    )
    opened = Path.open

    def refuse(self, *args, **more):
        if "locked" in self.name:
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **more)

    monkeypatch.setattr(Path, "open", refuse)
    result = diagnose("lint", "locked.csv", "sick.csv", "--select", "loss-nan")

    assert result.exit_code == 2
    assert "locked.csv: permission denied" in result.stderr
    assert "sick.csv:7:1: error LOSS001" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c():
    process = subprocess.Popen(
        [*COMMAND, "lint", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV
    )
    process.stdin.write(b"a line\n" * 100_000)  # more than a pipe holds: it reads
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=120)

    assert process.returncode == 130
    assert b"Traceback" not in stderr


def test_a_narrow_encoding_is_no_error(project: Path):
    (project / "größe-日本.csv").write_text((project / "sick.csv").read_text())
    result = subprocess.run(
        [*COMMAND, "lint", ".", "--output-format", "full"],
        capture_output=True, check=False, env={**ENV, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip

    assert result.returncode == 1
    assert b"Traceback" not in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="file names of POSIX")
def test_a_file_name_that_is_no_text(project: Path):
    name = os.fsdecode(b"bad\xff\x1b[31mname.csv")
    try:
        (project / name).write_text((project / "sick.csv").read_text())
    except OSError:
        pytest.skip("the file system refuses it")
    for output in ("full", "json", "sarif", "github"):
        result = subprocess.run(
            [*COMMAND, "lint", ".", "--output-format", output], capture_output=True, check=False, env=ENV
        )

        assert result.returncode == 1, result.stderr
        assert b"\x1b" not in result.stdout


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
class TestTerminal:
    """On a terminal: full output, colour, and each trouble told once."""

    def on_terminal(self, *args: str) -> tuple[int, str]:
        leader, follower = os.openpty()
        process = subprocess.Popen(
            [*COMMAND, *args], stdin=follower, stdout=follower, stderr=follower, env={**ENV, "TERM": "xterm"}
        )
        os.close(follower)
        parts = []
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:
                break
            if not part:
                break
            parts.append(part)
        os.close(leader)
        return process.wait(), b"".join(parts).decode()

    def test_full_and_coloured(self):
        status, text = self.on_terminal("lint", "sick.csv")

        assert status == 1
        assert "\x1b[1;31m" in text
        assert "why:" in text

    def test_trouble_is_told_once(self):
        status, text = self.on_terminal("lint", "missing.csv", "--color", "never")

        assert status == 2
        assert text.count("no such file") == 1
