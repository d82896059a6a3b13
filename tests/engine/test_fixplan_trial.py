"""What the next trial may move: numbers that may stand anywhere between two values, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import logs
from diagnose.engine.diff import compare
from diagnose.engine.enrich import enrich
from diagnose.engine.fixplan import FixPlan, plan
from diagnose.engine.fixplan.model import Decision
from diagnose.model import Comparison, Config, Place, Setting
from diagnose.names import hyperparameters
from diagnose.sources import Source, from_bytes, open_source

REST = "batch_size: 8\nlr: 0.01\nmomentum: 0.9\noptimizer: SGD\n"


def config(source: Source) -> Config:
    run = logs.read(source)
    assert run is not None
    return enrich(run).segments[0].config


def planned(one: Source, other: Source, **more: Any) -> FixPlan:
    old, new = config(one), config(other)
    return plan(Comparison("old", "new", compare(old, new)), old, new, [one], **more)


def of_texts(old: str, new: str, name: str = "conf.yaml") -> FixPlan:
    return planned(from_bytes(name, old.encode()), from_bytes(name, new.encode()))


def of_lines(old: str, new: str) -> FixPlan:
    """Return the plan for settings beside some that stay."""
    return of_texts(f"{old}\n{REST}".lstrip("\n"), f"{new}\n{REST}".lstrip("\n"))


def decisions(found: FixPlan) -> dict[str, Decision]:
    return {one.move.key: one for one in found.decisions}


def page(found: FixPlan) -> str:
    return next(file.text for file in found.files if file.name == "PLAN.md")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("depth: 50", "depth: 34"),
        ("num_layers: 6", "num_layers: 8"),
        ("num_heads: 12", "num_heads: 16"),
        ("hidden_size: 512", "hidden_size: 640"),
        ("in_channels: 3", "in_channels: 1"),
        ("vocab_size: 30000", "vocab_size: 32000"),
        ("lora_rank: 8", "lora_rank: 12"),
        ("num_queries: 100", "num_queries: 130"),
        ("max_seq_length: 512", "max_seq_length: 1024"),
        ("imgsz: 640", "imgsz: 768"),
        ("max_steps: 1000", "max_steps: -1"),
        ("epochs: 100", "epochs: 120"),
        ("num_train_epochs: 3.0", "num_train_epochs: 4.0"),
        ("T_max: 100", "T_max: 120"),
        ("devices: 4", "devices: 3"),
        ("devices: 4", "devices: -1"),
        ("patience: 20", "patience: 0"),
        ("patience: 20", "patience: 24"),
        ("close_mosaic: 10", "close_mosaic: 14"),
        ("score_thr: 0.05", "score_thr: 0.07"),
        ("seed: 1", "seed: 9"),
        ("num_envs: 8", "num_envs: 10"),
        ("n_steps: 2048", "n_steps: 2560"),
        ("max_grad_norm: 1.0", "max_grad_norm: 0"),
        ("max_grad_norm: 1.0", "max_grad_norm: 0.0"),
        ("clip_grad_norm: 1.0", "clip_grad_norm: -1.0"),
        ("gradient_clipping: 0.0", "gradient_clipping: 1.0"),
        ("gradient_clip_val: 1.0", "gradient_clip_val: null"),
        ("dropout: 0.1", "dropout: 0.0"),
        ("dropout: 0.1", "dropout: 1.5"),
        ("mixup: 0.0", "mixup: 0.2"),
        ("cls_pw: 0.8", "cls_pw: 1.2"),
        ("warmup_steps: 500", "warmup_steps: 0.6"),
        ("beta1: 0.9", "beta1: 1.2"),
        ("box_loss_weight: 7", "box_loss_weight: 8"),
        ("my_loss_weight_thing: 3", "my_loss_weight_thing: 5"),
        ("lr_gamma: 0.1", "lr_gamma: 0.12"),
    ],
)
def test_stays(old: str, new: str) -> None:
    key = old.partition(":")[0]
    one = decisions(of_lines(old, new))[key]
    assert (one.what, one.value) == ("stays", one.move.old) and one.why


def test_a_batch_that_is_told_to_find_itself_stays() -> None:
    one = decisions(of_texts(REST, REST.replace("batch_size: 8", "batch_size: -1")))["batch_size"]
    assert (one.what, one.value) == ("stays", 8)


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("dropout: 0.1", "dropout: 0.12", 0.11),
        ("label_smoothing: 0.1", "label_smoothing: 0.06", 0.08),
        ("loss_weight: 1.0", "loss_weight: 1.2", 1.1),
        ("box_loss_weight: 7", "box_loss_weight: 9", 8),
        ("iou_t: 0.2", "iou_t: 0.24", 0.22),
        ("degrees: 10.0", "degrees: 12.0", 11.0),
        ("hsv_h: 0.01", "hsv_h: 0.02", 0.014),
        ("mosaic: 1.0", "mosaic: 0.9", 0.95),
        ("warmup_epochs: 3", "warmup_epochs: 5", 4),
        ("max_grad_norm: 1.0", "max_grad_norm: 1.5", 1.25),
    ],
)
def test_moves_by_half(old: str, new: str, value: float) -> None:
    found = of_lines(old, new)
    one = decisions(found)[old.partition(":")[0]]
    assert one.what == "half a step" and min(one.move.old, one.move.new) < one.value < max(one.move.old, one.move.new)
    assert one.value == pytest.approx(value, rel=0.1) and isinstance(one.value, type(one.move.old))


@pytest.mark.parametrize(
    ("old", "new", "middle"), [(16, 20, 18), (16, 22, 18), (32, 40, 36), (12, 15, 13), (64, 56, 60)]
)
def test_a_batch_still_divides_among_devices(old: int, new: int, middle: int) -> None:
    one = decisions(
        of_texts(
            REST.replace("batch_size: 8", f"batch_size: {old}"), REST.replace("batch_size: 8", f"batch_size: {new}")
        )
    )["batch_size"]
    assert one.value == middle


SPELLINGS = sorted({row.keys["any"][0] for row in hyperparameters().values() if row.keys and "any" in row.keys})
NUMBERS = st.one_of(
    st.integers(-2, 3000),
    st.floats(-2, 3000).map(lambda number: round(number, 6)),
    st.sampled_from([0, 1, -1, 0.0, 1.0, 0.5, 1e-4, 1e20, float("inf"), float("nan")]),
)


@given(st.sampled_from(SPELLINGS), NUMBERS, NUMBERS)
@settings(max_examples=300)
def test_half_steps_of_any_setting_are_valid(key: str, old: float, new: float) -> None:
    sides = [Config({key: Setting(key, value, Place("c.yaml", 1))}) for value in (old, new)]
    found = plan(Comparison("old", "new", compare(*sides)), *sides)
    for one in found.decisions:
        row = hyperparameters().get(one.move.change.name)
        if one.what == "stays":
            assert one.value is one.move.old or one.value == one.move.old
            continue
        assert row is not None and row.role not in (
            "model",
            "data",
            "budget",
            "hardware",
            "seed",
            "evaluation",
            "stopping",
        )
        assert 0 < min(old, new) < one.value < max(old, new)
        assert isinstance(one.value, int) or not (isinstance(old, int) and isinstance(new, int))
        assert row.scale != "share" or one.value <= 1
        assert not any(min(old, new) <= off <= max(old, new) for off in row.off if type(off) in (int, float))


def test_nothing_moves_in_a_group_of_which_one_part_stays() -> None:
    old = "augs:\n  type: Jitter\n  degrees: 10.0\nbatch_size: 8\nlr: 0.1\n"
    found = of_texts(old, old.replace("Jitter", "Rotate").replace("10.0", "12.0"))
    assert {one.what for one in found.decisions} == {"stays"}


def test_warm_up_stays_where_the_run_gets_another_length() -> None:
    old = REST + "warmup_epochs: 3\nepochs: 10\n"
    found = of_texts(old, old.replace("warmup_epochs: 3", "warmup_epochs: 4").replace("epochs: 10", "epochs: 12"))
    assert "length" in decisions(found)["warmup_epochs"].why


def test_settings_of_an_optimizer_stay_with_it() -> None:
    old = REST.replace("momentum: 0.9", "momentum: 0.9\nweight_decay: 0.001")
    found = of_texts(old, old.replace("SGD", "RMSprop").replace("0.9", "0.92"))
    assert decisions(found)["momentum"].what == "stays" and "optimizer" in decisions(found)["momentum"].why


ACCUMULATED = """\
per_device_train_batch_size: 8
gradient_accumulation_steps: 4
learning_rate: 0.0001
num_train_epochs: 3
output_dir: out
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ACCUMULATED, ACCUMULATED.replace("size: 8", "size: 32").replace("steps: 4", "steps: 1")),
        (ACCUMULATED, ACCUMULATED.replace("size: 8", "size: 32").replace("gradient_accumulation_steps: 4\n", "")),
        (ACCUMULATED, ACCUMULATED.replace("size: 8", "size: 4").replace("steps: 4", "steps: 8")),
        ("batch_size: 32\naccum_iter: 4\nlr: 0.1\nepochs: 9\n", "batch_size: 128\naccum_iter: 1\nlr: 0.1\nepochs: 9\n"),
    ],
)
def test_a_batch_of_the_same_total_is_one_suspect(old: str, new: str) -> None:
    found = of_texts(old, new)
    assert [len(single.atom.moves) for single in found.singles] == [2]
    assert "the batch of one step stays" in found.singles[0].atom.because
    assert {one.what for one in found.decisions} == {"stays"}


