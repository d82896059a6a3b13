"""Every built-in rule is valid and does what its cases say."""

import re

import pytest

from diagnose.kit import cases
from diagnose.names import mechanisms
from diagnose.rules import builtin
from diagnose.rules.check import check
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


def test_folds_name_rules() -> None:
    names = {rule.name for rule in RULES}
    unknown = {(rule.name, other) for rule in RULES for other in rule.folds if other not in names}

    assert set() == unknown


def test_suspects_are_rules_or_listed_mechanisms() -> None:
    names = {rule.name for rule in RULES}
    suspected = {suspect.name for rule in RULES for suspect in rule.suspects}

    assert set() == suspected - names - set(mechanisms())
    assert set() == set(mechanisms()) - suspected, "listed, and suspected by no rule"
    assert set() == set(mechanisms()) & names


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_nothing_unknown_is_shown(rule: Rule) -> None:
    said = [
        text
        for word, body in rule.cases
        if word == "reported"
        for finding in cases.findings_of(rule, body)[0]
        for text in (finding.message, finding.advice, finding.why, *(item.text for item in finding.evidence))
        if re.search(r"\bunknown\b|\bNone\b", text) and "unknown" not in rule.advice + rule.why
    ]

    assert [] == said


def test_parameters_are_used() -> None:
    idle = []
    for rule in RULES:
        raw = rule.path.read_text(encoding="utf-8")
        idle += [(rule.name, name) for name in rule.params if len(re.findall(rf"\b{name}\b", raw)) < 2]

    assert [] == idle


def test_messages_are_one_sentence_without_a_full_stop() -> None:
    assert [] == [rule.name for rule in RULES if rule.message.rstrip().endswith(".") or rule.message[0].isspace()]


def test_advice_templates_exist() -> None:
    from diagnose import assets

    missing = [
        rule.advice
        for rule in RULES
        if rule.advice.endswith(".j2") and not (assets.template_folder() / rule.advice).is_file()
    ]

    assert [] == missing
