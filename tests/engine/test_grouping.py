"""Which files of a folder are one run's."""

from pathlib import Path

import pytest

from diagnose.engine.inputs import collect
from diagnose.logs import formats


def grouped(folder: Path, files: dict[str, str]) -> list[list[str]]:
    """Write samples of formats under names of files; return the runs that the search of the folder makes of them."""
    for name, format in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sample = formats()[format].SAMPLES[0]
        path.write_bytes(sample.encode() if isinstance(sample, str) else sample)
    inputs = list(collect([str(folder)], limit=1 << 20))
    assert all(item.error is None for item in inputs)
    return sorted(sorted(Path(s.path).relative_to(folder).as_posix() for s in item.sources) for item in inputs)


@pytest.mark.parametrize(
    "files",
    [
        {"20240102_030405.log": "mmengine", "vis_data/scalars.json": "openmmlab-json"},
        {"20240102_030405.log": "mmcv", "20240102_030405.log.json": "openmmlab-json"},
        {"console.log": "ultralytics", "results.csv": "yolo-csv"},
        {"my_run.log": "yolov5", "results.csv": "yolo-csv"},
        {"console.log": "keras", "training_log.csv": "keras-csv"},
        {"lenet_console.log": "keras", "lenet_history.csv": "keras-csv"},
        {"nohup.out": "hf-console", "trainer_state.json": "hf-state"},
        {"train.log": "lightning-console", "metrics.csv": "lightning-csv", "logs/events.out.tfevents.1": "tensorboard"},
        {"train_log.txt": "yolox", "tensorboard/events.out.tfevents.1": "tensorboard"},
        {"train.log": "text", "metrics.csv": "csv", "events.out.tfevents.1": "tensorboard"},
        {"trainLog.txt": "text", "results.csv": "yolo-csv"},
        {"resnet.log": "text", "resnet.csv": "csv"},
        {"train/events.out.tfevents.1": "tensorboard", "validation/events.out.tfevents.2": "tensorboard"},
    ],
    ids=lambda files: " ".join(files),
)
def test_files_of_one_run_are_read_together(files: dict[str, str], tmp_path: Path) -> None:
    assert grouped(tmp_path, files) == [sorted(files)]


@pytest.mark.parametrize(
    "files",
    [
        {"alpha.log": "mmengine", "beta.json": "openmmlab-json"},
        {"alpha_20240102_030405.log": "mmengine", "beta_20240506_070809.json": "openmmlab-json"},
        {"alpha.log": "mmengine", "beta.log": "keras"},
        {"alpha.log": "text", "beta.csv": "csv"},
        {"alpha.log": "text", "results.csv": "yolo-csv", "trainer_state.json": "hf-state"},
        {"train.log": "keras", "results.csv": "yolo-csv"},
        {"fold1.log": "keras", "fold2.csv": "keras-csv"},
        {"alpha.yaml": "config-yaml", "beta.yaml": "config-yaml"},
    ],
    ids=lambda files: " ".join(files),
)
def test_files_that_nothing_ties_together_are_runs_of_their_own(files: dict[str, str], tmp_path: Path) -> None:
    if "config-yaml" not in formats():
        files = {name: format.replace("config-yaml", "config") for name, format in files.items()}

    assert grouped(tmp_path, files) == sorted([name] for name in files)


def test_a_mixed_folder_is_sorted_by_family_and_stem(tmp_path: Path) -> None:
    files = {
        "console.log": "keras",
        "training.csv": "keras-csv",
        "results.csv": "yolo-csv",
        "vit_train.log": "text",
        "vit_scalars.csv": "csv",
        "20240102_030405.log": "mmengine",
        "20240102_030405.json": "openmmlab-json",
        "20240506_070809.log": "mmengine",
        "other.log": "text",
    }

    assert grouped(tmp_path, files) == [
        ["20240102_030405.json", "20240102_030405.log"],
        ["20240506_070809.log"],
        ["console.log", "training.csv"],
        ["other.log"],
        ["results.csv"],
        ["vit_scalars.csv", "vit_train.log"],
    ]


def test_a_time_stamp_far_above_ties_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "20240102_030405" / "downloads" / "logs"

    assert grouped(folder, {"alpha.log": "keras", "beta.log": "keras"}) == [["alpha.log"], ["beta.log"]]
