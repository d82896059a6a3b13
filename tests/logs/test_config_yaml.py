"""YAML configs linted on their own."""

import pytest
from yolo_help import CORPUS, needs_corpus, only, real, run_of

from diagnose.errors import SourceError
from diagnose.logs import detect
from diagnose.sources import from_bytes


def name_of(text: str) -> str:
    found = detect(from_bytes("x", text.encode()))
    return found.NAME if found else ""


def test_settings_without_facts() -> None:
    segment = only(run_of("lr0: 1e-4\nepochs: 30\nmomentum: 0.9\n"))
    assert {key: setting.value for key, setting in segment.config.settings.items()} == {
        "lr0": 1e-4,
        "epochs": 30,
        "momentum": 0.9,
    }
    assert segment.config.settings["lr0"].place.text == "lr0: 1e-4"
    assert not segment.facts
    assert [event.fields["category"] for event in segment.events] == ["number-as-text"]


def test_a_key_that_stands_twice_is_a_remark() -> None:
    (event,) = only(run_of("lr: 1\nbatch_size: 2\nmodel: a\nlr: 3\n")).events
    assert event.kind == "config_remark"
    assert event.place.line == 4
    assert event.fields == {
        "category": "duplicate-key",
        "key": "lr",
        "message": "key 'lr' stands twice: line 4 replaces line 1",
    }


@pytest.mark.parametrize(
    "text",
    [
        "name: a\nversion: 2\n",
        "epoch: 1\nloss: 2\nlr: 1\nepoch: 2\nloss: 1\nlr: 1\n",
        '{"lr": 1,\n"batch_size": 2}\n',
        "lr 1\nbatch_size 2\n",
        "I: think\nlr: is\nfar too high for this\nmodel and I would not\nuse it at all\n",
    ],
)
def test_other_texts_are_no_configs(text: str) -> None:
    assert name_of(text) != "config-yaml"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("{lr: 5, epochs: 100}\n", {"lr", "epochs"}),
        ("# a plan\n{optimizer: {name: sgd, lr: 0.1},\n epochs: 3}\n", {"optimizer.name", "optimizer.lr", "epochs"}),
        ("? lr\n: 0.1\n? batch_size\n: 3\n", {"lr", "batch_size"}),
        ('"a b <b>": 1\nlr: 0.1\nepochs: 3\n', {"a b <b>", "lr", "epochs"}),
        ("note: it goes\n  on and\n  on and on\nlr: 0.1\nepochs: 3\n", {"note", "lr", "epochs"}),
        ("---\nlr: 0.1\nepochs: 3\n...\n---\nlr: 0.2\nepochs: 4\n", {"lr", "epochs"}),
        ("lr: 0.1\nepochs: 3\n---\nlr: 0.2\nseed: 4\n", {"lr", "epochs", "seed"}),
    ],
)
def test_every_way_to_write_a_mapping_is_read(text: str, keys: set[str]) -> None:
    for end in ("\n", "\r\n"):
        assert name_of(text.replace("\n", end)) == "config-yaml"
    assert set(only(run_of(text)).config.settings) == keys


@pytest.mark.parametrize(
    "text",
    [
        "{'learning_rate': 1e-5, 'epoch': 1.0, 'batch_size': 3}\n",
        "{lr: 0.1, epochs: 3, loss: 0.7}\n",
        "{lr: 0.1, epochs: 3}\n{lr: 0.2, epochs: 3}\n",
        "{lr: 0.1, epochs: 3}\nepoch 1 loss 0.8\n",
        "{a: 1, b: 2}\n",
        "---\nepoch: 1\nlr: 0.1\nbatch_size: 3\n---\nepoch: 2\nlr: 0.1\nbatch_size: 3\n",
        "---\nlr: 0.1\nbatch_size: 3\nval_loss: 0.3\n---\nlr: 0.1\nbatch_size: 3\nval_loss: 0.2\n",
        "[lr, epochs]\n",
        "title: a rule\nwhy: >\n  It is so because\n  it was so, and\n  will be so again\nsince: 1\nadvice: none\n"
        "basis: no\nneeds: {lr: a}\nkind: b\ntested: d\ncases:\n  - config: {lr: 0.1, epochs: 3, batch_size: 4}\n",
        "lr: 0.1\nepochs: 3\nthen it trains\n",
    ],
)
def test_logs_and_lists_in_the_dress_of_yaml_are_no_configs(text: str) -> None:
    assert not name_of(text).startswith("config")


def test_invalid_yaml_is_an_error_with_its_line() -> None:
    with pytest.raises(SourceError) as caught:
        run_of("lr: 1\nbatch_size: 3\nmodel: [a\nseed: 4\n")
    assert caught.value.place is not None
    assert caught.value.place.line == 4


@needs_corpus
def test_real_configs() -> None:
    paths = [path for path in CORPUS.rglob("*.yaml") if b"\0" not in path.read_bytes()]
    assert len(paths) > 100
    for path in paths:
        run = real(str(path.relative_to(CORPUS)))
        assert run.format == "config-yaml", path
        assert only(run).config
