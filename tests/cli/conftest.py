"""A small project with a sick log, a healthy one and one of no known format."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from diagnose.cli.main import main

os.environ["DIAGNOSE_NO_CACHE"] = "1"  # also for the processes that tests start
SICK = (
    "epoch,loss,val_loss\n"
    + "".join(f"{n},{2 - n / 10:.3f},{2.1 - n / 10:.3f}\n" for n in range(1, 6))
    + ("6,nan,nan\n7,nan,nan\n8,nan,nan\n")
)
HEALTHY = "epoch,loss,val_loss\n" + "".join(
    f"{n},{2 / n + 0.013 * (n % 3):.4f},{2.1 / n + 0.011 * (n % 2):.4f}\n" for n in range(1, 13)
)
RULE = """\
code: MY001
name: long-enough
title: The run has some epochs
severity: warning
since: "0.1"
needs: [series: val/loss]
params: {least: 3}
when: count(val/loss) >= least
at: last(val/loss)
message: "{{ least }} points or more"
why: It is only for tests.
advice: Nothing to do.
basis: "made for tests"
cases:
  - reported: {val/loss: "1x5"}
  - silent: {val/loss: "1x2"}
"""


class Diagnose:
    """Runs the command line in this process."""

    def __call__(self, *args: str | Path, stdin: str | bytes | None = None, **env: str) -> Result:
        return CliRunner(env=env).invoke(main, [str(arg) for arg in args], input=stdin, prog_name="diagnose")


@pytest.fixture
def diagnose() -> Diagnose:
    return Diagnose()


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own, without the environment's wishes."""
    for name in (
        "FORCE_COLOR", "NO_COLOR", "DIAGNOSE_OUTPUT_FORMAT", "DIAGNOSE_CONFIG", "DIAGNOSE_TRACEBACK", "DIAGNOSE_JOBS",
        "GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "CI_PROJECT_DIR", "CI",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sick.csv").write_text(SICK)
    (tmp_path / "healthy.csv").write_text(HEALTHY)
    (tmp_path / "letter.txt").write_text("Dear all,\nno numbers here.\n")
    return tmp_path


@pytest.fixture
def own_rule(project: Path) -> Path:
    """A folder with a user rule."""
    folder = project / "my-rules"
    folder.mkdir()
    (folder / "long-enough.yaml").write_text(RULE)
    return folder
