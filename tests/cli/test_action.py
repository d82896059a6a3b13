"""The script of the GitHub action, in scratch repositories, with this program as its ``diagnose``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
OLD = "lr: 0.001\nepochs: 10\nbatch_size: 16\noptimizer: AdamW\n"
NEW = OLD.replace("0.001", "0.5")
ZERO = "0" * 40

pytestmark = pytest.mark.skipif(not shutil.which("bash") or os.name == "nt", reason="bash is not there")


def git(where: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main", *words]
    return subprocess.run(command, cwd=where, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def origin(project: Path) -> Path:
    """A repository on ``main``, with a branch ``work`` that changes a config."""
    where = project / "origin"
    (where / "configs").mkdir(parents=True)
    git(where, "init", "-q")
    (where / "configs/a.yaml").write_text(OLD)
    git(where, "add", "-A")
    git(where, "commit", "-qm", "one")
    git(where, "checkout", "-qb", "work")
    (where / "configs/a.yaml").write_text(NEW)
    git(where, "commit", "-qam", "two")
    return where


@pytest.fixture
def clone(origin: Path) -> Path:
    git(origin.parent, "clone", "-q", f"file://{origin}", "clone")
    return origin.parent / "clone"


def act(where: Path, base: str = "HEAD~1", paths: str = ".", **inputs: str) -> tuple[int, str]:
    programs = where.parent / "programs"
    programs.mkdir(exist_ok=True)
    program = programs / "diagnose"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m diagnose "$@"\n')
    program.chmod(0o755)
    (where.parent / "summary.md").touch()
    given = {"COMMAND": "diff", "PATHS": paths, "BASE": base, "DEFAULT_BRANCH": "main", "FAIL_ON": "error"}
    given |= {"OPTIONS": "", "SARIF": ""} | inputs
    environment = {
        **os.environ,
        **{f"INPUT_{name}": value for name, value in given.items()},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(where.parent),
        "GITHUB_STEP_SUMMARY": str(where.parent / "summary.md"),
    }
    command = ["bash", str(ROOT / ".ci" / "action")]
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_a_change_is_found_and_summed_up(clone: Path) -> None:
    status, said = act(clone)
    assert status == 1
    assert "configs/a.yaml" in said
    assert "configs/a.yaml" in (clone.parent / "summary.md").read_text()


@pytest.mark.parametrize(
    "base", ["--upload-pack=touch made", "-q", "", "a b", "main:main", "+main", "refs/*", "main..HEAD", "x\ny"]
)
def test_a_base_that_is_no_revision(clone: Path, base: str) -> None:
    status, said = act(clone, base)
    assert status == 2
    assert "no revision" in said
    assert not (clone / "made").exists()


@pytest.mark.parametrize("paths", ["nosuch", "configs/*.yml", "my configs", "configs/a.yaml nosuch"])
def test_paths_that_match_nothing(clone: Path, paths: str) -> None:
    assert act(clone, paths=paths)[0] == 2


@pytest.mark.parametrize("paths", ["configs/*.yaml", "**/*.yaml", "", "\n  configs\n", "configs configs/a.yaml"])
def test_paths_and_patterns(clone: Path, paths: str) -> None:
    assert act(clone, paths=paths)[0] == 1


def test_a_path_with_spaces_has_a_line_of_its_own(clone: Path) -> None:
    (clone / "my configs").mkdir()
    (clone / "my configs/b.yaml").write_text(NEW)
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "three")
    status, said = act(clone, paths="my configs\nconfigs\n")
    assert status == 1
    assert "my configs/b.yaml" in said


class TestWithoutACommitBefore:
    def test_a_new_branch_is_compared_with_the_default(self, clone: Path) -> None:
        status, said = act(clone, ZERO)
        assert status == 1
        assert "compared with main" in said

    def test_the_first_push_is_judged_alone(self, clone: Path) -> None:
        git(clone, "checkout", "-q", "main")
        status, said = act(clone, ZERO)
        assert status == 0
        assert "judged alone" in said

    def test_a_branch_that_was_rewritten(self, clone: Path) -> None:
        assert act(clone, "1" * 40)[0] == 1
        git(clone, "checkout", "-q", "main")
        status, said = act(clone, "1" * 40)
        assert status == 2
        assert "any more" in said

    def test_without_a_default_branch(self, clone: Path) -> None:
        assert act(clone, "1" * 40, DEFAULT_BRANCH="")[0] == 2
        assert act(clone, "nosuch")[0] == 2


def test_a_shallow_checkout_fetches_the_base(origin: Path) -> None:
    git(origin.parent, "clone", "-q", "--depth=1", "--branch=work", f"file://{origin}", "shallow")
    shallow = origin.parent / "shallow"
    base = git(origin, "rev-parse", "main")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    assert act(shallow, base)[0] == 1
    assert act(shallow, "main")[0] == 1
    status, said = act(shallow, "HEAD~1")
    assert status == 2
    assert "fetch-depth" in said


def test_inputs_of_the_action_reach_the_script() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    script = (ROOT / ".ci" / "action").read_text()
    given = action["runs"]["steps"][1]["env"]
    assert set(re.findall(r"INPUT_\w+", script)) == set(given)


HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


@pytest.mark.parametrize("hook", ["diagnose-config", "diagnose-diff"])
@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("config.yaml", True),
        ("params.yaml", True),
        ("ds_config.json", True),
        ("deepspeed.json", True),
        ("training_config.toml", True),
        ("configs/a/b.py", True),
        ("conf/optimizer/adam.yaml", True),
        ("hyp.scratch.yaml", True),
        ("train.sh", True),
        ("scripts/run_7b.sh", True),
        ("jobs/train.slurm", True),
        ("src/model.py", False),
        ("package.json", False),
        (".github/workflows/ci.yml", False),
        ("docker-compose.yaml", False),
        ("README.md", False),
    ],
)
def test_files_of_the_hooks(hook: str, path: str, takes: bool) -> None:
    assert bool(re.search(HOOKS[hook]["files"], path)) == takes
