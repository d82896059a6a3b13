"""The plan for two runs of a YOLOv5, whose settings stand in two files of the run's folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

FOCAL = Path(__file__).parents[2] / "fixtures" / "expect" / "focal_switched_on"


def test_settings_are_edited_in_the_file_that_holds_them(diagnose: Any) -> None:
    for name, batch in (("trial2", 16), ("trial3", 20)):
        shutil.copytree(FOCAL / name, name)
        Path(name, "opt.yaml").write_text(
            f"weights: yolov5n.pt\ncfg: ''\ndata: d.yaml\nhyp: hyp.yaml\nepochs: 100\nbatch_size: {batch}\nimgsz: 640\n"
        )
    done = diagnose("diff", "trial2", "trial3", "--fix-plan", "plan")

    def read(name: str) -> Any:
        return yaml.safe_load(Path("plan", name).read_text(encoding="utf-8"))

    assert done.exit_code == 1
    hyp, opt = (yaml.safe_load(Path("trial2", name).read_text()) for name in ("hyp.yaml", "opt.yaml"))
    assert read("control.hyp.yaml") == hyp
    assert read("control.opt.yaml") == opt
    (focal,) = [path.name for path in Path("plan").glob("single_01_*.hyp.yaml")]
    assert read(focal) == {**hyp, "fl_gamma": 0.5}
    (batch,) = [path.name for path in Path("plan").glob("single_*_batch_size.hyp.yaml")]
    assert read(batch) == {**hyp, "batch_size": 20}
    assert read(batch.replace(".hyp.", ".opt.")) == {**opt, "batch_size": 20}
    trial = read("next_trial.hyp.yaml")
    assert (trial["obj"], trial["fl_gamma"], trial["lr0"]) == (1.3, 0.0, 0.005)
    assert set(trial) == set(hyp)
