"""The file of an experiment: what is valid, and how every problem is told."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.engine.expect.load import ExperimentError, check, load
from diagnose.engine.expect.schema import json_schema
from diagnose.rules import builtin
from diagnose.yaml_loader import Loader

ROOT = Path(__file__).parents[2]
FILES = [*(ROOT / "fixtures" / "expect").glob("*/EXPECT.yaml"), *(ROOT / "docs" / "examples").glob("*.yaml")]
RULES = [word for rule in builtin() for word in (rule.name, rule.code)]
VALID = """\
experiment: e
runs: {A: one, B: {text: two, segment: 2}}
baseline: {figures: {val/map: 0.5}}
hypotheses:
  - {id: H1, text: t, criteria: [a]}
  - {id: H2, text: t, supported: 'met("a") and reached("minimum", "A")', weakened: failed("a")}
criteria:
  minimum:
    - id: a
      when: better_by(val/map) > 0
      evidence: [best_epoch(), {at: last(val/map), text: the end}]
risks:
  - {text: r, rule: loss-*}
decisions:
  - {tier: minimum, then: go on}
  - {then: stop}
"""


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message.split("\n")[0]) for problem in check("e.yaml", text, RULES)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name + "/" + path.name)
def test_what_we_ship_is_valid(path: Path) -> None:
    assert [] == check(str(path), path.read_text(encoding="utf-8"), RULES)
    jsonschema.validate(yaml.load(path.read_text(encoding="utf-8"), Loader=Loader), json_schema())


def test_a_valid_file_has_no_problems() -> None:
    assert [] == problems(VALID)
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.validate(yaml.load(VALID, Loader=Loader), json_schema())


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("hypotheses:", "hypothesis:", 4, "unknown key `hypothesis` (did you mean hypotheses?)"),
        ("  minimum:", "  minimal:", 8, "unknown tier `minimal` (did you mean minimum?)"),
        ("    - id: a", "    - idd: a", 9, "unknown key `idd` (did you mean id?)"),
        ("better_by(val/map)", "beter_by(val/map)", 10, "unknown function `beter_by` (did you mean better_by?)"),
        ("better_by(val/map)", "better_by()", 10, '`better_by` is called as better_by(series, as="")'),
        ("better_by(val/map)", "epoch", 10, "unknown name `epoch` (did you mean epochs?)"),
        ("better_by(val/map)", "fact.bach_size", 10, "unknown fact `bach_size` (did you mean batch_size?)"),
        ("better_by(val/map)", 'count(found("loss-man"))', 10, "unknown rule `loss-man` (did you mean loss-nan?)"),
        ("better_by(val/map)", 'count_of("early_stp")', 10, "unknown event `early_stp` (did you mean early_stop?)"),
        ("better_by(val/map)", 'in_run("C", 1)', 10, "unknown run `C`"),
        ("better_by(val/map)", "metric(val/map)", 10, "`metric` needs a text in quotes: metric(name)"),
        ("better_by(val/map) > 0", "better_by(val/map", 10, "the expression ends too early"),
        ("best_epoch()", "best_epock()", 11, "unknown function `best_epock` (did you mean best_epoch?)"),
        ("criteria: [a]", "criteria: [b]", 5, "unknown criterion `b` (there is a)"),
        ('met("a")', 'met("b")', 6, "unknown criterion `b`"),
        ('"minimum", "A"', '"minimun", "A"', 6, "unknown tier `minimun` (did you mean minimum?)"),
        ("rule: loss-*", "rule: loss-man", 13, "unknown rule `loss-man` (did you mean loss-nan?)"),
        ("{text: r, rule: loss-*}", "{text: r}", 13, "a risk needs the `rule` that would show it, or a condition "
         "`when`"),
        ("tier: minimum, then", "tier: target, then", 15, "unknown tier `target` (there is minimum)"),
        ("{tier: minimum, then: go on}", "{then: go on}", 15, "a decision without `when` and `tier` is what follows "
         "otherwise: it stands last"),
        ("figures: {val/map: 0.5}", "figures: {val/map: high}", 3, "`val/map` is a number, not 'high'"),
        ("experiment: e", "experiment: e\nexperiment: f", 2, "`experiment` is there twice"),
        ("experiment: e", "question: e", 1, "an experiment needs `experiment`"),
        ("experiment: e", "experiment: &x e\nplan: *x", 2, "not YAML: "),
    ],
)  # fmt: skip
def test_each_problem_has_its_line(old: str, new: str, line: int, message: str) -> None:
    text = VALID.replace(old, new, 1)
    assert text != VALID

    if message == "not YAML: ":
        assert problems(text) == [(2, "an experiment has no aliases (`*x`)")]
    else:
        assert (line, message) in problems(text)


def test_criteria_do_not_speak_of_what_was_judged() -> None:
    found = problems(VALID.replace("better_by(val/map) > 0", 'met("a")', 1))

    assert found == [(10, "`met` speaks of what was judged: for hypotheses and decisions, not for criteria and risks")]


def test_a_fault_is_shown_with_a_caret(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(VALID.replace("better_by(val/map) > 0", "best(val/map) > bets(val/map)"))

    with pytest.raises(ExperimentError) as caught:
        load(path, RULES)

    assert "e.yaml:10: unknown function `bets`" in str(caught.value)
    assert "best(val/map) > bets(val/map)\n                      ^" in str(caught.value)


def test_a_condition_in_a_block_has_the_line_of_its_text() -> None:
    text = VALID.replace(
        "when: better_by(val/map) > 0", "when: |\n        best(val/map) > 0\n        and bets(val/map)"
    )

    assert (12, "unknown function `bets` (did you mean best?)") in problems(text)


def test_an_unquoted_colon_is_told_of() -> None:
    ((line, message),) = problems(VALID.replace("better_by(val/map) > 0", 'said("Kappa: ") > 0'))

    assert line == 10
    assert "stands in single quotes" in message


def test_no_bombs() -> None:
    assert "nested" in problems("a: " + "[" * 5000)[0][1]
    assert "aliases" in problems("a: &a [1]\nb: *a")[0][1]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "text", "when", "run", "rule", "then", "tier", "path", "x"]), inner)
    ),
    max_leaves=8,
)
KEYS = ["experiment", "criteria", "runs", "risks", "decisions", "hypotheses", "baseline", "reached", "plan"]


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES), st.lists(VALUES, max_size=2))
def test_any_data_gives_problems_and_no_traceback(raw: dict[str, object], criteria: list[object]) -> None:
    check("e.yaml", yaml.safe_dump(raw, allow_unicode=True), RULES)
    check("e.yaml", yaml.safe_dump({"experiment": "e"} | raw | {"criteria": {"minimum": criteria}}), RULES)


@settings(max_examples=100)
@given(st.text(max_size=80))
def test_any_text_gives_problems_and_no_traceback(text: str) -> None:
    assert check("e.yaml", text, RULES)
    check("e.yaml", VALID.replace("better_by(val/map) > 0", yaml.safe_dump(text, width=1000).split("\n")[0]), RULES)


def test_the_page_has_a_valid_example_and_every_function() -> None:
    from diagnose.engine.expect.conditions import OWN

    page = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]

    assert [] == problems(example)
    assert all(f"`{own.signature}`" in page for own in OWN.values())
