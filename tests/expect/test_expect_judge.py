"""Criteria, tiers, hypotheses, risks and decisions on small runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.api.session import Request
from diagnose.api.verifier import Verifier
from diagnose.engine.expect.conditions import number_after
from diagnose.errors import DiagnoseError
from diagnose.model.verdict import Verdict

RISING = "epoch,loss,val_loss,val_map\n1,2.0,2.1,0.20\n2,1.5,1.7,0.30\n3,1.2,1.6,0.36\n4,1.0,1.5,0.35\n"
FALLING = "epoch,loss,val_loss,val_map\n1,2.0,2.1,0.30\n2,1.5,1.7,0.24\n3,1.2,1.6,0.20\n4,1.0,1.5,0.16\n"
BROKEN = "epoch,loss,val_loss,val_map\n1,2.0,2.1,0.2\n2,nan,nan,0.0\n3,nan,nan,0.0\n4,nan,nan,0.0\n"
TIERS = """\
criteria:
  minimum:
    - {id: some, when: best(val/map) > 0.25}
  target:
    - {id: much, when: best(val/map) > 0.35}
  exceptional:
    - {id: recall, when: best(val/recall) > 0.5}
"""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("rising", RISING), ("falling", FALLING), ("broken", BROKEN)):
            (folder / f"{name}.csv").write_text(text)

    def __call__(self, text: str, *runs: str, require: str = "") -> Verdict:
        file = self.folder / "e.yaml"
        file.write_text("experiment: e\n" + text)
        given = [f"{run.rpartition('=')[0]}={self.folder}/{run.rpartition('=')[2]}.csv".lstrip("=") for run in runs]
        return Verifier(Request(paths=(str(file), *given), isolated=True)).verify(require)


@pytest.fixture
def verify(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def statuses(verdict: Verdict) -> dict[str, str]:
    return {one.id: one.status for one in verdict.criteria}


def test_the_highest_tier_with_all_below_counts(verify: Bench) -> None:
    verdict = verify(TIERS, "rising")

    assert statuses(verdict) == {"some": "met", "much": "met", "recall": "unknown"}
    assert (verdict.tier, verdict.required, verdict.reached) == ("target", "minimum", True)


def test_what_cannot_be_told_is_not_reached_but_said_apart(verify: Bench) -> None:
    verdict = verify(TIERS, "rising", require="exceptional")

    assert (verdict.reached, verdict.unknown) == (False, ("recall",))
    assert verdict.criteria[-1].missing == "series val/recall (there is val/map)"
    assert verify(TIERS, "broken", require="exceptional").unknown == ()


def test_a_tier_above_one_that_is_not_reached_does_not_count(verify: Bench) -> None:
    verdict = verify(TIERS.replace("> 0.25", "> 0.9"), "rising")

    assert (verdict.tier, verdict.reached) == ("none", False)


def test_a_tier_without_criteria_cannot_be_asked_for(verify: Bench) -> None:
    with pytest.raises(DiagnoseError, match="no criteria for target"):
        verify("criteria: {minimum: [{id: a, when: epochs > 1}]}", "rising", require="target")


def test_evidence_has_values_and_lines(verify: Bench) -> None:
    (one,) = verify(
        "criteria: {minimum: [{id: a, when: best(val/map) > 0.3 and best(val/map).epoch > 1}]}", "rising"
    ).criteria

    assert [(item.text, item.place.line, item.place.text) for item in one.evidence] == [
        ("best(val/map) = 0.36 (epoch 3)", 4, "3,1.2,1.6,0.36"),
        ("best(val/map).epoch = 3", 4, "3,1.2,1.6,0.36"),
    ]


@pytest.mark.parametrize(
    ("condition", "run", "status"),
    [
        ("best_epoch() > 1", "rising", "met"),
        ("best_epoch() > 1", "falling", "not-met"),
        ("best_epoch(val/loss) == 4", "falling", "met"),
        ('metric("val_map") == val/map', "rising", "met"),
        ('best(metric("map")) > 0.3', "rising", "met"),
        ('best(metric("AP50")) > 0.3', "rising", "unknown"),
        ('not found("loss-nan")', "rising", "met"),
        ('not found("loss-nan")', "broken", "not-met"),
        ('not found("grad-explosion")', "rising", "unknown"),
        ('not found("restore-from-epoch-1")', "rising", "met"),
        ("better_by(val/map) >= 0.05", "rising", "met"),
        ('better_by(val/map, "share") >= 25%', "rising", "not-met"),
        ("better_by(val/loss) == 0", "falling", "met"),
        ("best(val/map) > max(in_baseline(val/map))", "rising", "met"),
        ("last(val/map) > baseline.epochs", "rising", "unknown"),
        ("mean(val/map) > 0.25", "rising", "met"),
        ("true", "rising", "met"),
    ],
)
def test_conditions(verify: Bench, condition: str, run: str, status: str) -> None:
    verdict = verify(f"baseline: falling.csv\ncriteria: {{minimum: [{{id: a, when: '{condition}'}}]}}", run)

    assert statuses(verdict) == {"a": status}, verdict.criteria


def test_a_condition_at_fault_is_no_verdict(verify: Bench) -> None:
    with pytest.raises(DiagnoseError, match=r"e\.yaml:4: `better_by` cannot|e\.yaml:4: a series is needed") as caught:
        verify("baseline: falling.csv\ncriteria:\n  minimum: [{id: a, when: better_by(5) > 0}]", "rising")

    assert "^" in str(caught.value)


@pytest.mark.parametrize("condition", ["better_by(val/map)", "val/map", "epochs", "segment", "1 + 1"])
def test_a_number_is_no_condition(verify: Bench, condition: str) -> None:
    with pytest.raises(DiagnoseError, match="is no condition"):
        verify(f"baseline: falling.csv\ncriteria: {{minimum: [{{id: a, when: {condition}}}]}}", "rising")


def test_figures_are_a_baseline(verify: Bench) -> None:
    text = "baseline: {figures: {val/map: 0.34}}\ncriteria: {minimum: [{id: a, when: 'better_by(val/map) > 0.01'}]}"
    verdict = verify(text, "rising")

    assert verdict.reached
    assert verdict.baseline == "val/map 0.34"
    assert ("baseline: best val/map = 0.34", 2) in [(one.text, one.place.line) for one in verdict.criteria[0].evidence]


SCENARIOS = """\
runs: {A: with, B: without}
criteria:
  minimum: [{id: good, when: best(val/map) > 0.35}]
