"""Causes: what speaks for them and against them, in which order, and with which lines."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.engine import Options, lint
from diagnose.engine.causes import HIGH, causes_of, under
from diagnose.engine.diff.run import diff
from diagnose.engine.diff.side import read_side, side_of
from diagnose.engine.inputs import collect
from diagnose.kit import cases, explain
from diagnose.model import Cause, Finding, Place, Report, Run
from diagnose.rules import Rule, builtin, from_mapping
from diagnose.sources import MAX_BYTES, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
FIXTURES = Path(__file__).parents[2] / "fixtures" / "expect" / "gradient_conflict"
CAUSES = [rule for rule in builtin() if rule.is_cause]
OPTIONS = Options(builtin(), causes=True, strict=True)
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus beside the repository")


def report(path: Path) -> Report:
    return lint(collect([str(path)], limit=MAX_BYTES), OPTIONS)


def causes(path: Path) -> dict[str, Cause]:
    return {cause.name: cause for cause in report(path).causes}


def texts(cause: Cause) -> str:
    return " | ".join(argument.text for argument in (*cause.supports, *cause.against))


def one(**keys: object) -> Rule:
    raw = {"code": "CAUSE999", "name": "x", "title": "X", "why": "w", "advice": "a", "refutation": "r", **keys}
    return from_mapping(raw, Path("x.yaml"))


def test_what_a_cause_explains_are_rules() -> None:
    names = {rule.name for rule in builtin()}

    assert set() == {(rule.name, item.name) for rule in CAUSES for item in rule.explains if item.name not in names}


@pytest.mark.parametrize("rule", CAUSES, ids=lambda rule: rule.name)
def test_every_cause_can_be_spoken_against_and_refuted(rule: Rule) -> None:
    assert rule.against
    assert rule.refutation
    assert rule.family == "CAUSE"


@pytest.mark.parametrize("rule", CAUSES, ids=lambda rule: rule.name)
def test_every_finding_that_is_asked_for_is_a_rule(rule: Rule) -> None:
    import re
    from fnmatch import fnmatchcase

    names = [other.name for other in builtin()]
    text = rule.path.read_text(encoding="utf-8")
    asked = set(re.findall(r'(?:found|warned)\("([^"]+)"', text))

    assert [] == [glob for glob in asked if not any(fnmatchcase(name, glob) for name in names)]


@pytest.mark.parametrize("rule", CAUSES, ids=lambda rule: rule.name)
def test_a_page_shows_the_arguments(rule: Rule) -> None:
    page = explain.markdown(rule)

    assert "## What speaks for it" in page
    assert "## What would refute it" in page
    assert "{{" not in page.partition("## Cases")[0]


@pytest.mark.parametrize("rule", CAUSES, ids=lambda rule: rule.name)
def test_nothing_unknown_is_shown(rule: Rule) -> None:
    for word, body in rule.cases:
        for cause in cases.causes_in(rule, body) if word == "reported" else ():
            said = " ".join([cause.title, texts(cause), cause.refutation, cause.advice])
            assert "unknown" not in said
            assert "None" not in said


def test_the_score_is_the_sum_of_the_weights() -> None:
    rule = one(
        supports=[{"when": "epochs == 3", "weight": 2, "text": "three"}, {"when": "epochs > 9", "weight": 4}],
        against=[{"when": "train/loss < 2", "weight": 0.5, "text": "low", "at": "last(train/loss)"}],
        least=1,
    )

    (cause,) = causes_of(cases.run_of({"train/loss": "3 2 1"}), [], [rule])

    assert cause.score == 1.5
    assert [(item.weight, item.text) for item in (*cause.supports, *cause.against)] == [(2, "three"), (-0.5, "low")]
    assert [place.line for place in cause.against[0].places] == [3]


def test_what_is_missing_speaks_neither_for_nor_against() -> None:
    rule = one(
        supports=[{"when": "fact.batch_size > 1", "weight": 2}, {"when": "epochs > 0", "weight": 2, "text": "t"}]
    )

    (cause,) = causes_of(cases.run_of({"train/loss": "3 2 1"}), [], [rule])

    assert cause.score == 2


def test_several_segments_make_one_cause() -> None:
    rule = one(supports=[{"when": "train/loss > 1", "weight": 2, "text": "high", "at": "first(train/loss)"}])
    run = cases.run_of({"segments": [{"train/loss": "3 2"}, {"train/loss": "5 4"}]})

    (cause,) = causes_of(run, [], [rule])

    assert len(cause.supports[0].places) == 2
    assert "1 other segment" in cause.supports[0].text


def test_a_finding_is_told_under_the_cause_that_folds_it() -> None:
    finding = Finding("LOSS001", "loss-nan", "error", "m", Place("p", 1), fingerprint="f")
    first = Cause("CAUSE001", "a", "A", "p", "", 5, (), folds=("f",))
    second = replace(first, name="b", folds=())

    folded, left = under([first, second], [finding, replace(finding, name="other", fingerprint="g")])

    assert list(folded) == ["a"]
    assert [item.name for item in left] == ["other"]


def test_lint_lists_no_cause_as_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "train.log"
    file.write_text(
        "Epoch 1/9\n10/10 - 1s - loss: 0.9 - val_loss: 0.8\nEpoch 2/9\n10/10 - 1s - loss: nan - val_loss: nan\n"
    )

    plain = lint(collect([str(file)], limit=MAX_BYTES), Options(builtin()))

    assert [] == plain.causes
    assert "CAUSE" not in "".join(finding.code for finding in plain.findings)


def test_a_falling_score_beside_flat_losses_is_a_mismatch() -> None:
    found = causes(FIXTURES / "stage2_1.log")

    assert next(iter(found)) == "objective-mismatch"
    assert "recall fell with it, from 0.813 to 0.734" in texts(found["objective-mismatch"])
    assert "20805" in texts(found["objective-mismatch"])
    assert "drift off the checkpoint" in texts(found["objective-mismatch"])


def test_the_same_fall_without_the_blamed_loss_weakens_it() -> None:
    before, after = (side_of(open_source(str(FIXTURES / name))).segment for name in ("stage2_1.log", "plan_a.log"))
    run = Run("plan_a.log", "mmengine", [after, replace(before, name="baseline", index=1)])

    found = {cause.name: cause for cause in causes_of(run, [], strict=True)}

    assert next(iter(found)) == "drifts-off-checkpoint"
    assert found["objective-mismatch"].score < 0
    assert "what differs between the two is not the cause" in texts(found["objective-mismatch"])


@needs_corpus
def test_the_two_stage_run_shows_its_root_causes() -> None:
    found = causes(CORPUS / "keras" / "dfu_two_stage" / "training_fold1_before_fix.log")

    assert list(found)[:2] == ["worthless-weights-handed-on", "too-few-updates"]
    assert "no sample is left out" in texts(found["input-runs-out"])
    assert "the warning is harmless" in texts(found["input-runs-out"])
    assert found["input-runs-out"].score < 0
    assert "nothing has been learned by heart" in texts(found["data-too-few-for-model"])
    assert "2 trainable tensors" in texts(found["too-little-trainable"])
    assert "is the class with the largest alpha" in texts(found["class-weights-too-strong"])
    assert "1e-06" in texts(found["learning-rate-too-low"])
    assert "30 %" in texts(found["scaled-down-branch"])
    for cause in found.values():
        assert all(place.line for argument in cause.supports for place in argument.places)
        assert cause.supports[0].places


@needs_corpus
def test_the_changed_pair_puts_the_focal_loss_first() -> None:
    pair = CORPUS / "config_pairs" / "origin_a_trial2_vs_trial3_from_documents"
    sides = [read_side(str(pair / name), MAX_BYTES) for name in ("baseline", "changed")]

    found = diff(sides[0], sides[1], OPTIONS).causes

    assert found[0].name == "loss-term-activated"
    assert "fl_gamma" in found[0].title
    assert {"over-regularised", "loss-terms-unbalanced"} <= {cause.name for cause in found}
    assert all("not isolated" in texts(c) or "none of them" in texts(c) or "alone" in texts(c) for c in found)


@needs_corpus
def test_no_healthy_log_is_strongly_suspected() -> None:
    rows = [json.loads(line) for line in (CORPUS / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    files = [CORPUS / row["file"] for row in rows if row.get("healthy")][::4]
    small = [file for file in files if file.is_file() and file.stat().st_size < 1_000_000]

    high = {(file.name, c.name) for file in small for c in report(file).causes if c.score >= HIGH}

    assert set() == high
