"""``diagnose diff --git`` as a gate: what a change may do so as not to be seen."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from diagnose.engine.confirm import SCHEMA, diff_hash
from diagnose.engine.diff.compare import compare
from diagnose.engine.diff.side import side_of
from diagnose.model import Config
from diagnose.sources import from_bytes

OLD = "lr: 0.001\nepochs: 10\nbatch_size: 16\nmomentum: 0.9\n"
NEW = OLD.replace("0.001", "0.05")
BASE = "optimizer = dict(type='SGD', lr=0.01, momentum=0.9)\ntotal_epochs = 12\n"
CHILD = "_base_ = ['./base.py']\nmodel = dict(type='Toy', num_classes=4)\n"


def read_config(text: str) -> Config:
    return side_of(from_bytes("configs/a.yaml", text.encode())).config


def git(*words: str) -> None:
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def repo(project: Path) -> Path:
    for name, text in {"configs/a.yaml": OLD, "py/base.py": BASE, "py/child.py": CHILD, "notes.md": "none\n"}.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    return project


def told(diagnose: Any, *words: str, **env: str) -> tuple[int, dict[str, Any]]:
    result = diagnose("diff", "--git", *words, "--output-format", "json", **env)
    return result.exit_code, json.loads(result.stdout)


def changed(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(change["path"], change["key"]) for change in report["changes"]}


@pytest.mark.parametrize(
    "text",
    ["{lr: 5, epochs: 100}\n", '"a b <b>": 1\n' + NEW, "? lr\n: 5\n? epochs\n: 10\n", "---\nlr: 5\n---\nepochs: 3\n"],
)
def test_a_config_written_another_way_is_still_compared(repo: Path, diagnose: Any, text: str) -> None:
    Path("configs/a.yaml").write_text(text)
    assert ("configs/a.yaml", "lr") in changed(told(diagnose, "HEAD")[1])


@pytest.mark.parametrize("commit", [False, True], ids=["tree", "revision"])
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_text(""), "empty"),
        (lambda path: path.write_text("Dear all,\nthe lr is 5 now.\n"), "no settings"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/hostname")), "out of the repository"),
        (lambda path: (path.unlink(), path.symlink_to("../notes.md")), "no settings"),
        (lambda path: (path.unlink(), path.symlink_to("a.yaml")), "HEAD"),
        (lambda path: (path.unlink(), path.mkdir(), (path / "x.txt").write_text("1")), "a folder"),
    ],
    ids=["empty", "prose", "outside", "link", "circle", "folder"],
)
def test_a_config_that_is_none_any_more_is_trouble(
    repo: Path, diagnose: Any, make: Any, why: str, commit: bool
) -> None:
    make(Path("configs/a.yaml"))
    if commit:
        git("add", "-A")
        git("commit", "-qm", "two")
    result = diagnose("diff", "--git", "HEAD~1..HEAD" if commit else "HEAD")
    assert result.exit_code == 2
    assert why in result.stderr
    assert "restore it" in result.stderr


def test_a_pipe_in_place_of_a_config_does_not_hang(repo: Path, diagnose: Any) -> None:
    Path("configs/a.yaml").unlink()
    os.mkfifo("configs/a.yaml")
    result = diagnose("diff", "--git", "HEAD")
    assert result.exit_code == 2
    assert "configs/a.yaml" in result.stderr


def test_a_config_that_is_deleted_is_not_judged(repo: Path, diagnose: Any) -> None:
    Path("configs/a.yaml").unlink()
    assert told(diagnose, "HEAD")[0] == 0


def test_other_files_may_become_anything(repo: Path, diagnose: Any) -> None:
    Path("notes.md").write_text("")
    assert told(diagnose, "HEAD")[0] == 0


def test_what_was_no_config_is_judged_as_new(repo: Path, diagnose: Any) -> None:
    Path("notes.md").write_text("optimizer: AdamW\nlr: 5\nepochs: 3\nbatch_size: 4\n")
    status, report = told(diagnose, "HEAD")
    assert status == 1
    assert {finding["path"] for finding in report["findings"]} == {"notes.md"}


@pytest.mark.parametrize("path", ["nosuch.yaml", "configs/*.yaml", "nosuch", "my configs"])
def test_paths_that_match_nothing(repo: Path, diagnose: Any, path: str) -> None:
    Path("configs/a.yaml").write_text(NEW)
    for revisions in ("HEAD", "HEAD..HEAD"):
        result = diagnose("diff", "--git", revisions, path)
        assert result.exit_code == 2
        assert path in result.stderr


def test_a_path_of_the_old_revision_is_one(repo: Path, diagnose: Any) -> None:
    git("rm", "-q", "configs/a.yaml")
    assert told(diagnose, "HEAD", "configs/a.yaml")[0] == 0
    git("commit", "-qm", "two")
    assert told(diagnose, "HEAD~1..HEAD", "configs")[0] == 0


class TestBases:
    def test_a_config_whose_base_changed(self, repo: Path, diagnose: Any) -> None:
        Path("py/base.py").write_text(BASE.replace("0.01", "0.5"))
        for commit in (False, True):
            if commit:
                git("commit", "-qam", "two")
            status, report = told(diagnose, "HEAD~1..HEAD" if commit else "HEAD", "py/child.py")
            assert status == 1
            assert report["changes"][0]["key"] == "optimizer.lr"
            assert report["findings"][0]["path"] == "py/base.py"

    def test_the_base_itself_is_told_once(self, repo: Path, diagnose: Any) -> None:
        Path("py/base.py").write_text(BASE.replace("0.01", "0.5"))
        status, report = told(diagnose, "HEAD")
        assert status == 1
        assert [change["path"] for change in report["changes"]] == ["py/base.py"]
        assert any("py/child.py" in note for note in report["notes"])

    def test_what_only_the_whole_shows_is_told(self, repo: Path, diagnose: Any) -> None:
        Path("conf/optimizer").mkdir(parents=True)
        Path("conf/config.yaml").write_text("defaults:\n  - optimizer: adam\n  - _self_\nepochs: 3\nbatch_size: 4\n")
        Path("conf/optimizer/adam.yaml").write_text("_target_: torch.optim.AdamW\nlr: 0.001\n")
        git("add", "-A")
        git("commit", "-qm", "two")
        Path("conf/optimizer/adam.yaml").write_text("_target_: torch.optim.AdamW\nlr: 0.5\n")
        status, report = told(diagnose, "HEAD", "conf/config.yaml")
        assert status == 1
        assert changed(report) == {("conf/optimizer/adam.yaml", "optimizer.lr")}

    def test_through_other_configs(self, repo: Path, diagnose: Any) -> None:
        Path("py/middle.py").write_text(CHILD)
        Path("py/last.py").write_text("_base_ = 'middle.py'\ntotal_epochs = 24\n")
        Path("py/other.py").write_text("_base_ = 'nothing.py'\ntotal_epochs = 24\n")
        git("add", "-A")
        git("commit", "-qm", "two")
        Path("py/base.py").write_text(BASE.replace("0.01", "0.5"))
        status, report = told(diagnose, "HEAD", "py/last.py", "py/other.py")
        assert status == 1
        assert [change["key"] for change in report["changes"]] == ["optimizer.lr"]

    def test_a_base_that_is_gone(self, repo: Path, diagnose: Any) -> None:
        Path("py/base.py").unlink()
        assert told(diagnose, "HEAD", "py/child.py")[0] in (1, 2)

    def test_other_configs_are_left_alone(self, repo: Path, diagnose: Any) -> None:
        Path("py/tool.py").write_text("print(1)\n")
        git("add", "-A")
        status, report = told(diagnose, "HEAD")
        assert (status, report["changes"]) == (0, [])

    def test_so_many_and_no_more(self, repo: Path, diagnose: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("diagnose.api.differ.MOST_CANDIDATES", 1)
        Path("py/second.py").write_text(CHILD)
        git("add", "-A")
        git("commit", "-qm", "two")
        Path("py/base.py").write_text(BASE.replace("0.01", "0.5"))
        _, report = told(diagnose, "HEAD")
        assert any("of 2 configs" in note for note in report["notes"])


def test_renamed_out_of_the_policy_is_still_seen(repo: Path, diagnose: Any) -> None:
    Path("diagnose.toml").write_text('[policy]\npaths = ["configs/**"]\n')
    git("mv", "configs/a.yaml", "b.yaml")
    Path("b.yaml").write_text(OLD.replace("0.001", "0.05"))
    assert ("b.yaml", "lr") in changed(told(diagnose, "HEAD")[1])


def test_standard_input_is_a_side(project: Path, diagnose: Any) -> None:
    Path("old.yaml").write_text(OLD)
    result = diagnose("diff", "old.yaml", "-", "--stdin-filename", "new.yaml", "--output-format", "json", stdin=NEW)
    assert json.loads(result.stdout)["changes"][0]["path"] == "new.yaml"
    assert diagnose("diff", "-", "-", stdin=NEW).exit_code == 2
    assert diagnose("diff", "--git", "HEAD", "-", stdin=NEW).exit_code == 2


def test_wishes_that_cannot_be_met(project: Path, diagnose: Any) -> None:
    Path("old.yaml").write_text(OLD)
    assert diagnose("diff", "old.yaml", "old.yaml", "--fix-plan", "").exit_code == 2
    result = diagnose("diff", "old.yaml", "old.yaml", DIAGNOSE_TODAY="garbage")
    assert result.exit_code == 2
    assert "DIAGNOSE_TODAY" in result.stderr
    assert diagnose("lint", "healthy.csv", DIAGNOSE_TODAY="garbage").exit_code == 2


def test_a_fault_of_a_shared_part_is_told_once(project: Path, diagnose: Any) -> None:
    Path("conf/optimizer").mkdir(parents=True)
    Path("conf/optimizer/adam.yaml").write_text("_target_: torch.optim.AdamW\nlr: 5\n")
    for name in ("train", "tune"):
        Path(f"conf/{name}.yaml").write_text("defaults:\n  - optimizer: adam\n  - _self_\nepochs: 3\nbatch_size: 4\n")
    result = diagnose("lint", "conf", "--output-format", "concise")
    assert result.stdout.count("CFG001") == 1


def test_unknown_values_are_null_in_json(project: Path, diagnose: Any) -> None:
    Path("a.yaml").write_text("lr: ${oc.env:LR}\nepochs: 3\nbatch_size: [4, !mine 5]\n")
    (record,) = json.loads(diagnose("formats", "parse", "--output-format", "json", "a.yaml").stdout)
    segment = record["segments"][0]
    assert segment["config"]["lr"] is None
    assert segment["unknown"] == ["lr"]


def test_a_confirmation_without_its_record_opens_nothing(repo: Path, diagnose: Any) -> None:
    Path("diagnose.toml").write_text('[policy]\nrequire-confirmation = ["critical", "high"]\n')
    waiver = '# diagnose: waive-file[DIFF] reason="known" owner=@ada expires=2999-01-31 confirmed-by=123456abcdef\n'
    Path("configs/a.yaml").write_text(waiver + NEW)

    status, report = told(diagnose, "HEAD")
    assert status == 1
    (finding,) = [one for one in report["findings"] if one["name"] == "waiver-unconfirmed"]
    assert "commit .diagnose/confirmations/123456abcdef.json" in finding["message"]

    changes = compare(read_config(OLD), read_config(NEW))
    record = {
        "schema": SCHEMA,
        "id": "123456abcdef",
        "diff": diff_hash(changes),
        "verdict": "confirmed",
        "untested": [],
    }
    file = Path(".diagnose/confirmations/123456abcdef.json")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(record))
    assert told(diagnose, "HEAD")[0] == 0
