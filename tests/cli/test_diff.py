"""``diagnose diff`` as a user meets it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from diagnose import emit

OLD = """\
lr0: 0.005  # found by search
momentum: 0.937
weight_decay: 0.0005
box: 0.03
obj: 1.2
iou_t: 0.15
fl_gamma: 0.0
batch_size: 16
"""
NEW = OLD.replace("lr0: 0.005", "lr0: 0.004").replace("fl_gamma: 0.0", "fl_gamma: 0.5").replace("0.0005", "0.0008")


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(OLD)
    Path("new.yaml").write_text(NEW)
    return tmp_path


def git(*words: str) -> None:
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def repo(pair: Path) -> Path:
    Path("old.yaml").unlink()
    Path("new.yaml").unlink()
    Path("configs").mkdir()
    Path("configs/hyp.yaml").write_text(OLD)
    Path("notes.md").write_text("lr: 3\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    return pair


def told(diagnose: Any, *words: str) -> tuple[int, dict[str, Any]]:
    result = diagnose("diff", *words, "--output-format", "json")
    return result.exit_code, json.loads(result.stdout)


def test_changes_come_ranked(pair: Path, diagnose: Any) -> None:
    status, report = told(diagnose, "old.yaml", "new.yaml")
    assert status == 1
    assert [change["key"] for change in report["changes"]] == ["fl_gamma", "lr0", "weight_decay"]
    first = report["changes"][0]
    assert (first["name"], first["old"], first["new"], first["change_percent"]) == ("focal_gamma", 0.0, 0.5, None)
    assert (first["kind"], first["role"], first["risk"]) == ("activation", "loss", "critical")
    assert report["schema"] == "diagnose/findings-v1"
    assert {"loss-term-switched-on", "decay-and-lr-changed"} <= {one["name"] for one in report["findings"]}


def test_equal_configs_are_silent(pair: Path, diagnose: Any) -> None:
    status, report = told(diagnose, "old.yaml", "old.yaml")
    assert (status, report["changes"], report["findings"]) == (0, [], [])


@pytest.mark.parametrize("words", [("old.yaml",), (), ("old.yaml", "new.yaml", "old.yaml")])
def test_two_sides_are_needed(pair: Path, diagnose: Any, words: tuple[str, ...]) -> None:
    result = diagnose("diff", *words)
    assert result.exit_code == 2
    assert "OLD and NEW" in result.stderr


def test_what_cannot_be_read_is_told_for_both_sides(pair: Path, diagnose: Any) -> None:
    Path("broken.yaml").write_text("lr: [1\nbatch_size: 3\n")
    result = diagnose("diff", "missing.yaml", "broken.yaml")
    assert result.exit_code == 2
    assert "missing.yaml: no such file" in result.stderr
    assert "broken.yaml" in result.stderr


def test_a_change_in_the_working_tree(repo: Path, diagnose: Any) -> None:
    assert told(diagnose, "--git", "HEAD")[0] == 0
    Path("configs/hyp.yaml").write_text(NEW)
    Path("notes.md").write_text("lr: 30\n")
    status, report = told(diagnose, "--git", "HEAD")
    assert status == 1
    assert {change["path"] for change in report["changes"]} == {"configs/hyp.yaml"}
    assert report["changes"][0]["old_path"] == "HEAD:configs/hyp.yaml"
    assert report["findings"][0]["path"] == "configs/hyp.yaml"


def test_staged_and_not(repo: Path, diagnose: Any) -> None:
    Path("configs/hyp.yaml").write_text(NEW)
    git("add", "-A")
    Path("configs/hyp.yaml").write_text(OLD)
    assert told(diagnose, "--git", "HEAD", "--staged")[0] == 1
    assert told(diagnose, "--git", "HEAD")[0] == 0


def test_between_commits_from_a_folder_below(repo: Path, diagnose: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("configs/hyp.yaml").write_text(NEW)
    git("commit", "-qam", "two")
    monkeypatch.chdir(repo / "configs")
    status, report = told(diagnose, "--git", "HEAD~1..HEAD")
    assert status == 1
    assert report["changes"][0]["path"] == "hyp.yaml"


def test_a_new_config_is_no_change(repo: Path, diagnose: Any) -> None:
    Path("configs/second.yaml").write_text(NEW)
    git("add", "-A")
    status, report = told(diagnose, "--git", "HEAD")
    assert (status, report["changes"]) == (0, [])


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD..nowhere"])
def test_revisions_that_do_not_exist(repo: Path, diagnose: Any, revision: str) -> None:
    result = diagnose("diff", f"--git={revision}")
    assert result.exit_code == 2
    assert "revision" in result.stderr


def test_options_that_need_others(pair: Path, diagnose: Any) -> None:
    assert diagnose("diff", "old.yaml", "new.yaml", "--staged").exit_code == 2
    assert diagnose("diff", "old.yaml", "new.yaml", "--apply").exit_code == 2


def test_a_named_format_is_heeded(pair: Path, diagnose: Any) -> None:
    Path("old.py").write_text("learning_rate = 0.001\nmax_iters = 500\n")
    Path("new.py").write_text("learning_rate = 0.01\nmax_iters = 500\n")
    assert told(diagnose, "old.py", "new.py", "--format", "config-python")[0] == 1
    assert diagnose("diff", "old.py", "new.py", "--format", "nonesuch").exit_code == 2


@pytest.mark.parametrize("form", emit.names())
def test_no_secret_is_repeated(form: str, pair: Path, diagnose: Any) -> None:
    for name, secret in (("old.yaml", "hunter22secret"), ("new.yaml", "correcthorse1")):
        with Path(name).open("a") as file:
            file.write(f"wandb_api_key: {secret}\nfl_alpha: 0.25  # password={secret}\n")
    result = diagnose("diff", "old.yaml", "new.yaml", "--output-format", form, "--select", "ALL")
    assert result.exit_code in (0, 1), result.output
    assert "hunter22secret" not in result.output
    assert "correcthorse1" not in result.output
