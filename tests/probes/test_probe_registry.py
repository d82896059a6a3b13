"""What mechanisms declare, and which belong to a rule."""

import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.errors import SettingsError
from diagnose.names import mechanisms as causes
from diagnose.probes import mechanisms as folder
from diagnose.probes.registry import mechanisms, of, wanted
from diagnose.rules import builtin

PROMISED = {
    "class-weight-collapse", "few-updates", "frozen-linear-head", "finetune-lr-too-low", "fusion-weight-gradient",
    "focal-gamma-shrinks-loss", "overregularised", "batch-without-lr", "loss-weight-imbalance", "gradient-conflict",
    "size-aware-weighting", "capacity-vs-data", "lr-sensitivity",
}  # fmt: skip


def test_all_that_are_promised_are_there() -> None:
    assert set(mechanisms()) >= PROMISED


@pytest.mark.parametrize("name", sorted(mechanisms()))
def test_declaration(name: str) -> None:
    one = mechanisms()[name]
    rules = {rule.name for rule in builtin()}

    assert Path(folder.__file__).with_name(f"{name.replace('-', '_')}.py").is_file()
    assert [arm.name for arm in one.ARMS][:3] == ["suspect", "control", "fix"]
    assert set(one.RULES) <= rules
    assert set(one.SUSPECTS) <= set(causes())
    assert one.TITLE and one.SYMPTOM and one.PROXY
    values = {parameter.name: parameter.default for parameter in one.PARAMETERS}
    assert len(values) == len(one.PARAMETERS)
    for change in [*(arm.change for arm in one.ARMS), *(factor.absent for factor in one.FACTORS)]:
        assert isinstance(dict(change(values)), dict)
    assert all(dict(arm.change(values)) for arm in one.ARMS[1:]), "an arm that differs in nothing"


def test_nothing_imports_torch_until_it_computes() -> None:
    code = "import sys; from diagnose.probes.registry import mechanisms; mechanisms(); print('torch' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_a_rule_means_its_mechanisms() -> None:
    rules = builtin()
    code = next(rule.code for rule in rules if rule.name == "extreme-class-weights")

    for word in ("class-weight-collapse", "extreme-class-weights", code, code.lower(), "Class_Weight Collapse"):
        assert [one.NAME for one in wanted(word, rules)] == ["class-weight-collapse"]


def test_a_rule_without_one_means_those_of_its_suspects() -> None:
    rules = [rule for rule in builtin() if not of([rule.name]) and of([suspect.name for suspect in rule.suspects])]

    assert rules
    assert wanted(rules[0].name, builtin()) == of([suspect.name for suspect in rules[0].suspects])


def test_unknown_words() -> None:
    with pytest.raises(SettingsError, match="did you mean few-updates"):
        wanted("few-update", builtin())
    with pytest.raises(SettingsError, match="no mechanism belongs to disk-full"):
        wanted("disk-full", builtin())
