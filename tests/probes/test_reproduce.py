"""``diagnose reproduce`` as a user meets it."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from made import of_counts

from diagnose.api.reproducer import Wish, reproduce
from diagnose.cli.main import main
from diagnose.probes import show

SMALL = (
    *("--replicas", "8", "--set", "samples=60", "--set", "val_samples=30", "--set", "epochs=1", "--set", "patience=2"),
    "--no-speed",
)


def diagnose(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="diagnose")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("diagnose.probes.mechanisms.few_updates.UPDATES", 4)  # the fix waits for as many
    return tmp_path


def test_json_is_the_contract() -> None:
    pytest.importorskip("torch")
    found = diagnose("reproduce", "few-updates", *SMALL, "--output-format", "json", "--device", "cpu")

    assert found.exit_code == 0, found.output
    record = json.loads(found.stdout)
    assert record["schema"] == "diagnose/reproduce-v1"
    assert record["mechanism"] == "few-updates"
    assert record["device"] == "cpu"
    assert record["replicas"] == 8
    assert [arm["name"] for arm in record["arms"]] == ["suspect", "control", "fix"]
    assert all(arm["interval"][0] <= arm["share"] <= arm["interval"][1] for arm in record["arms"])
    assert record["verdict"] in {"reproduced", "not-reproduced"}
    assert {"why", "why_not_cured", "diverged"} <= record.keys()
    assert [arm["name"] for arm in record["further_arms"]] == ["more epochs", "both", "documented"]
    assert {"samples", "epochs"}.isdisjoint(record["chosen_dose"])
    assert {"lr", "batch"} <= set(record["chosen_dose"])
    assert record["seconds"] > 0
    assert record["replica_steps"] > 0
    assert {"samples": "given", "lr": "default"}.items() <= {
        one["name"]: one["from"] for one in record["parameters"]
    }.items()


def test_the_same_seed_gives_the_same_result() -> None:
    pytest.importorskip("torch")
    told = [
        json.loads(diagnose("reproduce", "few-updates", *SMALL, "--seed", "3", "--output-format", "json").stdout)[
            "arms"
        ]
        for _ in range(2)
    ]
    for arm in (*told[0], *told[1]):
        arm.pop("seconds")

    assert told[0] == told[1]


def test_a_log_brings_its_numbers_and_varies_each_cause(here: Path) -> None:
    pytest.importorskip("torch")
    (here / "run.log").write_text(
        "Batch size: 90\nEpoch 1/30 - 1.0s - loss: 1.0000 - val_loss: 1.1000 - val_kappa: 0.0000\n"
        "Epoch 5: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
    )
    found = diagnose("reproduce", "few-updates", "--from", "run.log", *SMALL, "-o", "out.md")

    assert found.exit_code == 0, found.output
    text = (here / "out.md").read_text()
    assert "| batch | 90 | log, line 1 |" in text
    assert "only this cause | all but this cause" in text
    assert "| large\\-batch |" in text or "| large-batch |" in text


def test_a_rule_means_its_mechanism() -> None:
    pytest.importorskip("torch")
    found = diagnose("reproduce", "DATA006", *SMALL, "--output-format", "json")

    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["mechanism"] == "few-updates"


def test_a_rule_may_mean_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of results stands under one schema, with the word that was asked for."""
    from diagnose.api import reproducer

    one = of_counts(1, 1, 1)
    monkeypatch.setattr(reproducer, "reproduce", lambda wish, rules: [one, one])
    record = json.loads(diagnose("reproduce", "restore-from-epoch-1", "--output-format", "json").stdout)

    assert record["schema"] == "diagnose/reproduce-rule-v1"
    assert record["rule"] == "restore-from-epoch-1"
    assert {part["schema"] for part in record["results"]} == {"diagnose/reproduce-v1"}
    assert [part["mechanism"] for part in record["results"]] == ["m", "m"]


