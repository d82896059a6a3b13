"""The plan that follows a comparison: control, single suspects and a careful next trial, as files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from diagnose import logs
from diagnose.engine.diff import compare
from diagnose.engine.enrich import enrich
from diagnose.engine.fixplan import FixPlan, plan, write
from diagnose.engine.fixplan.document import one_line, slug
from diagnose.engine.fixplan.halfway import halfway
from diagnose.engine.fixplan.nested import as_yaml
from diagnose.engine.merge import merge
from diagnose.errors import SettingsError
from diagnose.model import UNKNOWN, Comparison, Config, Place, Setting
from diagnose.names import Hyperparameter
from diagnose.sources import Source, from_bytes, open_source

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "config_pairs"
SEED = "origin_a_trial2_vs_trial3_from_documents"

OLD = """\
# proven
lr0: 0.01
weight_decay: 0.0005  # as always
fl_gamma: 0.0
obj: 1.0
batch_size: 16
optimizer: SGD
name: first
"""
NEW = OLD.replace("0.01", "0.008").replace("0.0005", "0.0009").replace("gamma: 0.0", "gamma: 1.5")
NEW = NEW.replace("obj: 1.0", "obj: 1.3").replace("16", "22").replace("first", "second")


def config(*sources: Source) -> Config:
    runs = [run for source in sources if (run := logs.read(source)) is not None]
    return enrich(runs[0] if len(runs) == 1 else merge(runs)).segments[0].config


def planned(old: str | list[Source], new: str | list[Source], name: str = "hyp.yaml", **more: Any) -> FixPlan:
    sides = [[from_bytes(name, side.encode())] if isinstance(side, str) else side for side in (old, new)]
    one, other = config(*sides[0]), config(*sides[1])
    return plan(Comparison("old", "new", compare(one, other)), one, other, sides[0], **more)


def texts(found: FixPlan) -> dict[str, str]:
    return {file.name: file.text for file in found.files}


def lines(found: FixPlan, name: str, old: str) -> list[str]:
    """Return the lines of a file that OLD does not have, without comments."""
    after = [re.sub(r"\s*# plan: .*", "", line) for line in texts(found)[name].splitlines()]
    return [
        line for line in after if line and line not in [re.sub(r"\s*# plan: .*", "", one) for one in old.splitlines()]
    ]


def test_control_is_old_with_a_comment() -> None:
    found = planned(OLD, NEW)
    head, rest = texts(found)["control.yaml"].split("\n", 1)
    assert rest == OLD and head.startswith("# plan: control: old again")


def test_one_suspect_per_file_the_most_dangerous_first() -> None:
    found = planned(OLD, NEW)
    assert found.singles[0].files == ("single_01_fl_gamma.yaml",)
    assert lines(found, "single_01_fl_gamma.yaml", OLD) == ["fl_gamma: 1.5"]
    assert [single.number for single in found.singles] == [*range(1, len(found.singles) + 1)]
    assert all(len(lines(found, single.files[0], OLD)) == 1 for single in found.singles)
    assert not any("name" in single.files[0] for single in found.singles)


def test_next_trial_leaves_dangers_out_and_takes_half_steps() -> None:
    found = planned(OLD, NEW)
    assert {"obj: 1.15", "batch_size: 18"} <= {*lines(found, "next_trial.yaml", OLD)}
    text = texts(found)["next_trial.yaml"]
    assert re.search(r"^fl_gamma: 0\.0  # plan: stays, NEW has 1\.5: risk critical", text, re.MULTILINE)
    assert "weight_decay: 0.0005  # as always  # plan: " in text
    assert "# plan: control has 16, NEW 22: half of the step" in text
    assert "diagnose:" not in text


def test_more_or_fewer_singles() -> None:
    found = planned(OLD, NEW, max_singles=1)
    assert len(found.singles) == 1
    assert {key for one in found.skipped for key in one.keys} >= {"lr0", "obj", "batch_size"}
    assert "Without a file of their own" in texts(found)["PLAN.md"]


def test_page_and_json() -> None:
    found = planned(OLD, NEW)
    page, data = texts(found)["PLAN.md"], json.loads(texts(found)["plan.json"])
    assert "suspects, not causes" in page and "once in 70 times" in page and "`single_01_fl_gamma.yaml`" in page
    assert data["schema"] == "diagnose/plan-v1" and data["control"]["file"] == "control.yaml"
    first = data["singles"][0]
    assert (first["key"], first["old"], first["new"], first["risk"]) == ("fl_gamma", 0.0, 1.5, "critical")
    assert first["because"] and first["file"] == "single_01_fl_gamma.yaml"
    by_key = {one["key"]: one for one in data["next_trial"]["settings"]}
    assert by_key["batch_size"]["value"] == 18 and by_key["batch_size"]["decision"] == "half a step"
    assert by_key["fl_gamma"]["value"] == 0.0 and by_key["fl_gamma"]["decision"] == "stays"


def row(scale: str, name: str = "x") -> Hyperparameter:
    return Hyperparameter(name, "", "loss", "low", "", scale=scale)


@pytest.mark.parametrize(
    ("old", "new", "known", "middle"),
    [
        (1.2, 1.4, row("linear"), 1.3),
        (16, 20, row("count"), 18),
        (16, 17, row("count"), None),
        (17, 14, row("count"), 16),
        (5.0, 6.0, row("linear"), 5.5),
        (0.0, 0.4, row("share"), 0.2),
        (0.001, 0.1, row("log"), 0.01),
        (0.01, 0.003, row("log"), 0.0055),
        (0.02, 0.015, row("log"), 0.0175),
        (1.0, float("inf"), row("linear"), None),
        (0.1, 0.2, None, 0.15),
    ],
)
def test_halfway(old: float, new: float, known: Hyperparameter | None, middle: float | None) -> None:
    assert halfway(old, new, known) == middle


def test_a_learning_rate_that_was_scaled_with_the_batch_moves_with_it() -> None:
    found = planned("lr: 0.01\nbatch_size: 16\nepochs: 10\n", "lr: 0.04\nbatch_size: 64\nepochs: 10\n")
    assert [sorted(move.key for move in single.atom.moves) for single in found.singles] == [["batch_size", "lr"]]


def test_a_learning_rate_belongs_to_its_optimizer() -> None:
    found = planned("lr: 0.01\noptimizer: SGD\nbatch_size: 4\n", "lr: 0.001\noptimizer: AdamW\nbatch_size: 4\n")
    assert len(found.singles) == 1 and "belongs to its optimizer" in found.singles[0].atom.because


def test_the_settings_of_a_class_move_with_it() -> None:
    old = "optimizer:\n  type: SGD\n  lr: 0.01\n  momentum: 0.9\nbatch_size: 8\n"
    new = "optimizer:\n  type: AdamW\n  lr: 0.001\n  betas: [0.9, 0.99]\nbatch_size: 8\n"
    found = planned(old, new)
    text = texts(found)[found.singles[0].files[0]]
    assert len(found.singles) == 1
    assert (
        "momentum: 0.9" not in text.replace("# plan", "") and "  betas: [0.9, 0.99]" in text and "type: AdamW" in text
    )


def test_items_of_lists_that_came() -> None:
    old = "batch_size: 8\nlr: 0.1\ntransforms:\n- type: Flip\n  prob: 0.5\n"
    found = planned(old, old + "- type: Rotate\n  degrees: 10\n")
    text = texts(found)[found.singles[0].files[0]]
    assert "[{type: Flip, prob: 0.5}, {type: Rotate, degrees: 10}]" in text


PYTHON = """\
_base_ = ['./base.py']
model = dict(type='Net', head=dict(num_classes=3))
train_dataloader = dict(batch_size=4)
"""
BASE = """\
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.02, momentum=0.9))
param_scheduler = [dict(type='LinearLR', end=500), dict(type='MultiStepLR', milestones=[8, 11], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "configs").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "configs" / "base.py").write_text(BASE)
    (tmp_path / "configs" / "old.py").write_text(PYTHON)
    return tmp_path


