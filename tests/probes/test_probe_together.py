"""Numbers of a log beside defaults: what would mix two runs, or is none of what the mechanism is about, is refused."""

import pytest

from diagnose.errors import SettingsError
from diagnose.model import Fact, Place, Segment
from diagnose.probes.parameters import resolve
from diagnose.probes.registry import link, mechanisms, of, wanted
from diagnose.probes.result import Used
from diagnose.rules import builtin


def segment(**facts: object) -> Segment:
    made = Segment("", 0, "run.log", 1, 99)
    made.facts = {name: Fact(name, value, Place("run.log", 7)) for name, value in facts.items()}
    return made


def values(name: str, one: Segment | None = None, **given: str) -> dict[str, Used]:
    return {used.name: used for used in resolve(mechanisms()[name], one, given)}


@pytest.mark.parametrize(
    ("name", "facts", "given", "told"),
    [
        ("batch-without-lr", {"batch_size": 64}, {}, "--set batch_before="),
        ("batch-without-lr", {"batch_size": 2}, {"batch_before": "16"}, "no larger than batch_before"),
        ("batch-without-lr", {"lr": 0.001, "optimizer": "AdamW"}, {}, "experiment trains with SGD"),
        ("over-regularised", {"weight_decay": 0.1}, {}, "--set weight_decay_before="),
        ("over-regularised", {"weight_decay": 0.1}, {"weight_decay_before": "0.2"}, "one that went up"),
        ("over-regularised", {"lr": 0.001}, {}, "--set lr_before="),
        ("few-updates", {"batch_size": 64}, {}, "--set samples="),
        ("few-updates", {"lr": 0.01, "optimizer": "SGD"}, {"optimizer": "adam"}, "experiment trains with Adam"),
        ("few-updates", {"optimizer": "SGD"}, {}, "by default is a rate of Adam"),
        ("frozen-linear-head", {}, {"optimizer": "sgd"}, "give a rate of SGD with --set lr="),
        ("finetune-lr-too-low", {"lr": 0.01, "optimizer": "SGD"}, {}, "from 0.001 on SGD moves weights soon"),
        ("capacity-vs-data", {"lr": 0.01, "optimizer": "SGD"}, {}, "experiment trains with Adam"),
        ("finetune-lr-too-low", {"lr": 0.01}, {}, "no fine-tuning rate far too low"),
        ("class-weight-collapse", {"class_weights": {"0": 0.6, "1": 2.1}}, {}, "--set class_counts="),
        ("class-weight-collapse", {}, {"class_weights": "1,2"}, "class_weights has 2"),
        ("class-weight-collapse", {}, {"val_shares": "0,0,0"}, "val_shares has no number above 0"),
        ("frozen-linear-head", {}, {"trained": "foo"}, "trained is head or block or all"),
        ("frozen-linear-head", {}, {"features": "x"}, "features is worthless or good"),
        ("finetune-lr-too-low", {}, {"start": "foo"}, "start is worthless or good"),
        ("finetune-lr-too-low", {}, {"search": "maybe"}, "search is no or yes"),
        ("fusion-weight-gradient", {}, {"learnable": "x"}, "learnable is no or yes"),
        ("loss-weight-imbalance", {}, {"obj": "0.1", "cls": "1"}, "gains on neither"),
        ("class-weight-collapse", {"lr": 30.0}, {}, "outside 0..10"),
    ],
)
def test_refused(name: str, facts: dict[str, object], given: dict[str, str], told: str) -> None:
    word = "overregularised" if name == "over-regularised" else name
    with pytest.raises(SettingsError) as error:
        values(word, segment(**facts), **given)
    assert told in str(error.value)


def test_what_is_given_ends_the_doubt() -> None:
    used = values("batch-without-lr", segment(batch_size=64), batch_before="16")
    assert (used["batch"].value, used["batch"].origin) == (64, "log")


@pytest.mark.parametrize("name", ["few-updates", "frozen-linear-head", "finetune-lr-too-low"])
def test_a_rate_of_sgd_is_used_by_sgd(name: str) -> None:
    used = values(name, segment(lr=0.0005, optimizer="SGD"))
    assert (used["lr"].value, used["optimizer"].value, used["optimizer"].origin) == (0.0005, "sgd", "log")


def test_numbers_of_the_run_before() -> None:
    now, then = segment(batch_size=64, lr=0.01), segment(batch_size=16, lr=0.02)
    used = {one.name: one for one in resolve(mechanisms()["batch-without-lr"], now, {}, then)}
    assert (used["batch"].value, used["batch_before"].value, used["lr"].value) == (64, 16, 0.01)
    assert (used["batch_before"].origin, used["batch_before"].how) == ("log", "of the run before")
    with pytest.raises(SettingsError, match="or the log of that run with --before"):
        resolve(mechanisms()["batch-without-lr"], now, {}, segment(lr=0.02))


def test_samples_of_an_epoch() -> None:
    used = values("few-updates", segment(batch_size=64, steps_per_epoch=3))
    assert (used["samples"].value, used["samples"].origin) == (192, "derived")


def test_a_number_beyond_the_bound_is_cut_and_says_so() -> None:
    used = values("few-updates", segment(train_samples=118_287, planned_epochs=1000))
    assert (used["samples"].value, used["samples"].origin) == (20_000, "log")
    assert used["samples"].how == "118287 there, cut to 20000"
    assert used["samples"].places[0].line == 7
    assert (used["epochs"].value, used["epochs"].origin) == (400, "log")


@pytest.mark.parametrize(("text", "value"), [("1e3", 1000), ("2e3", 2000), ("12", 12)])
def test_whole_numbers_as_people_write_them(text: str, value: int) -> None:
    assert values("few-updates", None, samples=text)["samples"].value == value


def test_half_a_sample_is_none() -> None:
    with pytest.raises(SettingsError, match="takes a whole number"):
        values("few-updates", None, samples="10.5")


def test_the_suspect_that_links_a_rule_is_named() -> None:
    rules = builtin()
    named = {name for one in mechanisms().values() for name in one.RULES}
    linked = [
        (rule.name, link(one, rule.name, rules))
        for rule in rules
        if rule.name not in named
        for one in of([suspect.name for suspect in rule.suspects])
    ]
    assert linked
    assert all(told.startswith(f"Tried for {name} because that rule suspects ") for name, told in linked)
    assert not any(told.endswith("suspects ") for _, told in linked)
    assert link(mechanisms()["few-updates"], "few-updates", rules) == ""
    assert link(mechanisms()["class-weight-collapse"], "extreme-class-weights", rules) == ""


def test_any_word_is_near_none_of_hundreds_of_names() -> None:
    with pytest.raises(SettingsError) as error:
        wanted("nonsense", builtin())
    assert "did you mean" not in str(error.value)