def test_text_for_people() -> None:
    pytest.importorskip("torch")
    found = diagnose("reproduce", "few-updates", *SMALL)

    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("few-updates: ")
    assert "samples = 60: training samples; given by --set" in found.stdout


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    found = diagnose("reproduce", "few-updates")

    assert found.exit_code == 2
    assert "diagnose-ml[probes]" in found.stderr


def test_without_a_gpu_cuda_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = diagnose("reproduce", "few-updates", "--device", "cuda")

    assert found.exit_code == 2
    assert "no GPU" in found.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("few-updats",), "did you mean few-updates"),
        (("few-updates", "--set", "lr=fast"), "lr takes a number"),
        (("few-updates", "--from", "missing.log"), "missing.log"),
        (("few-updates", "--replicas", "7"), "8<=x<="),
        (("few-updates", "-o", "out.html"), "no output is written as .html"),
        (("few-updates", "-o", "nowhere/out.json"), "cannot write: no such folder"),
        ((), "name a rule or a mechanism"),
    ],
)
def test_what_cannot_be_done(args: tuple[str, ...], told: str) -> None:
    found = diagnose("reproduce", *args)

    assert found.exit_code == 2
    assert told in found.stderr


def test_the_list() -> None:
    assert "class-weight-collapse\n" in diagnose("reproduce", "--list").stdout
    rows = json.loads(diagnose("reproduce", "--list", "--output-format", "json").stdout)
    assert {"name", "title", "rules"} == set(rows[0])


def test_two_configs_tell_what_was_changed() -> None:
    pytest.importorskip("torch")
    Path("old.yaml").write_text("lr0: 0.005\nmomentum: 0.9\nweight_decay: 0.0005\nbatch_size: 16\n")
    Path("new.yaml").write_text("lr0: 0.004\nmomentum: 0.9\nweight_decay: 0.5\nbatch_size: 16\n")
    words = ("reproduce", "overregularised", "--from", "new.yaml", "--replicas", "8", "--set", "steps=5", "--no-speed")

    refused = diagnose(*words)
    found = diagnose(*words, "--before", "old.yaml", "--output-format", "json")

    assert refused.exit_code == 2
    assert "--before" in refused.stderr
    assert found.exit_code == 0, found.output
    used = {one["name"]: one for one in json.loads(found.stdout)["parameters"]}
    assert (used["weight_decay"]["value"], used["weight_decay_before"]["value"]) == (0.5, 0.0005)
    assert (used["weight_decay_before"]["path"], used["weight_decay_before"]["lines"]) == ("old.yaml", [3])


def test_one_cause_has_nothing_to_vary() -> None:
    pytest.importorskip("torch")
    small = ("--replicas", "8", "--set", "samples=40", "--set", "epochs=1", "--no-speed")
    found = diagnose("reproduce", "batch-without-lr", *small, "--vary")

    assert found.exit_code == 0, found.output
    assert "--vary has nothing to take apart" in found.stderr


def test_a_run_before_that_nothing_is_compared_with() -> None:
    found = diagnose("reproduce", "few-updates", "--before", "old.yaml")
    assert found.exit_code == 2
    assert "compares with no run before" in found.stderr


def test_what_is_still_to_come_is_estimated_from_the_arms_before() -> None:
    pytest.importorskip("torch")
    heard: list[tuple[str, float]] = []
    given = ("samples=60", "val_samples=30", "epochs=1", "patience=2")
    reproduce(
        Wish(word="few-updates", replicas=8, given=given, timed=False, watch=lambda *told: heard.append(told)),
        (),
    )
    assert [left > 0 for _, left in heard[:3]] == [False, False, True]
    assert heard[0][0] == "few-updates: suspect"


def test_a_table_too_wide_is_told_row_by_row() -> None:
    rows = [["arm", "symptom", "loss", "what"], ["suspect", "9%", "1", "as it was"], ["fix", "", "2", ""]]
    assert [*show._table(rows, 80)][1] == "  suspect  9%       1     as it was"
    assert [*show._table(rows, 30)] == [
        "  suspect: as it was", "      symptom 9%; loss 1",
        "  fix", "      loss 2",
    ]  # fmt: skip
