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
def test_a_whole_folder_finds_the_repeats(diagnose: Any, project: Path) -> None:
    _, report = told(diagnose, SEED)
    repeats = next(group for group in report["repeats"] if group[0].startswith("conservative_small"))
    assert len(repeats) == 3
    assert report["noise"] == pytest.approx(0.0196, abs=1e-3)


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
