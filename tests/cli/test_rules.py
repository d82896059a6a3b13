"""``diagnose rules`` and ``diagnose explain``."""

import json
from pathlib import Path

import pytest

from diagnose.rules import builtin


class TestExplain:
    """``diagnose explain``."""

    @pytest.mark.parametrize("word", ["loss-nan", "LOSS001", "loss001", "Loss-NaN", "loss_nan", "restore-from"])
    def test_a_rule_is_found(self, diagnose, word):
        result = diagnose("explain", word)

        assert result.exit_code == 0
        assert any(name in result.stdout for name in ("LOSS001 loss-nan", "CKPT001 restore-from-epoch-1"))

    def test_a_family(self, diagnose):
        assert diagnose("explain", "LOSS").stdout.count("When it is reported") > 5

    @pytest.mark.parametrize(
        ("word", "near"), [("zero-val-metrik", "zero-val-metric"), ("lr-too", "lr-too-low"), ("xyzzy", "list")]
    )
    def test_what_is_not_found_is_suggested(self, diagnose, word, near):
        result = diagnose("explain", word)

        assert result.exit_code == 2
        assert near in result.stderr

    def test_json_of_all(self, diagnose):
        records = json.loads(diagnose("explain", "--all", "--output-format", "json").stdout)

        assert [rule.code for rule in builtin()] == [record["code"] for record in records]
        assert all(record["example"]["message"] and record["why"] and record["cases"] for record in records)

    def test_templates_are_not_shown_raw(self, diagnose):
        page = diagnose("explain", "class-collapse").stdout

        assert "batch <batch_size> on <train_samples> samples" in page
        assert "{{" not in page.partition("Possible causes")[2].partition("Cases")[0]

    def test_markdown(self, diagnose):
        page = diagnose("explain", "restore-from-epoch-1", "--output-format", "markdown").stdout

        assert page.startswith("# restore-from-epoch-1 (CKPT001)\n")
        assert "## What to do" in page
        assert "```yaml\nreported:\n" in page

    def test_nothing_named(self, diagnose):
        assert diagnose("explain").exit_code == 2


class TestList:
    """``diagnose rules list``."""

    def test_text(self, diagnose):
        lines = diagnose("rules", "list").stdout.splitlines()

        assert len(builtin()) == len(lines)
        assert any(line.split()[:3] == ["LOSS001", "loss-nan", "error"] for line in lines)

    def test_settings_count(self, diagnose, project: Path, own_rule: Path):
        (project / "diagnose.toml").write_text(
            'rules = "my-rules"\nignore = ["LOSS001"]\n[severity]\nlong-enough = "hint"\n'
        )
        rows = {row["name"]: row for row in json.loads(diagnose("rules", "list", "--output-format", "json").stdout)}

        assert (rows["long-enough"]["severity"], rows["long-enough"]["status"]) == ("hint", "stable")
        assert rows["loss-nan"]["status"] == "off"

    def test_markdown(self, diagnose):
        assert diagnose("rules", "list", "--output-format", "markdown").stdout.startswith(
            "| code | name | severity | title |\n"
        )


class TestCheck:
    """``diagnose rules check``."""

    def test_the_built_in_rules_are_sound(self, diagnose):
        result = diagnose("rules", "check")

        assert (result.exit_code, result.stdout) == (0, "")

    def test_every_problem_with_its_line(self, diagnose, own_rule: Path):
        file = own_rule / "long-enough.yaml"
        file.write_text(
            file.read_text().replace("severity: warning", "severity: bad").replace("least\nat", "leest\nat")
        )
        result = diagnose("rules", "check", file)

        assert result.exit_code == 1
        assert f"{file}:4: severity is one of" in result.stdout
        assert f"{file}:8: unknown name `leest`" in result.stdout
        assert "2 problems in 1 rule." in result.stderr

    @pytest.mark.parametrize(
        ("old", "new", "line", "told"),
        [
            ("code: MY001", "code: LOSS001", 1, "code `LOSS001` is taken by a built-in rule"),
            ("name: long-enough", "name: long", 2, "the file should be called long.yaml"),
            ("basis:", "folds: [los-nan]\nbasis:", 13, "unknown rule `los-nan` (did you mean loss-nan?)"),
            ('message: "{{ least }} points', 'message: "{{ least points', 10, "`message`: "),
            ("advice: Nothing to do.", "advice: advice/none.md.j2", 12, "no template advice/none.md.j2"),
            ('message: "{{ least }} points or more"', "message: 3", 10, "`message` is a text, not '3'"),
            ("when: count(val/loss) >= least", "when: [a]", 8, "`when` is an expression"),
            ("needs: [series: val/loss]", "needs: series", 6, "`needs` is a list, not 'series'"),
            ("params: {least: 3}", "params: 3", 7, "`params` is a mapping"),
            ("title: The", "name: long-enough\ntitle: The", 3, "`name` is there 2 times"),
        ],
    )
    def test_against_the_others(self, diagnose, own_rule: Path, old, new, line, told):
        file = own_rule / "long-enough.yaml"
        file.write_text(file.read_text().replace(old, new))
        stdout = diagnose("rules", "check", own_rule).stdout

        assert f"{file}:{line}: " in stdout
        assert told in stdout

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('reported: {val/loss: "1x5"}', "reported: {facts: {no-such: 1}}"),
            ('reported: {val/loss: "1x5"}', "reported: {events: [{kind: no-such}]}"),
            ('reported: {val/loss: "1x5"}', 'reported: {val/loss: "1x99999999999"}'),
            ("advice: Nothing to do.", "advice: advice/none.md.j2"),
        ],
    )
    def test_faults_of_cases_are_told_not_crashed_on(self, diagnose, own_rule: Path, old, new):
        file = own_rule / "long-enough.yaml"
        file.write_text(file.read_text().replace(old, new))
        result = diagnose("rules", "test", file)

        assert result.exit_code == 1
        assert "case 1: faulty long-enough" in result.stdout
        assert "internal error" not in result.stderr

    def test_no_such_path(self, diagnose):
        assert diagnose("rules", "check", "nowhere").exit_code == 2

    def test_not_yaml(self, diagnose, project: Path):
        (project / "bad.yaml").write_text("a: [")

        assert diagnose("rules", "check", "bad.yaml").exit_code == 1


