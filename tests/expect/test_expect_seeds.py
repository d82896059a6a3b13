"""The experiments that we ship, on the runs they are for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from diagnose.api.session import Request
from diagnose.api.verifier import Verifier
from diagnose.engine.expect.show import FORMATS, document, show
from diagnose.model.verdict import Verdict

ROOT = Path(__file__).parents[2]
EXPECT = ROOT / "fixtures" / "expect"
CORPUS = ROOT.parent / "shared" / "corpus"
PAIR = CORPUS / "config_pairs" / "origin_c_3scale_baseline_100k_vs_{}"
corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")


def verify(file: Path, *runs: str) -> Verdict:
    return Verifier(Request(paths=(str(file), *runs), isolated=True)).verify()


def statuses(verdict: Verdict, tier: str) -> list[str]:
    return [one.status for one in verdict.criteria if one.tier == tier]


def told(verdict: Verdict, name: str, run: str = "") -> str:
    (one,) = [one for one in verdict.criteria if one.id == name and run in ("", one.run)]
    return "; ".join(item.text for item in one.evidence)


def test_the_gradient_conflict_is_weakened_by_plan_a() -> None:
    folder = EXPECT / "gradient_conflict"
    verdict = verify(folder / "EXPECT.yaml", f"A={folder / 'plan_a.log'}")

    assert verdict.tier == "none"
    assert {one.id: one.verdict for one in verdict.hypotheses} == {
        "gradient-conflict": "weakened",
        "warmup-needed": "undecided",
        "not-the-contrastive-loss": "supported",
    }
    assert told(verdict, "recovered") == "best(val/pascal_voc/map) = 0.5884 (epoch 2)"
    assert verdict.decision is not None
    assert verdict.decision.scenario == "A succeeds in part"
    assert [one.status for one in verdict.decisions] == ["no", "unknown", "unknown", "follows", "not-asked"]


def test_the_gradient_conflict_is_supported_by_a_recovery() -> None:
    folder = EXPECT / "gradient_conflict"
    text = (
        (folder / "EXPECT.yaml").read_text(encoding="utf-8").replace(">= 0.63", ">= 0.53").replace(">= 0.80", ">= 0.1")
    )
    verdict = verify(_beside(folder, text), f"A={folder / 'stage2_1.log'}")

    assert told(verdict, "recall") == "best(val/pascal_voc/recall) = 0.813 (epoch 1)"
    assert statuses(verdict, "minimum")[:3] == ["met", "met", "not-met"]


def _beside(folder: Path, text: str) -> Path:
    import tempfile

    file = Path(tempfile.mkdtemp()) / "EXPECT.yaml"
    file.write_text(text.replace("baseline: stage2_1.log", f"baseline: {folder / 'stage2_1.log'}"), encoding="utf-8")
    return file


def _size_aware(runs: dict[str, str]) -> Verdict:
    return verify(EXPECT / "size_aware" / "EXPECT.yaml", *(f"{name}={path}" for name, path in runs.items()))


def _check_size_aware(verdict: Verdict) -> None:
    assert verdict.tier == "none"
    assert {one.id: one.verdict for one in verdict.hypotheses} == dict.fromkeys(("H1", "H2", "H3", "H4"), "weakened")
    overall = {one.run: one.evidence[0].text for one in verdict.criteria if one.id == "overall-34.5"}
    assert {"both": "0.3223", "levels": "0.3093", "loss": "0.3408", "light": "0.2093"}.items() <= {
        run: text.rpartition(" ")[2] for run, text in overall.items()
    }.items()
    assert [one.status for one in verdict.criteria if one.id == "beats-four-levels"] == ["met"]
    assert verdict.decision is not None
    assert verdict.decision.scenario == "partial rescue"


def test_the_size_aware_loss_on_its_figures() -> None:
    folder = EXPECT / "size_aware"
    _check_size_aware(_size_aware({name: str(folder / f"{name}.json") for name in ("both", "levels", "loss", "light")}))


@corpus
def test_the_size_aware_loss_on_its_real_results() -> None:
    light = "lightweight_enhanced_100k"
    plain = str(PAIR).format(light) + "/pair.json::baseline"
    runs = {
        "light": light,
        "both": "4scale_sizeaware_100k",
        "levels": "4scale_enhanced_100k",
        "loss": "3scale_sizeaware_100k",
    }
    results = {name: str(PAIR).format(pair) + "/changed/experiment_results.json" for name, pair in runs.items()}
    verdict = _size_aware({**results, "plain": plain})

    _check_size_aware(verdict)
    assert told(verdict, "overall-34.5", "plain") == "best(val/map) = 0.3402"
    assert told(verdict, "small-18", "both") == 'best(metric("small_objects/map")) = 0.1275'


@corpus
def test_what_to_look_for_after_the_fix() -> None:
    log = CORPUS / "keras" / "dfu_two_stage" / "training_fold1_after_fix.log"
    verdict = verify(ROOT / "docs" / "examples" / "two_stage.yaml", str(log))

    assert statuses(verdict, "minimum") == ["met", "not-met", "unknown", "not-met", "not-met"]
    lines = [[(item.text.rpartition(" ")[2], item.place.line) for item in one.evidence] for one in verdict.criteria]
    assert lines[:4] == [[("0.1364", 140)], [("1", 148)], [("11", 150)], [("0.2276", 163)]]
    assert verdict.decision is not None
    assert verdict.decision.scenario.startswith("pre-training and stage 2 learn")


@corpus
def test_what_to_look_for_before_the_fix() -> None:
    log = CORPUS / "keras" / "dfu_two_stage" / "training_fold1_before_fix.log"
    verdict = verify(ROOT / "docs" / "examples" / "two_stage.yaml", str(log))

    assert statuses(verdict, "minimum") == ["not-met"] * 5
    assert [one.status for one in verdict.risks] == ["materialised", "materialised"]


def test_the_contract_of_the_json() -> None:
    folder = EXPECT / "gradient_conflict"
    verdict = verify(folder / "EXPECT.yaml", f"A={folder / 'plan_a.log'}")
    data: dict[str, Any] = json.loads(show(verdict, "json"))

    assert data == json.loads(json.dumps(document(verdict)))
    assert data["schema"] == "diagnose/verify-v1"
    assert {"id", "tier", "status", "evidence"} <= set(data["criteria"][0])
    assert {one["status"] for one in data["criteria"]} <= {"met", "not-met", "unknown"}
    assert data["tier"] == "none"
    assert data["decision"].startswith("Run plan B")
    assert set(data["criteria"][0]["evidence"][0]) == {"path", "line", "text", "quote"}


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_read_is_markup(format: str, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script> | ::error::x ##vso[task] \x1b[31m"
    (tmp_path / "run.log").write_text(
        f"epoch 1 loss: 1.0 val_loss: 1.0\nepoch 2 loss: 0.5 val_loss: 0.5\n{evil} score: 5\n"
    )
    file = tmp_path / "e.yaml"
    file.write_text(
        "experiment: '<script>'\ncriteria:\n  minimum:\n"
        "    - {id: a, text: '::error::x | <script>', when: 'said(\"score\") > 1'}\n"
    )
    text = show(verify(file, str(tmp_path / "run.log")), format)

    assert "\x1b" not in text
    assert "##vso[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    if format == "markdown":
        outside = "".join(text.split("`")[::2])
        assert "<script>" not in outside
