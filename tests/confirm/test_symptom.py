"""What is asked of a run, and when the answer is known."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from diagnose import logs
from diagnose.confirm.conditions import metric_of
from diagnose.confirm.evidence import Evidence, cut_for, metric_in, shown_at, symptom_in
from diagnose.confirm.prefix import Cut, before, moments, reached, read_cut
from diagnose.confirm.symptom import Question, question
from diagnose.engine.catalogue import catalogue
from diagnose.engine.enrich import enrich
from diagnose.engine.lint import Options
from diagnose.errors import SettingsError
from diagnose.model import Run
from diagnose.sources import from_bytes

RULES = catalogue(())


def run_of(*columns: tuple[float | str, float | str], names: str = "loss,val_accuracy") -> Run:
    rows = "".join(f"{number},{','.join(map(str, row))}\n" for number, row in enumerate(columns, 1))
    run = logs.read(from_bytes("run.csv", f"epoch,{names}\n{rows}".encode()))
    assert run is not None
    return enrich(run)


def asked(symptom: str, metric: str = "", cut: Cut | None = None) -> Question:
    return question(symptom, metric, "", cut, Options(()), RULES)


GOOD = run_of(*[(2 / n, 0.3 + 0.06 * n) for n in range(1, 11)])
NAN = run_of((1.0, 0.4), (0.8, 0.5), ("nan", 0.3), ("nan", 0.3))
LOW = run_of(*[(1.0, 0.33) for _ in range(10)])


def test_a_rule_that_nothing_takes_back_ends_a_run_at_once() -> None:
    said = asked("loss-nan", "best(val/accuracy)")(NAN, ended=False)

    assert said.symptom is True
    assert said.metric is not None
    assert math.isnan(said.metric)
    assert asked("loss-nan")(GOOD, ended=False).symptom is None
    assert asked("loss-nan")(GOOD, ended=True).symptom is False


@pytest.mark.parametrize(
    ("symptom", "kept"),
    [
        ('found("loss-nan")', {True}),
        ('seen("traceback")', {True}),
        ("best(val/accuracy) < 0.5", {False}),
        ("best(val/accuracy) >= 50%", {True}),
        ("best(val/loss) < 0.5", {True}),
        ("not best(val/loss) < 0.5", {False}),
        ('found("loss-nan") or best(val/loss) < 0.5', {True}),
        ('found("loss-nan") and best(val/accuracy) < 0.5', set()),
        ("last(val/accuracy) < 0.5", set()),
        ("found(\"loss-plateau\")", set()),
    ],
)  # fmt: skip
def test_verdicts_that_are_kept(symptom: str, kept: set[bool]) -> None:
    assert asked(symptom).final == kept


def test_what_may_change_is_known_at_the_cut_only() -> None:
    low = asked("best(val/accuracy) < 0.5", "best(val/accuracy)", Cut("epoch", 6))

    assert low(before(GOOD, Cut("epoch", 4)), ended=False).symptom is None
    said = low(GOOD, ended=False)
    assert (said.symptom, said.reached) == (False, True)
    assert said.metric == pytest.approx(0.66)  # at the cut, however far the log goes on
    assert low(LOW, ended=False).symptom is True
    assert (
        asked("best(val/accuracy) < 0.5")(GOOD, ended=False).symptom is False
    )  # without a metric nothing more is needed


def test_what_the_log_does_not_hold_is_no_verdict() -> None:
    said = asked("best(val/map) < 0.5", "best(val/map)")(GOOD, ended=True)

    assert said.symptom is None
    assert said.metric is None


def test_a_condition_that_makes_no_sense_here_is_told() -> None:
    with pytest.raises(SettingsError, match="makes no sense"):
        asked("best(0.5) < 1")(GOOD, ended=True)


def test_first_shown_where_nothing_takes_it_back() -> None:
    assert shown_at(asked("loss-nan"), Evidence(NAN)) == Cut("epoch", 3)
    assert cut_for(Cut("epoch", 3)) == Cut("epoch", 5)


def test_first_shown_is_where_good_and_bad_part_for_good() -> None:
    low = asked("best(val/accuracy) < 0.5")

    assert shown_at(low, Evidence(LOW)) is None
    assert shown_at(low, Evidence(LOW, GOOD)) == Cut("epoch", 4)
    assert shown_at(low, Evidence(GOOD, LOW)) is None


def test_a_good_run_that_is_hardly_good_yet_is_no_place_to_cut() -> None:
    low = asked("best(val/accuracy) < 0.5", "best(val/accuracy)")

    assert shown_at(low, Evidence(LOW, GOOD)) == Cut("epoch", 8)  # 0.78: a fifth of the gap is left
    assert shown_at(asked("loss-nan", "best(val/accuracy)"), Evidence(NAN, GOOD)) == Cut("epoch", 3)


def test_symptom_and_metric_from_the_logs() -> None:
    finding = symptom_in(Evidence(NAN, GOOD), Options(RULES))

    assert finding is not None
    assert finding.name == "loss-nan"
    assert symptom_in(Evidence(GOOD, GOOD), Options(RULES)) is None
    assert metric_in(Evidence(NAN, GOOD)) == "best(val/accuracy)"
    assert metric_of("best(val/accuracy) < 0.5") == "best(val/accuracy)"
    assert metric_of("last(val/loss) > 2") == "last(val/loss)"
    assert metric_of("last(val/loss) > last(train/loss)") == ""


def test_a_run_as_it_stood() -> None:
    then = before(GOOD, Cut("epoch", 4))

    assert len(then.segments[0].series["val/accuracy"]) == 4
    assert moments(GOOD)[-1] == Cut("epoch", 10)
    assert not reached(then, Cut("epoch", 5), {"val/accuracy"})
    assert reached(GOOD, Cut("epoch", 5), {"val/accuracy"})
    assert reached(GOOD, Cut("epoch", 5), {"val/map"})  # which it will not log any more


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("5 epochs", Cut("epoch", 5)),
        ("1e3 steps", Cut("step", 1000)),
        ("none", None),
        (" 2 Iterations", Cut("step", 2)),
    ],
)
def test_cuts(text: str, cut: Cut | None) -> None:
    assert read_cut(text) == cut


def test_steps_serve_where_there_are_no_epochs() -> None:
    text = "".join(f'{{"step": {10 * n}, "loss": {2 / n}}}\n' for n in range(1, 9))
    run = logs.read(from_bytes("run.jsonl", text.encode()))

    assert run is not None
    assert moments(run)[0] == Cut("step", 10)
    assert Path(run.path).name == "run.jsonl"
