"""Which engine is used, and how one is asked for."""

import subprocess
import sys

import pytest

from diagnose.errors import SettingsError
from diagnose.scan import engine
from diagnose.scan.engine import kernel_problem


def run(*arguments, **environment):
    import os

    command = [sys.executable, "-m", "diagnose", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


@pytest.mark.parametrize("name", ["pure", "lark"])
def test_the_variable_chooses(name, monkeypatch):
    monkeypatch.setenv("DIAGNOSE_ENGINE", name)

    assert engine().name == name


def test_the_kernel_is_used_where_there_is_one(monkeypatch):
    monkeypatch.delenv("DIAGNOSE_ENGINE", raising=False)

    assert engine().name == ("pure" if kernel_problem() else "kernel")


def test_a_name_that_is_none_is_an_error(monkeypatch):
    monkeypatch.setenv("DIAGNOSE_ENGINE", "fast")

    with pytest.raises(SettingsError, match="kernel, pure, lark"):
        engine()


def test_the_command_line_ends_at_once_with_a_name_that_is_none():
    done = run("lint", "nothing.log", DIAGNOSE_ENGINE="fast")

    assert done.returncode == 2
    assert done.stderr.count("fast") == 1


def test_version_says_which_engine_and_why():
    assert "engine: pure (DIAGNOSE_ENGINE says so)" in run("--version", "--verbose", DIAGNOSE_ENGINE="pure").stdout
    assert "engine" not in run("--version").stdout
