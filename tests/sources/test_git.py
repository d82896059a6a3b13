"""What changed between two states of a repository, and what a file held in one of them; nothing is written or run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from diagnose.errors import SourceError
from diagnose.sources import git
from diagnose.sources.git import INDEX, AtRevision, ChangedFile, Revisions, changed, parse_range, read_at, resolve


class Repo:
    """A scratch repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *command: str) -> str:
        done = subprocess.run(["git", *command], cwd=self.path, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()

    def write(self, **files: str | None) -> None:
        for name, text in files.items():
            file = self.path / name.replace("__", "/").replace("_yaml", ".yaml")
            file.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                file.unlink()
            else:
                file.write_bytes(text.encode())

    def commit(self, message: str = "x", **files: str | None) -> str:
        self.write(**files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def state(self) -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in sorted((self.path / ".git").rglob("*")) if file.is_file()}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "repo")
    made.commit(a_yaml="lr: 0.1\n" * 9, configs__b_yaml="lr: 0.2\n", configs__c_yaml="lr: 0.3\n")
    return made


def paths(found: list[ChangedFile]) -> list[tuple[str | None, str | None, str]]:
    return [(change.old_path, change.new_path, change.status) for change in found]


class TestRange:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("main", Revisions("main")),
            ("", Revisions("HEAD")),
            ("v1.0..HEAD", Revisions("v1.0", "HEAD")),
            ("v1.0...topic", Revisions("v1.0", "topic", merge_base=True)),
            ("main..", Revisions("main", "HEAD")),
            ("...topic", Revisions("HEAD", "topic", merge_base=True)),
        ],
    )
    def test_syntax(self, text: str, expected: Revisions) -> None:
        assert expected == parse_range(text)

    def test_staged(self) -> None:
        assert Revisions("HEAD", staged=True) == parse_range("", staged=True)
        with pytest.raises(SourceError, match="compares with one revision"):
            parse_range("a..b", staged=True)

    @pytest.mark.parametrize("text", ["--output=/tmp/x", "-h", "main..--exec=x", "a b", "a\0b", "a\nb"])
    def test_what_is_no_revision(self, text: str) -> None:
        with pytest.raises(SourceError, match="not a revision"):
            parse_range(text)


