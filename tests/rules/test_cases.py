"""Every built-in rule is valid and does what its cases say."""

import pytest

from diagnose.kit import cases
from diagnose.rules import builtin, check
from diagnose.rules.rule import Rule

RULES = builtin()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_file_is_valid(rule: Rule) -> None:
    assert [] == [str(problem) for problem in check(rule.path)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_cases(rule: Rule) -> None:
    assert [] == [outcome for outcome in cases.test(rule) if not outcome.passed]


def test_codes_and_names_are_unique() -> None:
    assert len(RULES) == len({rule.code for rule in RULES}) == len({rule.name for rule in RULES})


def test_file_is_named_after_its_rule() -> None:
    assert [] == [rule.path for rule in RULES if rule.path.stem != rule.name]


def test_suspects_and_folds_name_rules() -> None:
    names = {rule.name for rule in RULES}
    unknown = {(rule.name, other) for rule in RULES for other in rule.folds if other not in names}

    assert set() == unknown


def test_advice_templates_exist() -> None:
    from diagnose import assets

    missing = [
        rule.advice
        for rule in RULES
        if rule.advice.endswith(".j2") and not (assets.template_folder() / rule.advice).is_file()
    ]

    assert [] == missing
