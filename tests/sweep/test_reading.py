"""Results files that are damaged, odd or hostile: read as far as they can be, never with a traceback."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnose.engine.sweep import studies, tables
from diagnose.engine.sweep.metric import goal_of, key_of
from diagnose.sources import from_bytes

WORDS = st.sampled_from(
    ["run", "name", "lr", "val_acc", "val_loss", "params_x", "status", "error", "epoch", "value", "x"]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(10**400))
ROWS = st.dictionaries(WORDS, st.one_of(SCALARS, st.dictionaries(WORDS, SCALARS, max_size=3)), max_size=6)
OPERATIONS = st.dictionaries(
    st.sampled_from(["op_code", "study_id", "trial_id", "study_name", "directions", "state", "values", "param_name",
                     "param_value_internal", "distribution", "step", "intermediate_value"]),
    st.one_of(st.integers(-1, 9), st.lists(st.floats(), max_size=2), st.text(max_size=4), st.none(), st.floats()),
)  # fmt: skip
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.lists(ROWS, max_size=5), st.sampled_from(["list", "inside", "named"]))
def test_any_json(rows: list[dict[str, Any]], shape: str) -> None:
    document: Any = {"list": rows, "inside": {"best_result": rows[:1], "all": rows}, "named": dict(enumerate(rows))}[
        shape
    ]
    tables.read(from_bytes("r.json", json.dumps(document).encode()))


@quick
@given(st.lists(st.lists(st.one_of(WORDS, st.text(max_size=4)), min_size=1, max_size=5), max_size=6))
def test_any_csv(rows: list[list[str]]) -> None:
    tables.read(from_bytes("r.csv", "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")))


@quick
@given(st.lists(OPERATIONS, max_size=8))
def test_any_journal(records: list[dict[str, Any]]) -> None:
    first = {"op_code": 0, "study_name": "s", "directions": [1]}
    text = "\n".join(json.dumps(record) for record in [first, {"op_code": 4, "study_id": 0}, *records])
    assert studies.read(from_bytes("j.log", text.encode())) is not None


def test_a_log_of_epochs_is_no_table_of_runs() -> None:
    text = b"epoch,lr,batch_size,val_acc\n1,0.1,4,0.3\n2,0.1,4,0.4\n"
    assert tables.read(from_bytes("r.csv", text))[0] is None


@pytest.mark.parametrize(
    "text",
    [
        "number,value,params_lr,params_width,state\n0,0.4,0.1,3,COMPLETE\n1,,0.2,4,FAIL\n",
        "Name\tState\tval_acc\tlr\nx\tfinished\t0.4\t0.1\ny\tcrashed\t\t0.3\n",
    ],
)
def test_tables_of_trackers(text: str) -> None:
    entries = tables.read(from_bytes("r.csv", text.encode()))[0]
    assert entries is not None
    assert [entry.state for entry in entries] == ["", "failed"]
    assert "lr" in entries[0].segment.config.canonical


def test_a_row_points_to_its_lines() -> None:
    rows = [{"name": name, "lr": 0.1, "val_acc": score} for name, score in (("a", 0.1), ("b", 0.2))]
    text = json.dumps({"best": {"name": "b"}, "runs": rows}, indent=1)
    entries, named = tables.read(from_bytes("r.json", text.encode()))
    assert entries is not None
    lines = text.split("\n")
    for entry in entries:
        assert "val_acc" in lines[int(entry.segment.series["val/accuracy"].line[0]) - 1]
        assert "lr" in lines[entry.segment.config.canonical["lr"].place.line - 1]
    assert [one.run for one in named] == ["b"]
    assert '"b"' in lines[named[0].place.line - 1]


def test_spellings_of_a_metric_meet() -> None:
    assert key_of("Val Char Acc") == key_of("best_val_char_accuracy") == key_of("character_accuracy")
    assert key_of("val_loss") != key_of("train_loss")
    assert key_of("val_char_acc") != key_of("val_seq_acc")
    assert (goal_of("val/loss"), goal_of("val/char_acc")) == ("min", "max")


def test_infinity_in_a_table_is_kept_out_of_the_ranking() -> None:
    text = '[{"name":"a","lr":0.1,"val_loss":Infinity},{"name":"b","lr":0.2,"val_loss":0.5}]'
    entries = tables.read(from_bytes("r.json", text.encode()))[0]
    assert entries is not None
    assert math.isinf(float(entries[0].segment.series["val/loss"].value[0]))