class TestChanged:
    def test_between_revisions(self, repo: Repo) -> None:
        repo.git("mv", "a.yaml", "moved.yaml")
        repo.commit(configs__b_yaml="lr: 9\n", configs__c_yaml=None, new_yaml="x: 1\n")

        assert [
            ("configs/b.yaml", "configs/b.yaml", "modified"),
            ("configs/c.yaml", None, "deleted"),
            ("a.yaml", "moved.yaml", "renamed"),
            (None, "new.yaml", "added"),
        ] == paths(changed(repo.path, "HEAD~1", "HEAD"))

    def test_paths_narrow_it(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        repo.commit(a_yaml="lr: 1\n", configs__b_yaml="lr: 9\n")
        monkeypatch.chdir(repo.path / "configs")

        assert ["configs/b.yaml"] == [change.new_path for change in changed(repo.path, "HEAD~1", "HEAD", ["."])]
        assert ["a.yaml"] == [change.new_path for change in changed(repo.path, "HEAD~1", "HEAD", ["../a.yaml"])]
        assert 2 == len(changed(repo.path, "HEAD~1", "HEAD", [".."]))

    def test_a_path_is_no_pattern_and_no_option(self, repo: Repo) -> None:
        repo.write(configs__b_yaml="lr: 9\n")
        (repo.path / "--output=x.yaml").write_text("lr: 1\n")
        repo.commit()

        assert [] == changed(repo.path, "HEAD~1", "HEAD", [repo.path / "configs/*.yaml"])
        (found,) = changed(repo.path, "HEAD~1", "HEAD", [repo.path / "--output=x.yaml"])
        assert "--output=x.yaml" == found.new_path

    def test_odd_names(self, repo: Repo) -> None:
        names = ["ü ber.yaml", 'quo"te.yaml', "new\nline.yaml", "tab\t.yaml"]
        for name in names:
            (repo.path / name).write_text("lr: 1\n")
        repo.commit()

        assert sorted(names) == [change.new_path for change in changed(repo.path, "HEAD~1", "HEAD")]
        assert b"lr: 1\n" == read_at(repo.path, "HEAD", names[2])

    def test_working_tree(self, repo: Repo) -> None:
        repo.write(a_yaml="lr: 5\n", configs__c_yaml=None, untracked_yaml="x: 1\n")

        assert [("a.yaml", "a.yaml", "modified"), ("configs/c.yaml", None, "deleted")] == paths(
            changed(repo.path, "HEAD")
        )

    def test_a_time_stamp_is_no_change(self, repo: Repo) -> None:
        os.utime(repo.path / "a.yaml", (1, 1))

        assert [] == changed(repo.path, "HEAD")

    def test_index(self, repo: Repo) -> None:
        repo.write(a_yaml="lr: 5\n")
        repo.git("add", "a.yaml")
        repo.write(a_yaml="lr: 6\n", configs__b_yaml="lr: 7\n")

        assert ["a.yaml"] == [change.new_path for change in changed(repo.path, "HEAD", staged=True)]
        assert b"lr: 5\n" == read_at(repo.path, INDEX, "a.yaml")

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        repo = Repo(tmp_path / "fresh")
        repo.write(a_yaml="lr: 1\n")
        repo.git("add", "-A")
        states = resolve(repo.path, parse_range("HEAD", staged=True))

        assert [(None, "a.yaml", "added")] == paths(changed(repo.path, states.base, states.head))

    def test_submodules_are_left_out(self, repo: Repo, tmp_path: Path) -> None:
        inner = Repo(tmp_path / "inner")
        inner.commit(z_yaml="a: 1\n")
        repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub")
        repo.commit()

        assert [".gitmodules"] == [change.new_path for change in changed(repo.path, "HEAD~1", "HEAD")]
        with pytest.raises(SourceError, match="a submodule"):
            read_at(repo.path, "HEAD", "sub")


class TestResolve:
    def test_merge_base(self, repo: Repo) -> None:
        fork = repo.git("rev-parse", "HEAD")
        repo.git("checkout", "-q", "-b", "topic")
        topic = repo.commit(a_yaml="lr: 1\n")
        repo.git("checkout", "-q", "main")
        repo.commit(configs__b_yaml="lr: 1\n")
        states = resolve(repo.path, parse_range("main...topic"))

        assert (fork, topic) == (states.base, states.head)
        assert ["a.yaml"] == [change.new_path for change in changed(repo.path, states.base, states.head)]

    def test_nothing_in_common(self, repo: Repo) -> None:
        repo.git("checkout", "-q", "--orphan", "other")
        repo.commit("another beginning")
        with pytest.raises(SourceError, match="no commit in common"):
            resolve(repo.path, parse_range("main...other"))

    def test_names(self, repo: Repo) -> None:
        assert "the working tree" == resolve(repo.path, parse_range("HEAD")).head_name
        assert "the index" == resolve(repo.path, parse_range("HEAD", staged=True)).head_name

    def test_no_such_revision(self, repo: Repo) -> None:
        with pytest.raises(SourceError, match="no such revision: nope") as caught:
            resolve(repo.path, parse_range("nope"))
        assert "git fetch" in caught.value.mend

    def test_shallow_clone(self, repo: Repo, tmp_path: Path) -> None:
        first = repo.git("rev-parse", "HEAD")
        repo.commit(a_yaml="lr: 1\n")
        subprocess.run(
            ["git", "clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow")],
            check=True,
            capture_output=True,
        )
        for revision in (first, "HEAD~1", "origin/other"):
            with pytest.raises(SourceError, match="shallow clone") as caught:
                resolve(tmp_path / "shallow", parse_range(revision))
            assert "git fetch --depth=100 origin" in caught.value.mend