def of_project(project: Path, more: str, **options: Any) -> FixPlan:
    (project / "configs" / "new.py").write_text(PYTHON + more)
    sides = [[open_source(project / "configs" / name)] for name in ("old.py", "new.py")]
    return planned(*sides, folder=str(project / "plan"), **options)


def test_inherited_settings_are_overridden(project: Path) -> None:
    found = of_project(project, "optim_wrapper = dict(optimizer=dict(lr=0.1))\n")
    text = texts(found)["single_01_optim_wrapper_optimizer_lr.py"]
    assert "\noptim_wrapper = dict(optimizer=dict(lr=0.1))  # plan: control has 0.02" in text


def test_items_of_an_inherited_list_are_written_anew(project: Path) -> None:
    new = "param_scheduler = [dict(type='LinearLR', end=500), dict(type='MultiStepLR', milestones=[6, 9], gamma=0.1)]\n"
    found = of_project(project, new)
    text = texts(found)[found.singles[0].files[0]]
    assert "dict(type='MultiStepLR', milestones=[6, 9], gamma=0.1)]" in text


def test_an_inherited_class_is_replaced_as_a_whole(project: Path) -> None:
    found = of_project(project, "optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=0.001))\n")
    text = texts(found)[found.singles[0].files[0]]
    assert "_delete_=True" in text and "type='AdamW', lr=0.001" in text


