"""Settings files as the command line heeds them."""

import json
from pathlib import Path

import pytest


def names(result) -> set[str]:
    return {finding["name"] for finding in json.loads(result.stdout)["findings"]}


def lint(diagnose, *args):
    return diagnose("lint", "--output-format", "json", *args)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("", True),
        ('select = ["METRIC"]', False),
        ('ignore = ["LOSS001"]', False),
        ('ignore = {loss-nan = "known"}', False),
        ('exclude = ["*.csv"]', True),  # named files are always linted
        ('per-path-ignores = [{path = "*.csv", rules = ["LOSS"]}]', False),
        ('per-path-ignores = {"sick*" = ["loss-nan"]}', False),
        ('per-path-ignores = {"/old/" = ["loss-nan"]}', True),
        ('[severity]\nloss-nan = "hint"', True),
        ('min-severity = "error"\n[severity]\nloss-nan = "hint"', False),
    ],
)
def test_what_settings_do(diagnose, project: Path, settings, found):
    (project / "diagnose.toml").write_text(settings)

    assert found == ("loss-nan" in names(lint(diagnose, "sick.csv")))
    assert "loss-nan" in names(lint(diagnose, "sick.csv", "--isolated"))


@pytest.mark.parametrize(
    ("settings", "line", "told"),
    [
        ("select = 3", 1, "`select`: expected a list of texts, not 3"),
        ("\nfail-onn = 'error'", 2, "unknown key `fail-onn` (did you mean fail-on?)"),
        ("[tool.diagnose]\nfail-on = 'error'", 1, "`tool.diagnose` is for pyproject.toml"),
        ("fail-on = 'eror'", 1, "not 'eror' (did you mean error?)"),
        ("select = [\n  'LOSS',\n  'LOSS999',\n]", 3, "unknown rule 'LOSS999' (did you mean LOSS"),
        ("ignore = ['LOSS',\n  'nann']", 2, "unknown rule 'nann'"),
        ("[ignore]\nLOSS = 'x'\nLOSX001 = 'y'", 3, "unknown rule 'LOSX001' (did you mean LOSS"),
        ("[severity]\nloss-nan = 'fatal'", 2, "`severity`: expected one of error, warning, info, hint, not 'fatal'"),
        ("[severity]\nloss-nan = 'off'", 2, "to switch a rule off, use `ignore`"),
        ("[severity]\n\nloss-nana = 'info'", 3, "unknown rule 'loss-nana' (did you mean loss-nan?)"),
        ("[severity]\nLOSS = 'info'", 2, "unknown rule 'LOSS'"),
        ("[thresholds.zero-val-metric]\nmin_epoch = 5", 2, "did you mean min_epochs? it has "),
        ("[thresholds.zero-val-metric]\nmin_epochs = 'x'", 2, "zero-val-metric.min_epochs: not 'x' (expected a number"),
        ("[thresholds]\nmonitored-metric-missing = {a = 1}", 2, "has no parameter 'a' (it has none)"),
        (
            "[thresholds.zero-val-metric.metrics.'val/map50']\nnope = 5",
            2,
            "rule zero-val-metric has no parameter 'nope'",
        ),
        ("[[per-path-ignores]]\npath = 'a'", 1, "`per-path-ignores`: `rules` is missing"),
        (
            "[[per-path-ignores]]\npath = 'a'\nrules = ['LOSS']\nreasn = 'x'",
            4,
            "unknown key `reasn` (did you mean reason?)",
        ),
        ("[[per-path-ignores]]\npath = 'a'\nrules = 'XYZ'", 3, "unknown rule 'XYZ'"),
        ("max-size = 'huge'", 1, "not a size: 'huge'"),
        ("require-reasons = true\nignore = ['LOSS006']", 2, "LOSS006 is ignored without a reason"),
        ("require-reasons = true\n[[per-path-ignores]]\npath = 'a'\nrules = 'LOSS'", 2, "ignored without a reason"),
        ("output-format = 'jsom'", 1, "unknown output format 'jsom' (did you mean json?)"),
        ("fail-on = 'new'", 1, "fail-on = new needs a baseline"),
        ("extend = 'other.toml'", 1, "no such file to extend: other.toml"),
        ("a = [", 1, "not TOML"),
    ],
)
def test_faults_are_told_with_their_line(diagnose, project: Path, settings, line, told):
    (project / "diagnose.toml").write_text(settings)
    result = diagnose("lint", "sick.csv")

    assert result.exit_code == 2
    assert result.stderr.startswith(f"diagnose: diagnose.toml:{line}: "), result.stderr
    assert told in result.stderr


