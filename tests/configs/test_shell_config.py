"""Command lines in shell scripts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.configs.shell_config import read_shell_config, shell_commands
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN


def values(text: str) -> dict[str, object]:
    return {key: setting.value for key, setting in read_shell_config(text, "t.sh").settings.items()}


def test_options_overrides_and_continuations() -> None:
    text = (
        "python tools/train.py configs/x.py --lr 0.01 --batch-size=16 \\\n"
        "  --betas 0.9 0.99 --amp -b 3 --shift -0.5 \\\n"
        "  model.lr=0.1 +trainer.max_epochs=3 --tag 'a b' > log.txt 2>&1 &\n"
    )
    read = read_shell_config(text, "t.sh").settings
    assert {key: (found.value, found.place.line, found.literal) for key, found in read.items()} == {
        "script": ("tools/train.py", 1, "tools/train.py"),
        "argument.0": ("configs/x.py", 1, "configs/x.py"),
        "lr": (0.01, 1, "0.01"),
        "batch_size": (16, 1, "16"),
        "betas": ([0.9, 0.99], 2, "0.9 0.99"),
        "amp": (True, 2, ""),
        "b": (3, 2, "3"),
        "shift": (-0.5, 2, "-0.5"),
        "model.lr": (0.1, 3, "0.1"),
        "trainer.max_epochs": (3, 3, "3"),
        "tag": ("a b", 3, "a b"),
    }
    assert all(found.span is None or text[slice(*found.span)] == found.literal for found in read.values())
    assert read["amp"].span is None


def test_variables_are_put_in_where_the_script_assigns_them() -> None:
    text = 'LR=0.01; export BS="16"\nMORE="--wd 1e-4 --amp"\npython train.py --lr ${LR} --bs=$BS --n ${N:-30} $MORE\n'
    read = read_shell_config(text, "t").settings
    assert {key: found.value for key, found in read.items()} == {
        "script": "train.py",
        "lr": 0.01,
        "bs": 16,
        "n": 30,
        "wd": 1e-4,
        "amp": True,
    }
    assert read["lr"].span == (3, 7)
    assert [text[slice(*read[key].span or ())] for key in ("lr", "bs", "n", "wd")] == ["0.01", "16", "30", "1e-4"]


@pytest.mark.parametrize(
    "text",
    [
        "X=$(date)\npython train.py --lr $X",
        "python train.py --lr `cat lr`",
        "python train.py --lr $1",
        "python train.py --lr $X",
        "for X in 1 2; do python train.py --lr $X; done",
        "X=1\nif [ $A ]; then X=2; fi\npython train.py --lr $X",
        "X=1\nif a; then if b; then X=2; fi; fi\npython train.py --lr a$X",
        "A=x\n" + "A=$A$A\n" * 60 + "python train.py --lr $A",
    ],
)
def test_what_only_running_it_would_tell_is_unknown(text: str) -> None:
    assert values(text)["lr"] is UNKNOWN


def test_launchers_and_schedulers_have_settings_of_their_own() -> None:
    assert values("#SBATCH --nodes=2\nsrun -n 4 python -u main.py --lr 1\n") == {
        "srun.n": 4,
        "script": "main.py",
        "lr": 1,
        "sbatch.nodes": 2,
    }
    assert values("torchrun --nproc_per_node=4 train.py --lr 1\n")["torchrun.nproc_per_node"] == 4
    assert values("accelerate launch --num_processes 8 run_sft.py --lr 1\n")["accelerate.num_processes"] == 8
    assert values("python -m torch.distributed.launch --nproc_per_node 2 train.py --x 1\n")["x"] == 1


def test_overrides_of_configs() -> None:
    text = "python tools/train.py c.py --cfg-options a.b=1 c='[1,2]' --work-dir w\n"
    assert values(text) == {"script": "tools/train.py", "argument.0": "c.py", "a.b": 1, "c": [1, 2], "work_dir": "w"}
    text = "python train_net.py --num-gpus 8 SOLVER.BASE_LR 0.02 SOLVER.STEPS '(10, 20)'\n"
    assert values(text) == {
        "script": "train_net.py",
        "num_gpus": 8,
        "SOLVER.BASE_LR": 0.02,
        "SOLVER.STEPS": [10, 20],
    }


def test_variables_of_makefiles() -> None:
    text = "LR ?= 0.1\nN := 5 # n\n\ntrain: data\n\t@python train.py --lr $(LR) --n $(N) --home $$HOME\n"
    assert values(text) == {"script": "train.py", "lr": 0.1, "n": 5, "home": UNKNOWN}


def test_every_training_of_a_script_is_a_command() -> None:
    text = (
        "# python train.py --lr 9\npython prepare.py --size 3\nCUDA_VISIBLE_DEVICES=0 python train.py --lr 1\n"
        "cat <<EOF\npython train.py --lr 8\nEOF\npython train.py --lr 2 --lr 3\n"
    )
    commands = shell_commands(text, "t")
    assert [(command.name, command.line) for command in commands] == [("train.py", 3), ("train.py", 7)]
    assert values(text) == {"script": "train.py", "lr": 3}
    (remark,) = commands[-1].reading.remarks
    assert (remark.category, remark.key, remark.place.line) == ("duplicate-key", "lr", 7)


@pytest.mark.parametrize(
    "text",
    [
        "'" * 100_000,
        "$(" * 50_000,
        '"' + "${" * 50_000,
        "python t.py ${A:-${A:-${A:-" * 5000,
        "a<<E\n" * 20_000,
        "A=1\nif x\n" * 10_000,
        "\\\n" * 100_000,
        "python t.py " + "--a 1 " * 40_000,
        "x" * 300_000,
    ],
)
def test_hostile_scripts_end_soon(text: str) -> None:
    try:
        read_shell_config(text, "t")
    except SourceError as error:
        assert error.mend


@settings(max_examples=200)
@given(st.one_of(st.text(), st.text(alphabet="ab=-$ {}():'\"`\\\n;&|<>#1.py")))
def test_any_text_is_read(text: str) -> None:
    for source in (text, "A=1\npython t.py " + text):
        for setting in read_shell_config(source, "t").settings.values():
            assert setting.span is None or source[slice(*setting.span)] == setting.literal
