"""Configs of every kind as inputs of their own: told from logs and from other files by what they hold."""

from pathlib import Path

import pytest
from yolo_help import CORPUS, events, needs_corpus, only, run_of

from diagnose.errors import SourceError
from diagnose.logs import detect, formats, read
from diagnose.sources import from_bytes, open_source

CONFIGS = {name for name, format in formats().items() if getattr(format, "IS_CONFIG", False)}
FIXTURES = Path(__file__).parents[2] / "fixtures"


def name_of(text: str | bytes) -> str:
    found = detect(from_bytes("x", text if isinstance(text, bytes) else text.encode()))
    return found.NAME if found else ""


def settings_of(text: str) -> dict[str, object]:
    return {key: setting.value for key, setting in only(run_of(text)).config.settings.items()}


def test_every_config_format_says_so() -> None:
    assert {name for name in formats() if name.startswith("config-")} == CONFIGS


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_samples_yield_settings_alone(name: str) -> None:
    for sample in formats()[name].SAMPLES:
        run = read(from_bytes("x", sample if isinstance(sample, bytes) else sample.encode()))
        assert run is not None
        for segment in run.segments:
            assert segment.config.settings or segment.config.partial
            assert not segment.series
            assert not segment.facts
            assert {event.kind for event in segment.events} <= {"config_remark"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("defaults:\n  - model: a\n  - _self_\noptimizer:\n  _target_: torch.optim.Adam\n  lr: ${lr}\n", "config-yaml"),
        ("trainer: {max_epochs: 3}\nmodel:\n  class_path: a.B\n  init_args: {lr: 0.1}\n", "config-yaml"),
        ("_BASE_: base.yaml\nSOLVER:\n  IMS_PER_BATCH: 4\n  BASE_LR: 0.02\n", "config-yaml"),
        ("lr:\n  desc: null\n  value: 0.1\nepochs:\n  desc: null\n  value: 7\n", "config-yaml"),
        ('{"architectures": ["A"], "hidden_size": 64, "num_attention_heads": 4, "vocab_size": 100}', "config-json"),
        ('{"compute_environment": "X", "mixed_precision": "bf16", "num_processes": 4}', "config-json"),
        ('[model]\nwidth = 3\n[optim]\nlr = 1e-3\noptimizer = "adam"\n', "config-toml"),
        ("#!/bin/sh\nset -e\npython train.py --lr 0.1\n", "config-shell"),
        ("torchrun --nproc_per_node 2 train.py \\\n  --batch-size 8 \\\n  --epochs 3\n", "config-shell"),
        ("Namespace(batch_size=3, lr=0.1)", "config-namespace"),
    ],
)
def test_configs_are_told_by_what_they_hold(text: str, name: str) -> None:
    assert name_of(text) == name


OTHERS = {
    "compose": "services:\n  web:\n    image: a\n    volumes: [b]\n    environment:\n      MODEL: x\nnetworks: {}\n",
    "workflow": "name: a\non: [push]\njobs:\n  train:\n    steps:\n      - run: python train.py --lr 1 --epochs 3\n",
    "pre-commit": "repos:\n  - repo: a\n    rev: b\n    hooks:\n      - id: c\n",
    "kubernetes": "apiVersion: v1\nkind: Job\nmetadata: {name: train}\nspec: {template: {spec: {containers: []}}}\n",
    "package": '{"name": "a", "version": "1", "scripts": {"train": "x"}, "dependencies": {"optimizer": "1"}}',
    "coco": '{"images": [], "annotations": [{"image_id": 1, "bbox": [1, 2]}], "categories": [{"id": 1, "name": "a"}]}',
    "schema": '{"$schema": "x", "properties": {"lr": {"type": "number"}, "batch_size": {"type": "integer"}}}',
    "labels": '{"0": "person", "1": "bicycle"}',
    "results": '{"lr": 0.1, "epochs": 3, "best_accuracy": 0.8, "test_accuracy": 0.7}',
    "history": '{"config": {"lr": 0.1, "batch_size": 3}, "history": {"loss": [0.9, 0.8], "val_loss": [1, 0.9]}}',
    "pyproject": '[project]\nname = "train"\nversion = "1"\ndependencies = ["torch"]\n[tool.ruff]\nline-length = 9\n',
    "cargo": '[package]\nname = "model"\nversion = "0.1"\n[dependencies]\nlr = "1"\n',
    "darknet": "[net]\nbatch=64\nmomentum=0.9\nlearning_rate=0.001\n[convolutional]\nact=leaky\n[convolutional]\n"
    "act=leaky\n",
    "install": "#!/bin/bash\npip install -r requirements.txt\npython setup.py install --user\n",
    "python": "import torch\nlr = 0.1\nbatch_size = 3\nfor epoch in range(3):\n    print(lr)\n",
    "markdown": "# Train\n\nRun it:\n\n```\npython train.py --lr 0.1 --epochs 3\n```\n\nIt takes an hour.\n",
    "log": "+ python train.py --lr 0.1 --epochs 3\nloading data\nepoch 1 loss 0.9\nepoch 2 loss 0.8\n",
    "rows": '{"lr": 0.1, "epochs": 3, "step": 1}\n{"lr": 0.1, "epochs": 3, "step": 2}\n',
    "zip": b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml",
    "prose": "The lr: 0.1 was too high.\nbatch_size: 3 was too small, we think.\n\nNothing else was tried\n",
}