def test_all_faults_of_a_file_at_once(diagnose, project: Path):
    (project / "diagnose.toml").write_text("selct = 1\nfail-on = 2\n")
    stderr = lint(diagnose, "sick.csv").stderr

    assert "diagnose.toml:1: unknown key `selct`" in stderr
    assert "diagnose.toml:2: `fail-on`" in stderr


def test_options_need_no_reasons(diagnose, project: Path):
    (project / "diagnose.toml").write_text("require-reasons = true")

    assert lint(diagnose, "sick.csv", "--ignore", "loss-nan").exit_code == 0


def test_each_file_is_governed_by_the_closest_settings(diagnose, project: Path):
    (project / "diagnose.toml").write_text('select = ["loss-nan"]')
    (project / "quiet").mkdir()
    (project / "quiet/sick.csv").write_text((project / "sick.csv").read_text())
    (project / "quiet/diagnose.toml").write_text('ignore = ["LOSS", "METRIC"]\nfail-on = "never"')
    findings = json.loads(lint(diagnose, ".").stdout)["findings"]

    assert [finding["path"] for finding in findings if finding["name"] == "loss-nan"] == ["sick.csv"]
    assert lint(diagnose, "quiet").exit_code == 0


def test_excluded_paths_are_not_searched(diagnose, project: Path):
    (project / "diagnose.toml").write_text('exclude = ["old/", "*.txt"]\n')
    (project / "old").mkdir()
    (project / "old/sick.csv").write_text((project / "sick.csv").read_text())
    paths = {file["path"] for file in json.loads(lint(diagnose, ".").stdout)["files"]}

    assert paths
    assert not any("old" in path for path in paths)


def test_thresholds_by_rule_and_metric(diagnose, project: Path, own_rule: Path):
    settings = 'rules = "my-rules"\nselect = ["MY"]\n'
    found = []
    for extra in ("", "[thresholds.MY001]\nleast = 50\n", "[thresholds.long-enough]\nleast = '200%'\n"):
        (project / "diagnose.toml").write_text(settings + extra)
        found.append([finding["message"] for finding in json.loads(lint(diagnose, "sick.csv").stdout)["findings"]])

    assert found == [["3 points or more"], [], ["2 points or more"]]


class TestUserRules:
    """Rules from a folder of the settings."""

    def test_they_run_beside_the_built_in_ones(self, diagnose, project: Path, own_rule: Path):
        (project / "diagnose.toml").write_text('rules = ["my-rules"]')

        assert {"loss-nan", "long-enough"} <= names(lint(diagnose, "sick.csv"))

    @pytest.mark.parametrize("taken", ["code: LOSS001", "name: loss-nan"])
    def test_clashes_are_refused(self, diagnose, project: Path, own_rule: Path, taken):
        file = own_rule / "long-enough.yaml"
        key = taken.split(":")[0]
        lines = [taken if line.startswith(f"{key}:") else line for line in file.read_text().splitlines()]
        file.write_text("\n".join(lines))
        (project / "diagnose.toml").write_text('rules = ["my-rules"]')
        result = lint(diagnose, "sick.csv")

        assert result.exit_code == 2
        assert f"{taken.split(': ')[1]!r} is taken by a built-in rule" in result.stderr

    def test_clashes_among_them_are_refused(self, diagnose, project: Path, own_rule: Path):
        (own_rule / "again.yaml").write_text((own_rule / "long-enough.yaml").read_text())
        (project / "diagnose.toml").write_text('rules = ["my-rules"]')

        assert "is taken by" in lint(diagnose, "sick.csv").stderr

    def test_all_their_faults_are_told(self, diagnose, project: Path, own_rule: Path):
        file = own_rule / "long-enough.yaml"
        file.write_text(file.read_text().replace("severity: warning", "severity: bad").replace("why:", "whyy:"))
        (project / "diagnose.toml").write_text('rules = ["my-rules"]')
        stderr = lint(diagnose, "sick.csv").stderr

        assert "long-enough.yaml:4: severity is one of" in stderr
        assert "unknown key `whyy`" in stderr

    def test_a_missing_folder(self, diagnose, project: Path):
        (project / "diagnose.toml").write_text('rules = ["nowhere"]')

        assert "no such rule folder" in lint(diagnose, "sick.csv").stderr


def test_environment_names_the_settings(diagnose, project: Path):
    (project / "other.toml").write_text('ignore = ["LOSS"]')

    (project / "third.toml").write_text("")
    env = {"DIAGNOSE_CONFIG": "other.toml"}

    for args, found in (
        ([], False),
        (["--config", "fail-on=info"], False),
        (["--isolated"], True),
        (["--config", "third.toml"], True),
    ):
        assert found == ("loss-nan" in names(diagnose("lint", "sick.csv", "--output-format", "json", *args, **env)))
