"""The program as a process: pipes, signals, encodings, what is imported."""

import os
import signal
import subprocess
import sys
import time
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


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c():
    process = subprocess.Popen(
        [*COMMAND, "lint", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV
    )
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)

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