class TestTest:
    """``diagnose rules test``."""

    def test_passing(self, diagnose, own_rule: Path):
        result = diagnose("rules", "test", own_rule)

        assert result.exit_code == 0
        assert "1 rule: 2 validated." in result.stderr

    @pytest.mark.parametrize(
        ("old", "new", "word"),
        [
            ('reported: {val/loss: "1x5"}', 'reported: {val/loss: "1x2"}', "missing"),
            ('silent: {val/loss: "1x2"}', 'silent: {val/loss: "1x9"}', "noisy"),
            ('"1x5"}', '"1x5", severity: error}', "otherwise"),
            ('"1x5"}', '"what?"}', "faulty"),
            ("{{ least }}", "{{ least.x.y }}", "faulty"),
        ],
    )
    def test_failing(self, diagnose, own_rule: Path, old, new, word):
        file = own_rule / "long-enough.yaml"
        file.write_text(file.read_text().replace(old, new))
        result = diagnose("rules", "test", own_rule)

        assert result.exit_code == 1
        assert f": {word} long-enough: expected" in result.stdout

    def test_one_of_the_built_in_rules(self, diagnose):
        result = diagnose("rules", "test", "--rule", "restore-from-epoch-1", "-v")

        assert result.exit_code == 0
        assert "case 1: validated restore-from-epoch-1" in result.stdout

    def test_an_invalid_rule(self, diagnose, own_rule: Path):
        (own_rule / "long-enough.yaml").write_text("code: X\n")

        assert diagnose("rules", "test", own_rule).exit_code == 2


class TestNew:
    """``diagnose rules new``."""

    @pytest.mark.parametrize(
        ("code", "file"), [("MY", "my/it-rises.yaml"), ("LOSS", "loss/it-rises.yaml"), ("MY042", "my/it-rises.yaml")]
    )
    def test_what_is_written_is_valid_and_passes(self, diagnose, project: Path, code, file):
        result = diagnose("rules", "new", code, "it-rises", "--folder", "mine")

        assert result.exit_code == 0, result.output
        assert f"mine/{file}\n" == result.stdout
        assert (project / "mine" / file).is_file()
        assert diagnose("rules", "check", "mine").exit_code == 0
        assert diagnose("rules", "test", "mine").exit_code == 0

    def test_the_folder_of_the_settings_is_made(self, diagnose, project: Path):
        (project / "diagnose.toml").write_text('rules = "ci/rules"')
        result = diagnose("rules", "new", "MY", "it-rises")

        assert result.exit_code == 0, result.output
        assert (project / "ci/rules/my/it-rises.yaml").is_file()
        assert "To use it" not in result.stderr

    def test_the_next_free_code(self, diagnose, project: Path, own_rule: Path):
        (project / "diagnose.toml").write_text('rules = "my-rules"')
        diagnose("rules", "new", "MY", "it-rises")
        diagnose("rules", "new", "LOSS", "it-falls")

        assert "code: MY002\n" in (own_rule / "my/it-rises.yaml").read_text()
        assert "code: LOSS900\n" in (own_rule / "loss/it-falls.yaml").read_text()

    @pytest.mark.parametrize(
        ("code", "name"), [("LOSS001", "new-name"), ("MY", "loss-nan"), ("my", "x"), ("MY", "Not Kebab"), ("M1", "x")]
    )
    def test_refused(self, diagnose, project: Path, code, name):
        assert diagnose("rules", "new", code, name).exit_code == 2
        assert not (project / "rules").exists()

    def test_nothing_is_overwritten(self, diagnose):
        assert diagnose("rules", "new", "MY", "it-rises").exit_code == 0
        assert "the file exists" in diagnose("rules", "new", "MY", "it-rises").stderr


def test_functions_are_listed(diagnose):
    assert "argbest(series)" in diagnose("rules", "functions").stdout
