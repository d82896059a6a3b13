"""Which engine is used, and how one is asked for."""

import os
import subprocess
import sys

import pytest

from diagnose import compiled
from diagnose.errors import SettingsError
from diagnose.scan import engine
from diagnose.scan.engine import kernel_problem


def run(*arguments, **environment):
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


@pytest.fixture
def beside_its_source(tmp_path, monkeypatch):
    """A module that stands for a compiled one, with its source beside it."""
    (tmp_path / "_made.py").write_text("")
    (tmp_path / "_made.h").write_text("")
    os.utime(tmp_path / "_made.py", (2000, 2000))
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "_made.h"
    sys.modules.pop("_made", None)
    compiled.module.cache_clear()


@pytest.mark.parametrize(
    ("checkout", "changed", "usable"), [(True, 1000, True), (True, 3000, False), (False, 3000, True)]
)
def test_a_kernel_older_than_its_source_is_not_used_in_a_checkout(
    checkout, changed, usable, beside_its_source, monkeypatch
):
    monkeypatch.setattr(compiled, "in_checkout", lambda: checkout)
    os.utime(beside_its_source, (changed, changed))

    if usable:
        assert compiled.module("_made")
    else:
        with pytest.raises(ImportError, match=r"_made is older than its source: `pip install -e \.`"):
            compiled.module("_made")
