"""From bytes to findings: reading together, folding, quoting, fingerprints, skipped rules, errors beside good files."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.engine import Options, lint
from diagnose.engine.inputs import collect
from diagnose.errors import RuleError
from diagnose.model import Finding, Report
from diagnose.rules import Selection, builtin, from_mapping, select

ROOT = Path(__file__).parents[2]
SICK = ROOT / "fixtures" / "keras" / "two_stage_sick.log"
LIMIT = 1 << 24


def run(*paths: Path | str, **options: object) -> Report:
    rules = select(builtin(), Selection())
    return lint(collect([str(path) for path in paths], limit=LIMIT), Options(rules, **options))  # type: ignore[arg-type]


def named(report: Report, name: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.name == name]


class TestSickLog:
    def test_segments_are_named(self) -> None:
        segments = {finding.segment for finding in named(run(SICK), "restore-from-epoch-1")}

        assert 3 == len(segments)
        assert any("STAGE 1" in segment for segment in segments)

    def test_evidence_quotes_the_lines_it_points_at(self) -> None:
        lines = SICK.read_text(encoding="utf-8").split("\n")
        for finding in run(SICK).findings:
            for place in (finding.place, *(evidence.place for evidence in finding.evidence)):
                if place.text:
                    assert place.text[:60] in lines[place.line - 1].strip(), finding.name

    def test_collapse_folds_what_it_explains(self) -> None:
        report = run(SICK)
        (collapse,) = named(report, "class-collapse")

        assert "metric-constant" in collapse.folded
        assert collapse.segment not in {finding.segment for finding in named(report, "metric-constant")}

    def test_a_suspect_that_was_found_ranks_higher(self) -> None:
        (zero,) = named(run(SICK), "zero-val-metric")
        collapse = next(suspect for suspect in zero.suspects if suspect.name == "class-collapse")

        assert zero.suspects[0] == collapse
        assert any("was found too" in reason for reason in collapse.because)

    def test_fingerprints_survive_a_line_shift(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        text = SICK.read_text(encoding="utf-8")
        Path("run.log").write_text(text, encoding="utf-8")
        before = {finding.fingerprint for finding in run("run.log").findings}
        Path("run.log").write_text("a line of noise\n" * 7 + text, encoding="utf-8")

        assert before == {finding.fingerprint for finding in run("run.log").findings}
        assert len(before) == len(run("run.log").findings)

    def test_what_was_skipped_says_what_it_lacked(self) -> None:
        skipped = run(SICK).skipped

        assert "series grad_norm" == skipped["grad-explosion"]
        assert not set(skipped) & run(SICK).ran


class TestOptions:
    def test_severity_override(self) -> None:
        report = run(SICK, severity={"zero-val-metric": "hint"})

        assert {"hint"} == {finding.severity for finding in named(report, "zero-val-metric")}

    def test_threshold_override(self) -> None:
        report = run(SICK, thresholds={"zero-val-metric": {"min_epochs": 1000.0}})

        assert {"info"} >= {finding.severity for finding in named(report, "zero-val-metric")}

    def test_threshold_of_one_metric(self) -> None:
        only = {"metric-below-chance": {"metrics": {"val/accuracy": {"margin": "99%"}}}}

        assert named(run(SICK), "metric-below-chance")
        assert not named(run(SICK, thresholds=only), "metric-below-chance")

    def test_refused_findings_are_counted(self) -> None:
        report = run(SICK, keep=lambda finding: finding.name != "zero-val-metric")

        assert 1 == report.suppressed
        assert not named(report, "zero-val-metric")


class TestInputs:
    def test_one_bad_file_does_not_touch_the_others(self, tmp_path: Path) -> None:
        (tmp_path / "binary.log").write_bytes(bytes(range(256)) * 20)
        (tmp_path / "foreign.txt").write_text("just some prose\n" * 20)
        (tmp_path / "empty.log").write_bytes(b"")
        (tmp_path / "big.log").write_bytes(b"x" * (LIMIT + 1))
        names = ["binary.log", "foreign.txt", "empty.log", "big.log", "missing.log"]
        report = run(*(tmp_path / name for name in names), SICK)

        assert ["error", "unknown", "ok", "error", "error", "ok"] == [file.status for file in report.files]
        assert all(file.detail for file in report.files[:-1])
        assert {"run-truncated"} <= {
            finding.name for finding in report.findings if finding.place.path.endswith("empty.log")
        }
        assert named(report, "zero-val-metric")

    def test_a_run_folder_is_linted_once(self) -> None:
        folder = ROOT / "fixtures" / "mmengine" / "epoch_nan"
        report = run(folder)

        assert 1 == len(report.files)
        assert 1 == len(named(report, "loss-nan"))

    def test_a_tree_of_runs_is_many(self) -> None:
        report = run(ROOT / "fixtures" / "mmengine")

        assert len(report.files) >= len(list((ROOT / "fixtures" / "mmengine").iterdir()))

    def test_unrelated_files_of_one_folder_stay_apart(self) -> None:
        folder = ROOT / "fixtures" / "keras"
        logs = [path for path in folder.iterdir() if path.suffix in (".log", ".csv")]

        assert len(logs) - 3 <= len(run(folder).files) <= len(logs)

    def test_standard_input(self) -> None:
        given = collect(["-"], limit=LIMIT, stdin=SICK.read_bytes(), stdin_name="run.log")
        report = lint(given, Options(select(builtin(), Selection())))

        assert {"run.log"} == {finding.place.path for finding in report.findings}

    def test_compressed(self, tmp_path: Path) -> None:
        import bz2
        import gzip
        import lzma

        data = SICK.read_bytes()
        count = len(run(SICK).findings)
        for name, packed in (
            ("a.gz", gzip.compress(data)),
            ("a.xz", lzma.compress(data)),
            ("a.bz2", bz2.compress(data)),
        ):
            path = tmp_path / name
            path.write_bytes(packed)
            assert count == len(run(path).findings), name


class TestSummary:
    def test_sections_take_their_runs_from_the_folders_they_name(self, tmp_path: Path) -> None:
        for name, accuracy in (("baseline", 0.9), ("changed", 0.2)):
            (tmp_path / name).mkdir()
            rows = [f"{epoch},{1 - 0.05 * epoch:.3f},{accuracy - 0.01 * (9 - epoch):.3f}" for epoch in range(10)]
            (tmp_path / name / "log.csv").write_text("epoch,loss,val_accuracy\n" + "\n".join(rows) + "\n")
        summary = tmp_path / "summary.json"
        summary.write_text(
            '{\n "baseline_result": {"val_accuracy_best": 0.9, "val_accuracy_last": 0.9},\n'
            ' "changed_result": {"val_accuracy_best": 0.2, "val_accuracy_last": 0.2}\n}\n'
        )
        report = run(summary)
        (worse,) = named(report, "worse-than-baseline")

        assert {"changed"} == {finding.segment for finding in report.findings}
        assert str(summary) in {evidence.place.path for evidence in worse.evidence}


class TestRuleAtFault:
    FAULTY = {
        "code": "LOSS990",
        "name": "faulty",
        "title": "A rule with a fault that only shows when it runs",
        "severity": "error",
        "since": "0.1",
        "when": "drop(epochs) > 1",
        "message": "never",
        "why": "never",
        "advice": "none",
    }

    def test_the_others_go_on_and_the_file_says_so(self) -> None:
        faulty = from_mapping(self.FAULTY, Path("faulty.yaml"))
        report = lint(collect([str(SICK)], limit=LIMIT), Options([faulty, *builtin()]))

        assert "faulty" in report.files[0].detail
        assert named(report, "zero-val-metric")

    def test_wording_that_fails_too(self) -> None:
        faulty = from_mapping({**self.FAULTY, "when": "true", "message": "{{ 1 / 0 }}"}, Path("faulty.yaml"))
        report = lint(collect([str(SICK)], limit=LIMIT), Options([faulty, *builtin()]))

        assert "faulty" in report.files[0].detail
        assert named(report, "zero-val-metric")

    def test_strict_raises(self) -> None:
        faulty = from_mapping(self.FAULTY, Path("faulty.yaml"))

        with pytest.raises(RuleError, match="faulty"):
            lint(collect([str(SICK)], limit=LIMIT), Options([faulty], strict=True))