def test_devices_count_into_the_total() -> None:
    old = "devices: 4\nbatch_size: 8\nlr: 0.1\nmax_epochs: 9\n"
    found = of_texts(old, old.replace("devices: 4", "devices: 1").replace("batch_size: 8", "batch_size: 32"))
    assert [len(single.atom.moves) for single in found.singles] == [2]


def test_a_rate_is_not_scaled_with_a_batch_of_the_same_total() -> None:
    new = ACCUMULATED.replace("size: 8", "size: 32").replace("steps: 4", "steps: 1").replace("0.0001", "0.0004")
    found = of_texts(ACCUMULATED, new)
    assert sorted(len(single.atom.moves) for single in found.singles) == [1, 2]


def test_parts_of_another_total_stay_apart() -> None:
    new = ACCUMULATED.replace("size: 8", "size: 10").replace("steps: 4", "steps: 6")
    found = of_texts(ACCUMULATED, new)
    assert all(len(single.atom.moves) == 1 for single in found.singles)
    assert {one.what for one in found.decisions} == {"stays"}  # half of each is no half of the total


def test_thresholds_of_one_assigner_move_together() -> None:
    old = "model:\n  assigner:\n    pos_iou_thr: 0.5\n    neg_iou_thr: 0.4\nbatch_size: 8\nlr: 0.1\n"
    found = of_texts(old, old.replace("0.5", "0.7").replace("0.4", "0.6"))
    by_key = decisions(found)
    assert len(by_key) == 2 and len({one.what for one in by_key.values()}) == 1
    assert len(found.singles) == 1


