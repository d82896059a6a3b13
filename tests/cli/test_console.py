"""What the terminal gets besides results."""

import errno
import io
import time

import pytest

from diagnose.cli import progress
from diagnose.cli.console import say


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress, "PAUSE", 0.01)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("stream", "wanted", "shown"), [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)]
)
def test_progress(monkeypatch: pytest.MonkeyPatch, stream, wanted, shown):
    stderr = stream()
    monkeypatch.setattr("sys.stderr", stderr)
    with progress.Progress(wanted) as told:
        told.step("a\x1b[31m.log")
        time.sleep(0.2)

    assert shown == ("reading 1: a.log" in stderr.getvalue())
    assert not shown or stderr.getvalue().endswith("\r\x1b[K")


def test_short_work_shows_no_progress(monkeypatch: pytest.MonkeyPatch):
    stderr = Terminal()
    monkeypatch.setattr("sys.stderr", stderr)
    with progress.Progress(True) as told:
        told.step("a.log")

    assert stderr.getvalue() == ""


def test_messages_obey_nobody(capsys: pytest.CaptureFixture[str]):
    say("diagnose: a\n::error::b\x1b[31m ##vso[task]c: no such file")

    first, second, _ = capsys.readouterr().err.split("\n")

    assert first == "diagnose: a"
    assert not second.startswith("::")
    assert "##vso[" not in second
    assert "\x1b" not in second


def test_a_closed_terminal_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("sys.stderr", Closed())
    say("interrupted")
