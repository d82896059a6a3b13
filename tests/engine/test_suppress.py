"""Per-path ignores, and the baseline file itself."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.engine import baseline
from diagnose.engine.baseline import Baseline
from diagnose.engine.suppress import SilentPaths, Suppressor, covers
from diagnose.model import Finding, Place


def finding(
    path: str = "a.log", name: str = "loss-nan", subject: str = "train/loss", message: str = "is NaN"
) -> Finding:
    return Finding("LOSS001", name, "error", message, Place(path, 3), subject=subject)


@pytest.mark.parametrize(
    ("globs", "path", "covered"),
    [
        (["*.log"], "runs/a.log", True),
        (["/*.log"], "runs/a.log", False),
        (["runs/"], "runs/a.log", True),
        (["runs/**/old"], "runs/1/2/old/a.log", True),
        (["*.log", "!keep.log"], "keep.log", False),
        (["*.log"], "../a.log", False),
        (["a.log"], "./x/../a.log", True),
    ],
)
def test_globs_are_those_of_gitignore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, globs, path, covered):
    monkeypatch.chdir(tmp_path)

    assert covered == covers(tmp_path, globs, path)


def test_paths_start_at_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")

    assert covers(tmp_path, ["/sub/a.log"], "a.log")


def test_the_suppressor_counts_by_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    silent = SilentPaths(("old/",), frozenset({"loss-nan"}), "before the fix", tmp_path)
    known = baseline.from_findings(tmp_path / "b.toml", [finding()])
    suppressor = Suppressor((silent,), known)
    kept = [
        suppressor(item) for item in (finding("old/x.log"), finding(), finding(), finding("old/x.log", "loss-zero"))
    ]

    assert kept == [False, False, True, True]
    assert suppressor.counts == {"before the fix": 1, "baseline": 1}


class TestBaseline:
    """The file."""

    def test_equal_findings_are_counted(self, tmp_path: Path):
        made = baseline.from_findings(tmp_path / "b.toml", [finding(), finding(), finding(subject="val/loss")])

        assert sorted(entry.count for entry in made.entries.values()) == [1, 2]

    def test_round_trip(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        made = baseline.from_findings(tmp_path / "b.toml", [finding(), finding("z/b.log")])
        made.save()

        assert made.entries == baseline.load(tmp_path / "b.toml").entries
        assert [tmp_path / "b.toml"] == list(tmp_path.iterdir())

    @given(st.text(), st.text(min_size=1))
    def test_any_text_can_be_written(self, message: str, path: str):
        made = baseline.from_findings(Path("b.toml"), [finding(path.replace("\0", ""), message=message)])
        raw = tomllib.loads(made.text().encode("utf-8").decode("utf-8"))

        assert list(made.entries) == [row["fingerprint"] for row in raw["finding"]]

    def test_pruning_lowers_counts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a.log").write_text("")
        made = baseline.from_findings(tmp_path / "b.toml", [finding(), finding(), finding()])
        made.knows(finding())
        (kept,) = made.pruned(["a.log"]).entries.values()

        assert kept.count == 1

    def test_standard_input_never_exists(self, tmp_path: Path):
        made = baseline.from_findings(tmp_path / "b.toml", [finding("<stdin>")])

        assert made.stale([]) == []
        assert made.stale(["<stdin>"])

    def test_it_cannot_be_written(self, tmp_path: Path):
        from diagnose.errors import SettingsError

        with pytest.raises(SettingsError, match="cannot write"):
            Baseline(tmp_path / "no/b.toml").save()