@pytest.mark.parametrize("text", list(OTHERS.values()), ids=list(OTHERS))
def test_other_files_are_no_configs(text: str | bytes) -> None:
    assert not name_of(text).startswith("config")


def kinds(root: Path) -> list[tuple[Path, str]]:
    found = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.stat().st_size < 2_000_000:
            try:
                format = detect(open_source(path))
            except SourceError:
                continue
            found.append((path, format.NAME if format else ""))
    return found


SUFFIXES = {
    "config-yaml": {".yaml", ".yml"},
    "config-json": {".json"},
    "config-toml": {".toml"},
    "config-python": {".py"},
    "config-shell": {".sh"},
    "config-keras": {".keras", ".json"},
}
COMMANDS = {"training_command.txt"}
"""Command lines that were kept under another suffix."""


@pytest.mark.parametrize("root", [FIXTURES, pytest.param(CORPUS, marks=needs_corpus)], ids=["fixtures", "corpus"])
def test_no_log_is_a_config_and_no_config_a_log(root: Path) -> None:
    for path, name in kinds(root):
        if name.startswith("config"):
            assert path.suffix in SUFFIXES.get(name, set()) or path.name in COMMANDS, (path, name)
        elif path.suffix in (".yaml", ".yml", ".toml", ".sh"):
            assert not name, (path, name)


def test_commands_of_a_script_are_segments() -> None:
    run = run_of("#!/bin/bash\nexport SEED=3\npython train.py --lr 1 --wd 2\npython finetune.py --lr 4 --seed $SEED\n")
    assert [(part.name, part.first_line) for part in run.segments] == [("train.py", 3), ("finetune.py", 4)]
    last = {key: setting.value for key, setting in run.segments[1].config.settings.items()}
    assert last == {"script": "finetune.py", "lr": 4, "seed": 3}


def test_a_damaged_config_is_an_error_with_its_line() -> None:
    for text, line in (
        ('{"learning_rate": 1,\n"num_train_epochs": 3,}', 2),
        ('{"class_name": "SGD",\n"config": {"learning_rate": 0.1}', 2),
    ):
        with pytest.raises(SourceError) as caught:
            run_of(text)
        assert caught.value.place is not None
        assert caught.value.place.line == line


LOG = "epoch 1 loss 0.9 val_loss 1.0\nepoch 2 loss 0.8 val_loss 0.9\nepoch 3 loss 0.7 val_loss 0.9\n"


def test_a_namespace_that_a_log_prints_is_its_config() -> None:
    text = f"07:08:09 INFO args: Namespace(lr=0.02, betas=(0.9, 0.99), loss='ce', epochs=3, weight=0.5)\n{LOG}"
    segment = only(run_of(text))
    assert {key: setting.value for key, setting in segment.config.settings.items()} == {
        "lr": 0.02,
        "betas": [0.9, 0.99],
        "loss": "ce",
        "epochs": 3,
        "weight": 0.5,
    }
    assert segment.config.settings["lr"].literal == "0.02"
    assert segment.facts["planned_epochs"].value == 3
    assert set(segment.series) == {"train/loss", "val/loss"}
    assert not events(segment, "error_line")


def test_training_arguments_over_many_lines_are_its_config() -> None:
    text = (
        "Training parameters TrainingArguments(\n_n_gpu=1,\nlearning_rate=5e-05,\noutput_dir=out/x,\n"
        f"lr_scheduler_type=SchedulerType.LINEAR,\n)\n{LOG}"
    )
    config = only(run_of(text)).config.settings
    assert {key: (setting.value, setting.place.line) for key, setting in config.items()} == {
        "_n_gpu": (1, 2),
        "learning_rate": (5e-05, 3),
        "output_dir": ("out/x", 4),
        "lr_scheduler_type": ("SchedulerType.LINEAR", 5),
    }


@needs_corpus
def test_printed_configs_of_real_logs() -> None:
    for name in ("yolo/kunwoopark_yolox_fire/train_log.txt", "yolo/futuredream01_yolox_s/train_log.txt"):
        run = read(open_source(CORPUS / name))
        assert run is not None
        assert "batch_size" in run.segments[0].config.settings