def test_base_files_are_named_from_the_folder_of_the_plan(project: Path) -> None:
    found = of_project(project, "train_cfg = dict(max_epochs=24)\n")
    assert "_base_ = ['../configs/base.py']" in texts(found)["control.py"]
    write(found, project / "plan")
    assert config(open_source(project / "plan" / "control.py")).settings["train_cfg.max_epochs"].value == 12


def test_without_a_file_the_settings_are_written_as_yaml() -> None:
    one, other = config(from_bytes("a", OLD.encode())), config(from_bytes("b", NEW.encode()))
    found = plan(Comparison("run", "new", compare(one, other)), one, other)
    assert not found.edited and "written anew, as YAML" in texts(found)["PLAN.md"]
    assert "\nfl_gamma: 1.5  # plan: " in texts(found)["single_01_fl_gamma.yaml"]


def test_settings_as_yaml() -> None:
    values = {"a.b": 1, "a.c.0.type": "X", "a.c.1.type": "Y", "d": [1, 2], "e": None, "f": UNKNOWN, "g h": "1e-4"}
    text, left = as_yaml(Config({key: Setting(key, value, Place("x")) for key, value in values.items()}))
    assert text == "a:\n  b: 1\n  c:\n  - type: X\n  - type: Y\nd: [1, 2]\ne: null\n\"g h\": '1e-4'\n".replace(
        "  c:\n  - type: X\n  - type: Y", "  c:\n    - type: X\n    - type: Y"
    )
    assert left == ["f"]


def test_settings_that_clash_stay_flat() -> None:
    values = {"a": 1, "a.b": 2}
    text, _ = as_yaml(Config({key: Setting(key, value, Place("x")) for key, value in values.items()}))
    assert text == "a: 1\na.b: 2\n"


def test_two_files_of_a_run(tmp_path: Path) -> None:
    for side, lr, size in (("old", 0.01, 16), ("new", 0.05, 64)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "hyp.yaml").write_text(f"lr0: {lr}\nmomentum: 0.9\nweight_decay: 0.0005\n")
        (tmp_path / side / "opt.yaml").write_text(f"weights: a.pt\nbatch_size: {size}\nepochs: 3\nimgsz: 640\n")
    sides = [[open_source(path) for path in sorted((tmp_path / side).iterdir())] for side in ("old", "new")]
    found = planned(*sides)
    assert found.control == ("control.hyp.yaml", "control.opt.yaml")
    first = found.singles[0]
    assert {*first.files} <= {*texts(found)} and len(first.files) == 2


def test_other_encodings_and_line_ends_are_kept() -> None:
    old, new = (text.replace("proven", "geprüft").replace("\n", "\r\n").encode("cp1252") for text in (OLD, NEW))
    found = planned([from_bytes("hyp.yaml", old)], [from_bytes("hyp.yaml", new)])
    data = next(file.data for file in found.files if file.name == "control.yaml")
    assert data.endswith(old) and data.count(b"\r\n") == old.count(b"\r\n") + 1


def test_json_says_why_in_the_plan_alone() -> None:
    old = '{\n  "lr": 0.01,\n  "batch_size": 8,\n  "weight_decay": 0.1,\n  "epochs": 3\n}\n'
    found = planned(old, old.replace("0.01", "0.1"), "config.json")
    assert texts(found)["control.json"] == old
    assert texts(found)[found.singles[0].files[0]] == old.replace("0.01", "0.1")
    assert "no comments" in texts(found)["PLAN.md"]


def test_an_archive_is_not_edited_as_text() -> None:
    from diagnose.logs import config_keras

    archive = next(sample for sample in config_keras.SAMPLES if isinstance(sample, bytes))
    found = planned([from_bytes("m.keras", archive)], [from_bytes("m.keras", archive)])
    assert not found.edited and found.control == ("control.yaml",)