class TestReadAt:
    def test_revisions(self, repo: Repo) -> None:
        repo.commit(configs__b_yaml="lr: 9\n")

        assert b"lr: 0.2\n" == read_at(repo.path, "HEAD~1", "configs/b.yaml")
        assert b"lr: 9\n" == read_at(repo.path, "HEAD", "configs/b.yaml")

    @pytest.mark.parametrize("path", ["no.yaml", "configs/no.yaml", "../a.yaml", "*.yaml"])
    def test_no_such_file(self, repo: Repo, path: str) -> None:
        with pytest.raises(SourceError, match="no such file"):
            read_at(repo.path, "HEAD", path)

    @pytest.mark.parametrize("revision", ["HEAD", INDEX])
    def test_a_folder(self, repo: Repo, revision: str) -> None:
        with pytest.raises(SourceError, match="a folder"):
            read_at(repo.path, revision, "configs")

    def test_too_large(self, repo: Repo) -> None:
        repo.commit(big_yaml="#" * (git.LARGEST + 1))
        with pytest.raises(SourceError, match="too large"):
            read_at(repo.path, "HEAD", "big.yaml")

    def test_links_stay_inside(self, repo: Repo) -> None:
        (repo.path / "configs/link.yaml").symlink_to("../a.yaml")
        (repo.path / "out.yaml").symlink_to("/etc/hostname")
        (repo.path / "up.yaml").symlink_to("../secret.yaml")
        (repo.path / "loop.yaml").symlink_to("loop.yaml")
        repo.commit()

        assert read_at(repo.path, "HEAD", "a.yaml") == read_at(repo.path, "HEAD", "configs/link.yaml")
        for name in ("out.yaml", "up.yaml"):
            with pytest.raises(SourceError, match="leads out of the repository"):
                read_at(repo.path, "HEAD", name)
        with pytest.raises(SourceError, match="circle"):
            read_at(repo.path, "HEAD", "loop.yaml")

    def test_lfs_pointer(self, repo: Repo) -> None:
        repo.commit(big_yaml="version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
        with pytest.raises(SourceError, match="Git LFS pointer"):
            read_at(repo.path, "HEAD", "big.yaml")

    def test_a_conflict(self, repo: Repo) -> None:
        repo.git("checkout", "-q", "-b", "topic")
        repo.commit(a_yaml="lr: 1\n")
        repo.git("checkout", "-q", "main")
        repo.commit(a_yaml="lr: 2\n")
        subprocess.run(["git", "merge", "topic"], cwd=repo.path, capture_output=True, check=False)
        with pytest.raises(SourceError, match="in conflict"):
            read_at(repo.path, INDEX, "a.yaml")

    def test_files_of_a_revision(self, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repo.commit(configs__b_yaml=None, bom_yaml="\ufefflr: 1\n")
        files = AtRevision(repo.path, "HEAD~1")
        monkeypatch.chdir(repo.path / "configs")

        assert "lr: 0.2\n" == files.read("b.yaml") == files.read(str(repo.path / "configs/b.yaml"))
        assert "lr: 1\n" == AtRevision(repo.path, "HEAD").read("../bom.yaml")
        with pytest.raises(SourceError, match="outside of the repository"):
            files.read(str(tmp_path / "x.yaml"))


class TestNothingIsRun:
    def test_programs_of_the_configuration(self, repo: Repo, tmp_path: Path) -> None:
        repo.commit(_gitattributes="x", a_yaml="lr: 1\n")
        (repo.path / ".gitattributes").write_text("*.yaml filter=evil diff=evil\n")
        script = tmp_path / "evil.sh"
        script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
        script.chmod(0o755)
        hooks = repo.path / ".git/hooks"
        hooks.mkdir(exist_ok=True)
        for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
            (hooks / name).write_text(script.read_text())
            (hooks / name).chmod(0o755)
        for key in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.command", "diff.evil.textconv", "core.pager"):
            repo.git("config", key, str(script))
        repo.git("config", "filter.evil.required", "true")
        repo.git("config", "core.fsmonitor", str(script))
        repo.git("config", "diff.external", str(script))
        (tmp_path / "ran").unlink(missing_ok=True)  # git itself ran it for the fixture
        repo.write(a_yaml="lr: 5\n")
        before = repo.state()

        assert "a.yaml" in [change.new_path for change in changed(repo.path, "HEAD")]
        changed(repo.path, "HEAD~1", "HEAD")
        changed(repo.path, "HEAD", staged=True)
        read_at(repo.path, "HEAD", "a.yaml")
        assert not (tmp_path / "ran").exists()
        assert before == repo.state()


class TestTrouble:
    def test_not_a_repository(self, tmp_path: Path) -> None:
        (tmp_path / "plain").mkdir()
        with pytest.raises(SourceError, match="not in a git repository"):
            git.repository(tmp_path / "plain")

    def test_git_is_missing(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(SourceError, match="git is not installed"):
            git.repository(repo.path)

    def test_top(self, repo: Repo) -> None:
        assert repo.path.resolve() == git.repository(repo.path / "configs").resolve()
        assert repo.path.resolve() == git.repository(repo.path / "gone" / "b.yaml").resolve()

    def test_bare(self, repo: Repo, tmp_path: Path) -> None:
        repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare"))
        with pytest.raises(SourceError, match="without a working tree"):
            git.repository(tmp_path / "bare")
