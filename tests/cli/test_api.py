"""``diagnose.api``: the same work for other programs."""

from pathlib import Path

import pytest

from diagnose import api


def test_lint(project: Path):
    report = api.lint("sick.csv", select=["loss-nan"])
    (finding,) = report.findings

    assert (finding.code, finding.severity, finding.place.path) == ("LOSS001", "error", "sick.csv")
    assert [file.status for file in report.files] == ["ok"]


def test_paths_and_options(project: Path):
    (project / "diagnose.toml").write_text('select = ["METRIC"]')

    assert [found for found in api.lint([Path("sick.csv")]).findings if found.name == "loss-nan"] == []
    assert api.lint([Path("sick.csv")], isolated=True, min_severity="error").findings
    assert api.lint("sick.csv", extend_select=["loss-nan"]).findings
    assert [file.status for file in api.lint("missing").files] == ["error"]
    assert [file.status for file in api.lint("sick.csv", max_size=10).files] == ["error"]


@pytest.mark.parametrize(
    "options", [{"select": ["NOPE"]}, {"format": "nope"}, {"config": "nope.toml"}, {"min_severity": "x"}]
)
def test_what_is_impossible_is_raised(options):
    with pytest.raises(api.DiagnoseError):
        api.lint("sick.csv", **options)