def test_weights_move_with_the_structure_that_they_fit() -> None:
    old = "model:\n  backbone:\n    depth: 50\n    init_cfg:\n      checkpoint: hub://net50\nbatch_size: 8\nlr: 0.1\n"
    found = of_texts(old, old.replace("50", "101"))
    assert [len(single.atom.moves) for single in found.singles] == [2]
    assert {one.what for one in found.decisions} == {"stays"}


def test_the_length_of_a_run_moves_with_the_schedule_that_is_cut_to_it() -> None:
    old = "max_epochs: 12\nbatch_size: 8\nlr: 0.1\nmilestones: [8, 11]\n"
    found = of_texts(old, old.replace("12", "24").replace("[8, 11]", "[16, 22]"))
    assert [len(single.atom.moves) for single in found.singles] == [2]
    found = of_texts(old, old.replace("12", "24").replace("[8, 11]", "[9, 11]"))
    assert {len(single.atom.moves) for single in found.singles} == {1}


PIPES = "batch_size: 8\nlr: 0.1\npipe:\n- type: Load\n- type: Flip\n  prob: 0.5\n"


def read_back(found: FixPlan) -> dict[str, Any]:
    single = next(file for file in found.files if file.name == found.singles[0].files[0])
    return {key: one.value for key, one in config(from_bytes("x.yaml", single.data)).settings.items()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (PIPES.partition("pipe")[0], PIPES),
        (PIPES, PIPES.replace("- type: Load\n", "")),
        (PIPES.replace("- type: Load\n", ""), PIPES),
    ],
)
def test_lists_and_items_that_come_or_go_are_one_suspect(old: str, new: str) -> None:
    found = of_texts(old, new)
    assert len(found.singles) == 1 and not found.skipped
    assert read_back(found) == {
        key: one.value for key, one in config(from_bytes("x.yaml", new.encode())).settings.items()
    }


