"""``diagnose sweep`` as a user meets it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
SEED = CORPUS / "seeds_origin" / "d" / "digits"
TABLE = (
    "run,lr,batch_size,val_acc,status,error\n"
    "a,0.1,32,0.52,finished,\n"
    "b,0.01,32,0.71,finished,\n"
    "c,0.001,64,,failed,no preset called wide\n"
    "d,0.0001,64,0.63,finished,\n"
)


def curve(best: float, epochs: int) -> str:
    rows = [f"{n},{1 / n:.3f},{best * n / epochs:.4f}" for n in range(1, epochs + 1)]
    return "epoch,loss,val_accuracy\n" + "\n".join(rows) + "\n"


def told(diagnose: Any, *words: object) -> tuple[int, dict[str, Any]]:
    result = diagnose("sweep", *words, "--output-format", "json")
    return result.exit_code, json.loads(result.stdout)


def names(report: dict[str, Any]) -> set[str]:
    return {finding["name"] for finding in report["findings"]}


def order(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(run["run"], run["status"]) for run in report["ranking"]]


def test_a_table_is_ranked(diagnose: Any, project: Path) -> None:
    (project / "table.csv").write_text(TABLE)
    status, report = told(diagnose, "table.csv")
    assert status == 0
    assert report["schema"] == "diagnose/sweep-v1"
    assert (report["metric"], report["goal"], report["winner"]) == ("val/accuracy", "max", "b")
    assert order(report) == [("b", "ok"), ("d", "ok"), ("a", "ok"), ("c", "failed")]
    assert report["ranking"][0]["value"] == 0.71
    assert report["ranking"][-1]["reason"] == "no preset called wide"
    assert names(report) == {"runs-failed", "too-few-runs", "single-seed"}
    failed = next(finding for finding in report["findings"] if finding["name"] == "runs-failed")
    assert (failed["path"], failed["line"]) == ("table.csv", 4)


def test_the_gate_counts(diagnose: Any, project: Path) -> None:
    (project / "table.csv").write_text(TABLE)
    assert diagnose("sweep", "table.csv", "--fail-on", "warning").exit_code == 1
    assert diagnose("sweep", "table.csv", "--fail-on", "warning", "--ignore", "SWEEP001").exit_code == 0


def test_metric_and_goal_can_be_chosen(diagnose: Any, project: Path) -> None:
    (project / "table.csv").write_text("run,lr,val_acc,val_loss\na,0.1,0.5,0.4\nb,0.01,0.7,0.6\nc,0.3,0.6,0.5\n")
    assert told(diagnose, "table.csv", "--metric", "val_loss")[1]["winner"] == "a"
    assert told(diagnose, "table.csv", "--metric", "val_loss", "--goal", "max")[1]["winner"] == "b"
    result = diagnose("sweep", "table.csv", "--metric", "vall_loss")
    assert result.exit_code == 2
    assert "no run has the metric 'vall_loss'" in result.stderr


def test_folders_of_runs(diagnose: Any, project: Path) -> None:
    for name, best, epochs in (("small", 0.8, 20), ("wide", 0.7, 20), ("brief", 0.9, 2)):
        (project / "runs" / name).mkdir(parents=True)
        (project / "runs" / name / "results.csv").write_text(curve(best, epochs))
        (project / "runs" / name / "config.yaml").write_text(f"model: {name}\nlr: 0.01\nepochs: 20\nbatch_size: 16\n")
    status, report = told(diagnose, "runs", "--write-config", "best.yaml")
    assert status == 0
    assert order(report) == [("small", "ok"), ("wide", "ok"), ("brief", "too-short")]
    brief = report["ranking"][2]
    assert (brief["epochs"], brief["planned"], brief["reason"]) == (2, 20, "2 of 20 epochs")
    assert "runs-too-short" in names(report)
    written = (project / "best.yaml").read_text()
    assert "small: best of 3 runs" in written
    assert "model: small\nlr: 0.01\nepochs: 20\nbatch_size: 16\n" in written


def test_all_bests_zero_in_the_summary(diagnose: Any, project: Path) -> None:
    log = "".join(
        f"2026-01-05 10:{n:02d}:00,000 - main - INFO - Starting experiment: {name}\n"
        f"2026-01-05 10:{n:02d}:01,000 - main - INFO - Starting training for 2 epochs\n"
        + "".join(
            f"2026-01-05 10:{n:02d}:1{e},000 - main - INFO - Epoch {e} | Batch 0/9 | Loss: {2 / e:.4f} | LR: {lr}\n"
            f"2026-01-05 10:{n:02d}:2{e},000 - main - INFO - Epoch {e} Results:\n"
            f"2026-01-05 10:{n:02d}:2{e},000 - main - INFO -   Train Loss: {2 / e:.4f}\n"
            f"2026-01-05 10:{n:02d}:2{e},000 - main - INFO -   Val Loss: {2.1 / e:.4f}\n"
            f"2026-01-05 10:{n:02d}:2{e},000 - main - INFO -   Val Acc: {best * e / 2:.1f}%\n"
            for e in (1, 2)
        )
        + f"2026-01-05 10:{n:02d}:30,000 - main - INFO - Best accuracy: 0.0000\n"
        for n, (name, best, lr) in enumerate([("base", 24.0, 0.002), ("tiny", 31.0, 0.001), ("huge", 15.0, 0.0005)])
    )
    (project / "search.log").write_text(log)
    results = []
    for name, lr, size in (("base", 0.002, 64), ("tiny", 0.001, 32), ("huge", 0.0005, 32)):
        settings = {"lr": lr, "batch_size": size}
        row = {"experiment_name": name, "status": "completed", "best_val_acc": 0, "hyperparameters": settings}
        results.append(row)
    (project / "results.json").write_text(json.dumps({"best_result": results[0], "all_results": results}, indent=1))
    status, report = told(diagnose, "search.log", "results.json")
    assert status == 1
    assert [run["run"] for run in report["ranking"]] == ["tiny", "base", "huge"]
    assert [run["value"] for run in report["ranking"]] == [0.31, 0.24, 0.15]
    assert all(run["stated"] == 0 for run in report["ranking"])
    assert {"bests-not-recorded", "wrong-run-called-best", "runs-too-short"} <= names(report)
    assert report["ranking"][0]["settings"]["batch_size"] == 32

    status, alone = told(diagnose, "results.json")
    assert status == 1
    assert alone["winner"] is None
    assert "results-all-equal" in names(alone)


def database(path: Path) -> None:
    base = sqlite3.connect(path)
    base.executescript("""
        CREATE TABLE studies (study_id INTEGER, study_name TEXT);
        CREATE TABLE study_directions (study_id INTEGER, objective INTEGER, direction TEXT);
        CREATE TABLE trials (trial_id INTEGER, study_id INTEGER, number INTEGER, state TEXT);
        CREATE TABLE trial_values (trial_id INTEGER, objective INTEGER, value REAL);
        CREATE TABLE trial_params (trial_id INTEGER, param_name TEXT, param_value REAL, distribution_json TEXT);
    """)
    base.execute("INSERT INTO studies VALUES (1, 'widths')")
    base.execute("INSERT INTO study_directions VALUES (1, 0, 'MINIMIZE')")
    space = json.dumps(
        {"name": "FloatDistribution", "attributes": {"low": 1e-4, "high": 1e-1, "log": True, "step": None}}
    )
    choice = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam"]}})
    for number in range(12):
        state = "FAIL" if number == 3 else "PRUNED" if number == 4 else "COMPLETE"
        base.execute("INSERT INTO trials VALUES (?, 1, ?, ?)", (number, number, state))
        lr = 1e-4 * 10 ** (number / 4)
        base.execute("INSERT INTO trial_params VALUES (?, 'lr', ?, ?)", (number, lr, space))
        base.execute("INSERT INTO trial_params VALUES (?, 'optimizer', ?, ?)", (number, number % 2, choice))
        if state == "COMPLETE":
            base.execute("INSERT INTO trial_values VALUES (?, 0, ?)", (number, 0.1 + 0.05 * number))
    base.commit()
    base.close()


def test_an_optuna_database(diagnose: Any, project: Path) -> None:
    database(project / "study.db")
    status, report = told(diagnose, "study.db")
    assert status == 0
    assert (report["metric"], report["goal"], report["winner"]) == ("objective", "min", "trial 0")
    assert [run["status"] for run in report["ranking"]].count("ok") == 10
    assert order(report)[-2:] == [("trial 4", "too-short"), ("trial 3", "failed")]
    lr = next(one for one in report["settings"] if one["name"] == "lr")
    assert (lr["value"], lr["edge"], lr["verdict"]) == (1.0, "low", "clear")
    assert report["ranking"][0]["settings"]["optimizer"] == "sgd"
    assert {"best-at-edge", "setting-goes-with-result", "runs-failed"} <= names(report)
    assert "need 20 comparable runs" in report["importance"][0]["missing"]


def test_a_journal(diagnose: Any, project: Path) -> None:
    space = json.dumps({"name": "IntDistribution", "attributes": {"low": 1, "high": 9, "log": False, "step": 1}})
    records: list[dict[str, Any]] = [{"op_code": 0, "worker_id": "w", "study_name": "depths", "directions": [2]}]
    for number in range(5):
        records.append({"op_code": 4, "worker_id": "w", "study_id": 0})
        records.append({"op_code": 5, "worker_id": "w", "trial_id": number, "param_name": "blocks",
                        "param_value_internal": float(number + 1), "distribution": space})  # fmt: skip
        records.append({"op_code": 6, "worker_id": "w", "trial_id": number, "state": 1, "values": [0.1 * number]})
    (project / "journal.log").write_text("\n".join(map(json.dumps, records)) + '\n{"op_code": 6, "tri')
    _, report = told(diagnose, "journal.log")
    assert (report["goal"], report["winner"], len(report["ranking"])) == ("max", "trial 4", 5)
    assert next(iter(report["ranking"]))["line"] == 16


def test_trials_of_keras_tuner(diagnose: Any, project: Path) -> None:
    for number, score in enumerate((0.71, None, 0.83)):
        seen = {"direction": "max", "observations": [{"value": [score], "step": 4}]}
        failed = score is None
        trial = {
            "trial_id": f"000{number}",
            "hyperparameters": {"space": [], "values": {"units": 32 * (number + 1), "lr": 0.01}},
            "metrics": {"metrics": {} if failed else {"val_accuracy": seen}},
            "score": score,
            "status": "FAILED" if failed else "COMPLETED",
            "message": "Traceback (most recent call last):\nValueError: negative size" if failed else None,
        }
        folder = project / "tuner" / f"trial_000{number}"
        folder.mkdir(parents=True)
        (folder / "trial.json").write_text(json.dumps(trial))
    _, report = told(diagnose, "tuner")
    assert order(report) == [("trial 0002", "ok"), ("trial 0000", "ok"), ("trial 0001", "failed")]
    assert (report["metric"], report["goal"]) == ("objective", "max")
    assert "negative size" in report["ranking"][-1]["reason"]


@pytest.mark.parametrize("name", ["none.csv", "random.bin", "bad.db", "cut.json", "letter.txt", "empty"])
def test_what_cannot_be_read(name: str, diagnose: Any, project: Path) -> None:
    (project / "random.bin").write_bytes(bytes(range(256)) * 20)
    (project / "bad.db").write_bytes(b"SQLite format 3\0 and no more")
    (project / "cut.json").write_text('{"a": [')
    (project / "empty").mkdir()
    result = diagnose("sweep", name)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "internal error" not in result.output


def test_one_run_only(diagnose: Any, project: Path) -> None:
    (project / "results.csv").write_text(curve(0.8, 9))
    status, report = told(diagnose, "results.csv")
    assert status == 0
    assert len(report["ranking"]) == 1
    assert report["notes"] == ["one run only: there is nothing to compare"]


def test_no_metric_in_common(diagnose: Any, project: Path) -> None:
    (project / "a.csv").write_text(curve(0.8, 9))
    (project / "b.csv").write_text(curve(0.7, 9).replace("val_accuracy", "val_kappa"))
    status, report = told(diagnose, "a.csv", "b.csv")
    assert status == 0
    assert [run["value"] is None for run in report["ranking"]] == [False, True]
    assert "no value of" in report["notes"][0]
    assert "runs-failed" not in names(report)


def test_copies_count_once(diagnose: Any, project: Path) -> None:
    for name in ("one", "two", "three"):
        (project / name).mkdir()
        (project / name / "results.csv").write_text(curve(0.6 if name == "three" else 0.8, 9))
    _, report = told(diagnose, "one", "two", "three")
    assert len(report["ranking"]) == 2
    assert "copy" in report["notes"][0]


def test_a_config_is_not_overwritten_by_its_copy(diagnose: Any, project: Path) -> None:
    for name in ("one", "two"):
        (project / name).mkdir()
        (project / name / "results.csv").write_text(curve(0.8 if name == "one" else 0.7, 9))
        (project / name / "config.yaml").write_text("lr: 0.01\nepochs: 9\n")
    result = diagnose("sweep", "one", "two", "--write-config", "one/config.yaml")
    assert result.exit_code == 2
    assert "would overwrite" in result.stderr
    assert (project / "one" / "config.yaml").read_text() == "lr: 0.01\nepochs: 9\n"


def test_outputs_hold_no_markup_of_what_was_read(diagnose: Any, project: Path) -> None:
    evil = "<script>alert(1)</script>"
    (project / "table.csv").write_text(TABLE.replace("b,", f"{evil},").replace("no preset", "::error::\x1b[31m"))
    for name, bad in (("html", "<script"), ("markdown", "<script"), ("full", "\x1b[31m"), ("concise", "\n::error")):
        result = diagnose("sweep", "table.csv", "--output-format", name)
        assert bad not in result.stdout.split("```")[0]  # what was read may stand in a block of code
        assert "alert" in result.stdout


def test_html_has_curves(diagnose: Any, project: Path) -> None:
    for name in ("one", "two"):
        (project / name).mkdir()
        (project / name / "results.csv").write_text(curve(0.8 if name == "one" else 0.7, 9))
    page = diagnose("sweep", "one", "two", "--output-format", "html").stdout
    assert page.count("<polyline") == 2
    assert "<script" not in page
    assert page.count("</html>") == 1


def test_a_run_without_a_value_did_not_fail(diagnose: Any, project: Path) -> None:
    (project / "table.csv").write_text(
        'run,lr,val_acc,status\na,0.1,0.5,done\nb,0.2,,"failed: out of memory, see <b>"\n'
        "c,0.3,nan,done\nd,0.4,1.2,done\ne,0.5,0.6,done\n"
    )
    _, report = told(diagnose, "table.csv")
    assert order(report) == [("e", "ok"), ("a", "ok"), ("c", "no-value"), ("d", "no-value"), ("b", "failed")]
    reasons = [run["reason"] for run in report["ranking"][2:]]
    assert "never a finite number" in reasons[0]
    assert "more than a share can be" in reasons[1]
    assert reasons[2] == "out of memory, see <b>"
    assert any(note.startswith("d is not ranked") for note in report["notes"])
    failed = next(finding for finding in report["findings"] if finding["name"] == "runs-failed")
    assert "1 of 5 runs failed" in failed["message"]


def two_studies(path: Path) -> None:
    base = sqlite3.connect(path)
    base.executescript("""
        CREATE TABLE studies (study_id INTEGER, study_name TEXT);
        CREATE TABLE study_directions (study_id INTEGER, objective INTEGER, direction TEXT);
        CREATE TABLE trials (trial_id INTEGER, study_id INTEGER, number INTEGER, state TEXT);
        CREATE TABLE trial_values (trial_id INTEGER, objective INTEGER, value REAL);
        INSERT INTO studies VALUES (1, 'loss'), (2, 'score');
        INSERT INTO study_directions VALUES (1, 0, 'MINIMIZE'), (2, 0, 'MAXIMIZE');
    """)
    for number in range(8):
        study = 1 if number < 5 else 2
        base.execute("INSERT INTO trials VALUES (?, ?, ?, 'COMPLETE')", (number, study, number))
        base.execute("INSERT INTO trial_values VALUES (?, 0, ?)", (number, 0.1 * number))
    base.commit()
    base.close()


def test_studies_of_opposite_directions_are_not_ranked_together(diagnose: Any, project: Path) -> None:
    two_studies(project / "both.db")
    _, report = told(diagnose, "both.db")
    assert (report["goal"], report["winner"]) == ("min", "loss trial 0")
    assert [run["status"] for run in report["ranking"]] == ["ok"] * 5 + ["no-value"] * 3
    assert "rank it with --goal max" in report["ranking"][-1]["reason"]
    _, report = told(diagnose, "both.db", "--goal", "max")
    assert report["winner"] == "score trial 7"


def test_an_objective_of_unknown_direction_is_not_ranked(diagnose: Any, project: Path) -> None:
    (project / "table.csv").write_text("number,value,params_lr\n0,0.4,0.1\n1,0.5,0.2\n")
    result = diagnose("sweep", "table.csv")
    assert result.exit_code == 2
    assert "add --goal max or --goal min" in result.stderr
    _, report = told(diagnose, "table.csv", "--goal", "min")
    assert report["ranking"][0]["value"] == 0.4


def trained(name: str, first: float, last: float, digits: float, error: str = "") -> str:
    """Return the part of a log in which one experiment is trained for two epochs, or fails."""
    text = f"2026-01-05 10:00:00,000 - main - INFO - Starting experiment: {name}\n"
    if error:
        return text + f"2026-01-05 10:00:01,000 - main - ERROR - Experiment {name} failed: {error}\n"
    text += "2026-01-05 10:00:01,000 - main - INFO - Starting training for 2 epochs\n"
    for epoch, score in ((1, first), (2, last)):
        text += (
            f"2026-01-05 10:00:1{epoch},000 - main - INFO - Epoch {epoch} | Batch 0/9 | Loss: {2 / epoch:.4f}\n"
            f"2026-01-05 10:00:2{epoch},000 - main - INFO - Epoch {epoch} Results:\n"
            f"2026-01-05 10:00:2{epoch},000 - main - INFO -   Train Loss: {2 / epoch:.4f}\n"
            f"2026-01-05 10:00:2{epoch},000 - main - INFO -   Val Loss: {2.1 / epoch:.4f}\n"
            f"2026-01-05 10:00:2{epoch},000 - main - INFO -   Val Char Acc: {score:.1f}%\n"
            f"2026-01-05 10:00:2{epoch},000 - main - INFO -   Val Seq Acc: {digits if epoch == 1 else 0:.1f}%\n"
        )
    return text


def test_two_searches_of_one_folder(diagnose: Any, project: Path) -> None:
    (project / "runs").mkdir()
    first = (
        trained("base", 20, 24, 0.2) + trained("wide", 21, 25, 0.0) + trained("deep", 0, 0, 0, "no preset called deep")
    )
    (project / "runs" / "search_one.log").write_text(first)
    second = trained("base", 22, 26, 0.0).replace("Val Seq Acc: 0.0%", "Val Seq Acc: 0.9%")
    second += trained("wide", 22, 27, 0.0).replace("Val Seq Acc: 0.0%", "Val Seq Acc: 0.8%")
    second += trained("small", 22, 28, 0.0).replace("Val Seq Acc: 0.0%", "Val Seq Acc: 0.7%")
    (project / "runs" / "search_two.log").write_text(second + trained("deep", 0, 0, 0, "shapes do not fit"))
    _, report = told(diagnose, "runs")
    failed = {run["run"]: run["reason"] for run in report["ranking"] if run["status"] == "failed"}
    assert failed == {"deep (search_one)": "no preset called deep", "deep (search_two)": "shapes do not fit"}
    zero = next(finding for finding in report["findings"] if finding["name"] == "metric-zero-across")
    assert "2 of 2 runs of search_one.log" in zero["message"]
    base = next(run for run in report["ranking"] if run["run"] == "base (search_one)")
    assert (base["value"], base["metrics"]["val/seq_acc"]) == (0.24, 0.0)


def test_the_config_that_a_log_announces(diagnose: Any, project: Path) -> None:
    (project / "runs").mkdir()
    head = "2026-01-05 09:00:00,000 - main - INFO - Training with the best configuration: wide\n"
    (project / "runs" / "search.log").write_text(trained("base", 20, 24, 0) + trained("wide", 21, 25, 0))
    (project / "runs" / "again.log").write_text(head + trained("", 30, 38, 0).split("\n", 1)[1])
    parts = {name: {"model": {"name": name}, "training": {"epochs": 50, "batch_size": 8}} for name in ("base", "wide")}
    (project / "runs" / "configs.yaml").write_text(json.dumps({"experiments": parts}))
    _, report = told(diagnose, "runs", "--write-config", "best.yaml")
    assert report["winner"] == "again"
    assert (report["ranking"][0]["planned"], report["ranking"][0]["settings"]["batch_size"]) == (50, 8)
    assert "name: wide" in (project / "best.yaml").read_text()


def test_a_config_is_not_written_as_what_it_is_not(diagnose: Any, project: Path) -> None:
    (project / "table.csv").write_text(TABLE)
    result = diagnose("sweep", "table.csv", "--write-config", "best.py")
    assert result.exit_code == 2
    assert "cannot be written as .py" in result.stderr
    assert not (project / "best.py").exists()


def test_the_options_beside_a_log_are_copied(diagnose: Any, project: Path) -> None:
    head = "epoch, train/box_loss, train/obj_loss, train/cls_loss, metrics/precision, metrics/recall, metrics/mAP_0.5, "
    head += "metrics/mAP_0.5:0.95, val/box_loss, val/obj_loss, val/cls_loss, x/lr0, x/lr1, x/lr2\n"
    for name, best in (("exp", 0.5), ("exp2", 0.4)):
        (project / "runs" / name).mkdir(parents=True)
        rows = "".join(f"{n}, .1, .1, .1, .5, .5, .6, {best * n / 9}, .1, .1, .1, .01, .01, .01\n" for n in range(9))
        (project / "runs" / name / "results.csv").write_text(head + rows)
        (project / "runs" / name / "opt.yaml").write_text(
            "weights: a.pt  # ours\nepochs: 9\nbatch_size: 4\nimgsz: 640\n"
        )
    result = diagnose("sweep", "runs", "--write-config", "best.yaml")
    assert result.exit_code == 0
    assert (project / "best.yaml").read_text().endswith("weights: a.pt  # ours\nepochs: 9\nbatch_size: 4\nimgsz: 640\n")


def test_rows_can_be_told_apart(diagnose: Any, project: Path) -> None:
    long = "a_search_with_a_very_long_name_of_its_own_that_does_not_fit"
    for name in ("one", "two"):
        folder = project / long / "and_more_of_it_in_the_folder_below" / f"variant_{name}"
        folder.mkdir(parents=True)
        (folder / "results.csv").write_text(curve(0.8 if name == "one" else 0.7, 9))
    page = diagnose("sweep", long, "--output-format", "full").stdout
    assert "variant_one" in page
    assert "variant_two" in page
    assert long not in page.split("Learning curves")[0]


def test_what_is_not_shown_is_said(diagnose: Any, project: Path) -> None:
    for number in range(15):
        (project / "runs" / f"r{number}").mkdir(parents=True)
        (project / "runs" / f"r{number}" / "results.csv").write_text(curve(0.5 + number / 99, 9))
    for name in ("full", "markdown", "html"):
        assert "3 more curves not shown" in diagnose("sweep", "runs", "--output-format", name).stdout


needs_seed = pytest.mark.skipif(not SEED.is_dir(), reason="the corpus is not here")


@needs_seed
def test_seed_004(diagnose: Any, project: Path) -> None:
    log, results = (
        SEED / "hyperparameter_tuning_20250624_113236.log",
        SEED / "hyperparameter_tuning_results_20250624_121114.json",
    )
    configs = SEED / "config" / "phase3_training_configs.yaml"
    status, report = told(diagnose, log, results, configs, "--at", "last", "--write-config", "best.yaml")
    assert status == 1
    ranking = [(run["run"], run["value"], run["metrics"].get("val/seq_acc")) for run in report["ranking"]]
    assert ranking == [
        ("conservative_small", 0.312, 0.051),
        ("baseline_optimized", 0.245, 0.0),
        ("focal_loss_experiment", 0.234, 0.0),
        ("aggressive_learning", 0.21, 0.0),
        ("fast_convergence", 0.193, 0.0),
        ("large_model_regularized", 0.159, 0.0),
        ("ctc_alignment_free", None, None),
    ]
    assert [run["settings"]["batch_size"] for run in report["ranking"][:6]] == [32, 64, 64, 128, 96, 32]
    assert [run["settings"]["lr"] for run in report["ranking"][:6]] == [0.001, 0.002, 0.0015, 0.003, 0.005, 0.0005]
    assert report["ranking"][6]["reason"].startswith("Unknown preset: ctc.")
    assert report["ranking"][4]["reason"] == "2 of 25 epochs"
    assert {run["status"] for run in report["ranking"][:6]} == {"too-short"}
    assert {
        "bests-not-recorded", "wrong-run-called-best", "runs-failed", "runs-too-short", "metric-zero-across",
        "too-few-runs", "single-seed", "settings-moved-together", "size-against-result",
    } <= names(report)  # fmt: skip
    written = (project / "best.yaml").read_text()
    for words in ("num_epochs: 50", "name: small", "learning_rate: 0.001", "label_smoothing: 0.05", "type: plateau"):
        assert words in written


@needs_seed
def test_seed_004_over_the_whole_folder(diagnose: Any, project: Path) -> None:
    _, report = told(diagnose, SEED, "--write-config", "best.yaml")
    repeats = {group[0].split(" (")[0]: len(group) for group in report["repeats"]}
    assert repeats == {
        "conservative_small": 3, "focal_loss_experiment": 2, "baseline_optimized": 2, "aggressive_learning": 2,
        "fast_convergence": 2, "large_model_regularized": 2,
    }  # fmt: skip
    assert report["noise"] == pytest.approx(0.0196, abs=1e-3)
    failed = {run["reason"].split(" ")[0]: run["settings"] for run in report["ranking"] if run["status"] == "failed"}
    assert failed == {"CTC": {}, "Unknown": {}}
    messages = {finding["name"]: finding["message"] for finding in report["findings"]}
    assert {
        "bests-not-recorded", "wrong-run-called-best", "runs-failed", "runs-too-short", "metric-zero-across",
        "too-few-runs", "settings-moved-together", "size-against-result",
    } <= messages.keys()  # fmt: skip
    assert "ends at 0 in 5 of 6 runs of hyperparameter_tuning_20250624_113236.log" in messages["metric-zero-across"]
    assert "3 sizes" in messages["size-against-result"]
    for link in report["settings"]:
        if link["interval"]:
            assert link["interval"][0] <= link["value"] <= link["interval"][1]
    written = (project / "best.yaml").read_text()
    for words in ("num_epochs: 50", "name: small", "learning_rate: 0.001", "label_smoothing: 0.05", "type: plateau"):
        assert words in written


SEARCHES = CORPUS / "sweeps"


@pytest.mark.skipif(not SEARCHES.is_dir(), reason="the corpus is not here")
def test_searches_of_the_corpus(diagnose: Any, project: Path) -> None:
    _, report = told(diagnose, SEARCHES / "fedemengo_optuna_oom_traceback_failures.log")
    assert (report["goal"], round(report["ranking"][0]["value"], 4)) == ("min", 0.1689)
    _, report = told(diagnose, SEARCHES / "optuna_lightning_gnn_trials_7_to_9_tail.log")
    assert order(report) == [("trial 9", "ok"), ("trial 8", "ok"), ("trial 7", "ok")]
    assert report["ranking"][0]["settings"]["depth"] == 2
    _, report = told(diagnose, SEARCHES / "kws_mamba_optuna2_error_trials.log")
    assert [run["status"] for run in report["ranking"]].count("failed") == 30
    _, report = told(diagnose, SEARCHES / "dfu_fusion_hparam_search_20260306.log")
    assert (report["winner"], report["ranking"][0]["value"]) == ("B1_R5_meta_default", 0.2929)
    assert next(run["value"] for run in report["ranking"] if run["run"] == "R1_lr5e-05") == 0.0
    _, report = told(diagnose, SEARCHES / "dfu_hparam_search_depth_rgb_ansi.log")
    assert not any("mixup" in finding["message"] for finding in report["findings"])
    assert len(report["ranking"]) == 28


MMDET = CORPUS / "mmdet" / "haiyugong_faster_rcnn_voc07"


@pytest.mark.skipif(not MMDET.is_dir(), reason="the corpus is not here")
def test_an_accuracy_in_percent_beside_a_share(diagnose: Any, project: Path) -> None:
    _, report = told(diagnose, MMDET)
    assert report["ranking"][0]["value"] == pytest.approx(0.7174, abs=1e-4)


KAZHILI = sorted((CORPUS / "config_pairs").glob("kazhili8_*"))


@pytest.mark.skipif(not KAZHILI, reason="the corpus is not here")
def test_batch_sizes_of_the_corpus(diagnose: Any, project: Path) -> None:
    status, report = told(diagnose, *KAZHILI, "--write-config", "best.yaml", "--epochs", "300")
    assert status == 0
    assert [(run["value"], run["settings"]["batch_size"]) for run in report["ranking"]] == [
        (0.66115, 16), (0.60925, 4), (0.48563, 1),
    ]  # fmt: skip
    assert {"too-few-runs", "single-seed"} == names(report)
    assert "epochs: 300" in (project / "best.yaml").read_text()
