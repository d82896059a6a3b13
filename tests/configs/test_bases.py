"""Files that YAML and JSON configs build upon."""

import pytest

from diagnose.configs.files import tree_of
from diagnose.configs.json_config import read_json_config
from diagnose.configs.reading import Reading
from diagnose.configs.yaml_config import read_yaml_config
from diagnose.errors import OutsideError, SourceError
from diagnose.model import Place


class Tree:
    def __init__(self, **files: str) -> None:
        self.files = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}

    def read(self, path: str) -> str:
        if path.startswith("/"):
            raise OutsideError("outside of the tree of this config (conf)", place=Place(path))
        if path not in self.files:
            raise SourceError("no such file", place=Place(path))
        return self.files[path]


def read(tree: Tree, path: str) -> Reading:
    return read_yaml_config(tree.files[path], path, tree)


def values(reading: Reading) -> dict[str, object]:
    return {key: setting.value for key, setting in reading.settings.items()}


def test_detectron2_bases_are_laid_under() -> None:
    tree = Tree(
        a__base="SOLVER: {BASE_LR: 0.02, STEPS: [60, 80]}\nMODEL: {MASK_ON: false}\n",
        a__mid="_BASE_: base.yaml\nMODEL: {MASK_ON: true}\n",
        a__b__top="_BASE_: ../mid.yaml\nSOLVER: {STEPS: [6]}\n",
    )
    found = read(tree, "a/b/top.yaml")
    assert values(found) == {
        "_BASE_": "../mid.yaml",
        "SOLVER.BASE_LR": 0.02,
        "SOLVER.STEPS": [6],
        "MODEL.MASK_ON": True,
    }
    assert found.settings["SOLVER.BASE_LR"].place.path == "a/base.yaml"
    assert found.paths == ["a/mid.yaml", "a/base.yaml"]
    assert not found.partial


@pytest.mark.parametrize("base", ["gone.yaml", "detectron2://Base.yaml", "x.py"])
def test_a_base_that_is_not_there_makes_the_config_partial(base: str) -> None:
    found = read(Tree(a=f"lr: 1\n_BASE_: {base}\n"), "a.yaml")
    assert found.partial
    (remark,) = found.remarks
    assert (remark.category, remark.key, remark.place.line) == ("base-not-read", base, 2)


def test_bases_in_a_circle_and_out_of_the_tree_are_refused() -> None:
    for files, said in (
        ({"a": "_BASE_: b.yaml\n", "b": "_BASE_: a.yaml\n"}, "itself"),
        ({"a": "_BASE_: a.yaml\n"}, "itself"),
        ({"a": "defaults: [b]\n", "b": "defaults: [a]\n"}, "itself"),
        ({"a": "_BASE_: /etc/passwd\n"}, "outside"),
    ):
        with pytest.raises(SourceError) as caught:
            read(Tree(**files), "a.yaml")
        assert said in caught.value.message
        assert caught.value.place is not None
        assert caught.value.place.line == 1


def test_defaults_of_hydra_are_composed() -> None:
    tree = Tree(
        conf__config="defaults:\n  - optimizer: adam\n  - data@input: toy\n  - _self_\nlr: 0.1\noptimizer: {wd: 3}\n",
        conf__optimizer__adam="defaults: [base]\nname: adam\nlr: ${lr}\nwd: 1\n",
        conf__optimizer__base="betas: [0.9, 0.99]\nname: none\n",
        conf__data__toy="# @package _group_\nsize: 5\n",
    )
    found = read(tree, "conf/config.yaml")
    assert values(found) == {
        "optimizer.betas": [0.9, 0.99],
        "optimizer.name": "adam",
        "optimizer.lr": 0.1,
        "optimizer.wd": 3,
        "input.size": 5,
        "defaults.optimizer": "adam",
        "defaults.data": "toy",
        "lr": 0.1,
    }
    assert found.settings["optimizer.name"].place.path == "conf/optimizer/adam.yaml"
    assert not found.partial
    assert not found.remarks


def test_self_first_lets_the_choices_win_and_nothing_said_lets_the_config_win() -> None:
    choice = "lr: 1\n"
    first = Tree(c="defaults: [_self_, g: a]\ng: {lr: 2}\n", g__a=choice)
    last = Tree(c="defaults: [g: a]\ng: {lr: 2}\n", g__a=choice)
    assert values(read(first, "c.yaml"))["g.lr"] == 1
    assert values(read(last, "c.yaml"))["g.lr"] == 2


def test_overrides_global_packages_and_optional_files() -> None:
    tree = Tree(
        conf__config="defaults:\n  - model: small\n  - optional local: me\n  - experiment: x\n  - _self_\nseed: 1\n",
        conf__model__small="width: 1\n",
        conf__model__large="width: 9\n",
        conf__experiment__x="# @package _global_\ndefaults:\n  - override /model: large\nlr: 0.5\n",
    )
    found = values(read(tree, "conf/config.yaml"))
    assert (found["lr"], found["model.width"], found["seed"]) == (0.5, 9, 1)
    alone = read(tree, "conf/experiment/x.yaml")
    assert values(alone)["model.width"] == 9
    assert alone.partial


def test_a_choice_that_is_not_there_is_kept_by_name() -> None:
    found = read(Tree(c="defaults:\n  - optimizer: adam\nlr: 1\n"), "c.yaml")
    assert values(found) == {"defaults.optimizer": "adam", "lr": 1}
    assert found.partial
    assert [remark.category for remark in found.remarks] == ["base-not-read"]


def test_bases_on_disk(tmp_path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "base.json").write_text('{"lr": 1, "n": {"a": 1}}')
    top = tmp_path / "configs" / "top.json"
    top.write_text('{"_base_": "base.json", "n": {"b": 2}}')
    found = read_json_config(top.read_text(), str(top), tree_of(top))
    assert values(found) == {"_base_": "base.json", "lr": 1, "n.a": 1, "n.b": 2}
