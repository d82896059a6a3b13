"""The checks that hold the house together: layers, lint, types. The same tools, run as a contributor would."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
    ],
    ids=" ".join,
)
def test_tool_is_content(command: list[str]) -> None:
    done = run(sys.executable, "-m", *command)

    assert 0 == done.returncode, done.stdout + done.stderr


def test_layers() -> None:
    done = run(str(Path(sys.executable).parent / "lint-imports"))

    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("package", ["model", "scan", "settings"])
def test_names_that_are_imported_later_are_there(package: str) -> None:
    module = importlib.import_module(f"diagnose.{package}")

    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = module.other


def test_heavy_packages_are_no_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = " ".join(project["dependencies"])

    assert not any(heavy in names for heavy in ("torch", "tensorboard", "pandas", "tensorflow", "ray"))


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from diagnose.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'lark', 'jinja2', 'yaml', 'rich'} & set(sys.modules)))"
    )
    done = run(sys.executable, "-c", code)

    assert done.stdout.rstrip().endswith("[]"), done.stdout