hypotheses:
  - {id: H1, text: a helps, supported: 'met("good", "A") and not met("good", "B")', weakened: 'failed("good", "A")'}
  - {id: H2, text: both are good, criteria: [good]}
decisions:
  - {scenario: both, when: 'reached("minimum", "A") and reached("minimum", "B")', then: take either}
  - {scenario: A, tier: minimum, run: A, then: take A}
  - {scenario: B, when: 'reached("minimum", "B")', then: take B}
  - {then: stop}
"""


@pytest.mark.parametrize(
    ("runs", "scenario", "hypotheses"),
    [
        (("A=rising", "B=rising"), "both", ["undecided", "supported"]),
        (("rising", "falling"), "A", ["supported", "weakened"]),
        (("A=falling", "B=rising"), "B", ["weakened", "weakened"]),
        (("A=falling", "B=falling"), "", ["weakened", "weakened"]),
        (("A=rising",), "A", ["undecided", "supported"]),
    ],
)
def test_scenarios(verify: Bench, runs: tuple[str, ...], scenario: str, hypotheses: list[str]) -> None:
    verdict = verify(SCENARIOS, *runs)

    assert verdict.decision is not None
    assert verdict.decision.scenario == scenario
    assert [one.verdict for one in verdict.hypotheses] == hypotheses


def test_a_run_that_is_not_given_leaves_it_open(verify: Bench) -> None:
    verdict = verify(SCENARIOS, "B=falling")

    assert [(one.scenario, one.status) for one in verdict.decisions] == [
        ("both", "unknown"),
        ("A", "unknown"),
        ("B", "no"),
        ("", "unknown"),  # what is left when nothing else holds, and that cannot be told
    ]
    assert verdict.decisions[0].missing == "run A, which is not given"
    assert verdict.decision is None


def test_a_run_without_criteria_of_the_lowest_tier_reaches_none(verify: Bench) -> None:
    text = "runs: {A: a, B: b}\n" + TIERS.replace("{id: some,", "{id: some, run: B,")

    verdict = verify(text.replace("{id: much,", "{id: much, run: A,"), "A=rising", "B=broken")

    assert {run.name: run.tier for run in verdict.runs} == {"A": "none", "B": "none"}
    assert verdict.tier == "none"


def test_any_or_every_run_makes_the_tier(verify: Bench) -> None:
    assert verify(TIERS, "rising", "broken").tier == "target"
    assert verify("reached: every\n" + TIERS, "rising", "broken").tier == "none"
    assert [run.name for run in verify(TIERS, "rising", "broken").runs] == ["rising", "broken"]


def test_risks(verify: Bench) -> None:
    text = (
        "criteria: {minimum: [{id: a, when: epochs > 1}]}\n"
        "risks:\n- {id: nan, text: t, rule: [loss-nan, loss-div*]}\n- {text: t, rule: grad-explosion}\n"
        "- {text: t, when: last(val/map) < 0.3}\n- {text: t, rule: loss-diverging}\n"
    )

    assert [one.status for one in verify(text, "rising").risks] == ["not-seen", "unknown", "not-seen", "not-seen"]
    broken = verify(text, "broken").risks
    assert [one.status for one in broken[:3]] == ["materialised", "unknown", "materialised"]
    assert broken[0].id == "nan"
    assert broken[0].evidence[0].text.startswith("loss-nan: ")


KERAS = """\
PRE-TRAINING 1/1: image
Epoch 1/9 - 2s - loss: 2.0 - val_loss: 1.9 - val_kappa: 0.10
Epoch 2/9 - 2s - loss: 1.9 - val_loss: 1.8 - val_kappa: 0.20
Epoch 2: early stopping
Restoring model weights from the end of the best epoch: 2.
STAGE 1: head
Epoch 1/9 - 2s - loss: 2.0 - val_loss: 1.9 - val_kappa: 0.30
Epoch 2/9 - 2s - loss: 1.9 - val_loss: 1.8 - val_kappa: 0.25
Epoch 2: early stopping
Restoring model weights from the end of the best epoch: 1.
Final Kappa :  31.5 % of all
Final Kappa: n/a
"""


@pytest.mark.parametrize(
    ("criterion", "status"),
    [
        ("{id: a, segment: 1, when: best_epoch() > 1}", "met"),
        ("{id: a, segment: '*stage 1*', when: best_epoch() > 1}", "not-met"),
        ("{id: a, segment: stage 9, when: best_epoch() > 1}", "unknown"),
        ("{id: a, segment: 3, when: best_epoch() > 1}", "unknown"),
        ("{id: a, when: best_epoch() > 1}", "not-met"),
        ("{id: a, over: any, when: best_epoch() > 1}", "met"),
        ("{id: a, over: first, when: best_epoch() > 1}", "met"),
        ("{id: a, over: last, when: best(val/kappa) > 0.25}", "met"),
        ("{id: a, over: any, when: best(val/map) > 0.25}", "unknown"),
        ("{id: a, when: 'said(\"final kappa\") == 0.315'}", "met"),
        ("{id: a, when: 'said(\"Final F1\") == 0.315'}", "unknown"),
    ],
)
def test_segments(verify: Bench, criterion: str, status: str) -> None:
    (verify.folder / "stages.csv").write_text(KERAS)

    verdict = verify(f"criteria:\n  minimum:\n    - {criterion}", "stages")

    assert statuses(verdict) == {"a": status}, verdict.criteria


@pytest.mark.parametrize(
    ("text", "words", "number"),
    [
        ("Kappa: 0.5", "kappa", 0.5),
        ("best   kappa = -1e-3 (epoch 2)", "best kappa", -0.001),
        ("mAP 34.5 %", "mAP", 0.345),
        ("mAP of all 34.5", "mAP", None),
        ("nothing", "kappa", None),
        ("5", "", None),
    ],
)
def test_numbers_in_lines(text: str, words: str, number: float | None) -> None:
    assert number_after(text, words) == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (("C=rising",), "unknown run 'C'"),
        (("A=rising", "A=falling"), "given twice"),
        (("rising", "falling", "broken"), "more runs than"),
        (("A=missing",), "missing.csv"),
        ((), "no run to verify"),
    ],
)
def test_runs_that_cannot_be(verify: Bench, runs: tuple[str, ...], message: str) -> None:
    with pytest.raises(DiagnoseError, match=message):
        verify(SCENARIOS, *runs)


def test_a_folder_of_several_runs_is_refused(verify: Bench, tmp_path: Path) -> None:
    with pytest.raises(DiagnoseError, match="holds 3 runs"):
        Verifier(Request(paths=(str(_file(tmp_path)), str(tmp_path)), isolated=True)).verify()


def _file(folder: Path) -> Path:
    file = folder / "e.yaml"
    file.write_text("experiment: e\n" + TIERS)
    return file
