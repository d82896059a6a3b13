"""The pack of rules in the wheel says the same as the YAML files."""

import json

from diagnose import assets
from diagnose.language import parse
from diagnose.language.parse import _prepared
from diagnose.rules import builtin, from_mapping, pack


def test_rules_and_expressions_survive() -> None:
    packed = json.loads(pack.build())
    rules = [from_mapping(raw, assets.root() / "rules" / path) for path, raw in packed["rules"].items()]

    assert list(builtin()) == sorted(rules, key=lambda rule: rule.code)
    for rule in rules:
        for text in (rule.when, *rule.lets.values()):
            assert parse(text) == _prepared(packed["expressions"][text], text)
