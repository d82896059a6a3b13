"""``diagnose config`` and ``diagnose completion``."""

import json
from pathlib import Path

import jsonschema
import pytest

GOOD = """\
extend = "base.toml"
select = ["LOSS"]
ignore = {LOSS006 = "short runs"}
rules = []
max-size = "2GB"
[severity]
loss-nan = "warning"
[thresholds.zero-val-metric]
min_epochs = 5
[thresholds.zero-val-metric.metrics."val/map50"]
min_epochs = 9
[[per-path-ignores]]
path = "old/**"
rules = ["LOSS"]
reason = "before the fix"
"""


class TestShow:
    """``diagnose config show``."""

    def test_values_and_sources(self, diagnose, project: Path):
        (project / "base.toml").write_text('fail-on = "warning"\nextend-select = ["METRIC"]\n')
        (project / "diagnose.toml").write_text(GOOD)
        shown = json.loads(diagnose("config", "show", "sick.csv", "--output-format", "json").stdout)

        assert shown["select"] == {"value": ["LOSS"], "source": "diagnose.toml:2"}
        assert shown["fail-on"] == {"value": "warning", "source": "base.toml:1"}
        assert shown["min-severity"] == {"value": "hint", "source": "default"}
        assert shown["max-size"]["value"] == 2_000_000_000
        assert shown["ignore"]["value"] == {"LOSS006": "short runs"}

    def test_text_is_toml(self, diagnose, project: Path):
        import tomllib

        (project / "base.toml").write_text("")
        (project / "diagnose.toml").write_text(GOOD)
        stdout = diagnose("config", "show", "--config", "fail-on=info").stdout
        raw = tomllib.loads(stdout)

        assert raw["fail-on"] == "info"
        assert raw["thresholds"]["zero-val-metric"]["metrics"]["val/map50"] == {"min_epochs": 9}
        assert 'fail-on = "info"  # --config' in stdout

    def test_no_settings(self, diagnose):
        assert diagnose("config", "show").stdout.startswith("# for .: no settings file\n")

    def test_faults(self, diagnose, project: Path):
        (project / "diagnose.toml").write_text("[thresholds.zero-val-metric]\nnope = 1")

        assert "diagnose.toml:2: rule zero-val-metric has no parameter 'nope'" in diagnose("config", "show").stderr


class TestSchema:
    """``diagnose config schema``."""

    def test_it_is_a_schema_and_takes_what_we_take(self, diagnose):
        import tomllib

        schema = json.loads(diagnose("config", "schema").stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)

        assert [error.message for error in validator.iter_errors(tomllib.loads(GOOD))] == []

    @pytest.mark.parametrize(
        "text", ["selct = 1", "fail-on = 'x'", "output-format = 'x'", "severity = {a = 'b'}", "rules = 3"]
    )
    def test_it_refuses_what_we_refuse(self, diagnose, text):
        import tomllib

        validator = jsonschema.Draft202012Validator(json.loads(diagnose("config", "schema").stdout))

        assert not validator.is_valid(tomllib.loads(text))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_script(diagnose, shell):
    result = diagnose("completion", shell)

    assert result.exit_code == 0
    assert "_DIAGNOSE_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("words", "last", "expected"),
    [
        ("diagnose", "li", "lint"),
        ("diagnose lint --select", "loss-n", "loss-nan"),
        ("diagnose lint --select", "METRIC,LOSS00", "METRIC,LOSS001"),
        ("diagnose lint --format", "ker", "keras"),
        ("diagnose lint --output-format", "sa", "sarif"),
        ("diagnose explain", "zero-val", "zero-val-metric"),
        ("diagnose rules", "te", "test"),
    ],
)
def test_completion(diagnose, words, last, expected):
    given = f"{words} {last}"
    result = diagnose(_DIAGNOSE_COMPLETE="zsh_complete", COMP_WORDS=given, COMP_CWORD=str(len(given.split()) - 1))

    assert expected in result.stdout.split("\n")


def test_completion_shows_titles(diagnose):
    result = diagnose(_DIAGNOSE_COMPLETE="zsh_complete", COMP_WORDS="diagnose explain restore-from", COMP_CWORD="2")

    assert "Early stopping restored the weights of the first epoch" in result.stdout