def test_a_list_that_went_is_changed_as_a_whole_or_not_at_all() -> None:
    found = of_texts(PIPES, PIPES.partition("pipe")[0])
    assert not found.singles and {key for one in found.skipped for key in one.keys} >= {"pipe.0.type", "pipe.1.prob"}


def test_copies_of_a_list_lose_an_item_together() -> None:
    old = PIPES + PIPES[PIPES.index("pipe") :].replace("pipe", "copy")
    found = of_texts(old, old.replace("- type: Load\n", ""))
    assert len(found.singles) == 1 and not [key for key in read_back(found) if key.endswith(".1.type")]


BASE = "model = dict(type='Net')\noptimizer = dict(type='SGD', lr=0.02, momentum=0.9)\n"
CHILD = "_base_ = ['./base.py']\ndata = dict(samples_per_gpu=4)\ntotal_epochs = 12\n"


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    """A folder of configs that no project stands above."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "base.py").write_text(BASE)
    (tmp_path / "mine" / "old.py").write_text(CHILD)
    (tmp_path / "mine" / "new.py").write_text(CHILD + "optimizer = dict(lr=0.1)\n")
    return tmp_path


@pytest.mark.parametrize(("folder", "told"), [("plan", True), ("mine", False)])
def test_a_plan_that_cannot_be_read_back_says_so(loose: Path, folder: str, told: bool) -> None:
    sides = [open_source(loose / "mine" / name) for name in ("old.py", "new.py")]
    found = planned(*sides, folder=str(loose / folder))
    notes = [note for note in found.notes if "cannot read" in note]
    assert bool(notes) is told
    assert not told or (str(loose / "mine") in notes[0] and re.search(r"cannot read", page(found)))


def test_a_plan_that_would_build_upon_other_bases_says_so(loose: Path) -> None:
    (loose / "pyproject.toml").write_text("")
    committed = {"base.py": BASE, "old.py": CHILD, "new.py": CHILD + "optimizer = dict(lr=0.1)\n"}
    sides = []
    for name in ("old.py", "new.py"):
        side = from_bytes(str(loose / "mine" / name), committed[name].encode())
        side.beside = lambda path: committed[Path(path).name]
        sides.append(side)
    assert not [note for note in planned(*sides, folder=str(loose / "plan")).notes if "no longer" in note]
    (loose / "mine" / "base.py").write_text(BASE.replace("0.9", "0.8"))
    assert [note for note in planned(*sides, folder=str(loose / "plan")).notes if "no longer" in note]


def test_no_warning_inside_of_the_tree(loose: Path) -> None:
    (loose / "pyproject.toml").write_text("")
    sides = [open_source(loose / "mine" / name) for name in ("old.py", "new.py")]
    assert not [note for note in planned(*sides, folder=str(loose / "plan")).notes if "cannot read" in note]


def test_the_page_says_that_the_next_trial_fails_the_gate() -> None:
    old = (
        REST + "degrees: 10.0\ndropout: 0.1\nwarmup_epochs: 3.0\nhsv_h: 0.01\nhsv_s: 0.5\nscale: 0.5\ntranslate: 0.1\n"
    )
    new = REST.replace("0.9", "0.91") + (
        "degrees: 9.0\ndropout: 0.11\nwarmup_epochs: 4.0\nhsv_h: 0.015\nhsv_s: 0.6\nscale: 0.6\ntranslate: 0.12\n"
    )
    found = of_texts(old, new)
    several = sum(one.what == "half a step" for one in found.decisions)
    assert several > 1
    assert f"moves {several} settings at once" in page(found) and "too-many-at-once" in page(found)
    few = of_texts(REST, REST.replace("0.01", "0.1"))
    assert "too-many-at-once" not in page(few)