def test_command_lines() -> None:
    old = "#!/bin/bash\npython train.py --lr 0.1 \\\n  --batch-size 4 --epochs=30 # x\n"
    found = planned(old, old.replace("0.1", "0.5"), "train.sh")
    assert texts(found)[found.singles[0].files[0]].endswith(old.replace("0.1", "0.5").partition("\n")[2])
    assert texts(found)["control.sh"].startswith("#!/bin/bash\n# plan: control")


def test_values_that_cannot_be_told_are_left_out() -> None:
    found = planned(OLD, NEW.replace("obj: 1.3", "obj: ${oc.env:OBJ}"))
    assert any("cannot be told" in one.why for one in found.skipped if "obj" in one.keys)
    assert "obj: 1.0" in texts(found)["next_trial.yaml"]


def test_writing(tmp_path: Path) -> None:
    found, folder = planned(OLD, NEW), tmp_path / "a" / "plan"
    paths = write(found, folder)
    assert {path.name for path in paths} == {*texts(found)} == {path.name for path in folder.iterdir()}
    (folder / "control.yaml").write_text("mine")
    (folder / "PLAN.md").unlink()
    with pytest.raises(SettingsError, match=r"would overwrite control\.yaml") as error:
        write(found, folder)
    assert "--apply" in error.value.mend
    assert (folder / "control.yaml").read_text() == "mine" and not (folder / "PLAN.md").exists()
    write(found, folder, apply=True)
    assert (folder / "control.yaml").read_text() == texts(found)["control.yaml"]
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_writing_where_it_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="not a folder"):
        write(planned(OLD, NEW), tmp_path / "file")
    (tmp_path / "plan" / "control.yaml").mkdir(parents=True)
    with pytest.raises(SettingsError, match="is a folder"):
        write(planned(OLD, NEW), tmp_path / "plan", apply=True)
    assert [path.name for path in (tmp_path / "plan").iterdir()] == ["control.yaml"]


def test_names_of_files_come_from_keys_of_any_kind() -> None:
    assert slug("a/../b c.d") == "a____b_c_d"
    assert slug("...") == "key"
    assert len(slug("x" * 300)) == 60


def test_comments_hold_no_directive() -> None:
    assert "diagnose:" not in one_line("# diagnose: ignore[ALL]\nx")
    assert "\n" not in one_line("a\nb")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus here")
def test_seed_000() -> None:
    sides = [[open_source(path) for path in (CORPUS / SEED / side).iterdir()] for side in ("baseline", "changed")]
    found = planned(*sides)
    trial = logs.read(from_bytes("x.yaml", texts(found)["next_trial.yaml"].encode()))
    assert trial is not None
    values = {key: one.value for key, one in trial.segments[0].config.settings.items()}
    assert (values["lr0"], values["fl_gamma"], values["obj"], values["batch_size"]) == (0.005, 0.0, 1.3, 18)
    assert found.singles[0].files == ("single_01_fl_gamma.yaml",)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus here")
@pytest.mark.parametrize(
    "pair",
    [
        "burakkagann_sgd_exp2_vs_adamw_exp1",
        "kazhili8_batch16_vs_batch1",
        "origin_c_3scale_baseline_100k_vs_3scale_sizeaware_100k",
        "origin_d_baseline_optimized_vs_large_model_regularized",
    ],
)
def test_real_pairs_read_back(pair: str) -> None:
    sides = [
        [open_source(path) for path in sorted((CORPUS / pair / side).iterdir())] for side in ("baseline", "changed")
    ]
    found = planned(*sides)
    data = {file.name: file.data for file in found.files}

    def read(names: tuple[str, ...]) -> dict[str, str]:
        runs = [logs.read(from_bytes(name, data[name])) for name in sorted(names)]
        return {key: repr(one.value) for run in runs if run for key, one in run.segments[0].config.settings.items()}

    control = read(found.control)
    for single in found.singles:
        now = read(single.files)
        differ = {key for key in control.keys() | now.keys() if control.get(key) != now.get(key)}
        assert differ == {move.key for move in single.atom.moves} | {*single.passing}
    now = read(found.trial)
    differ = {key for key in control.keys() | now.keys() if control.get(key) != now.get(key)}
    assert differ == {one.move.key for one in found.decisions if one.what != "stays"}
