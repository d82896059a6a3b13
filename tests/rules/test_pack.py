"""The pack of rules in the wheel says the same as the YAML files."""

import json

from diagnose import assets
from diagnose.language import parse
from diagnose.language.parse import _prepared
from diagnose.rules import from_mapping, pack


def test_rules_and_expressions_survive() -> None:
    packed = json.loads(pack.build())
    folder = assets.root() / "rules"
    for path, raw in packed["rules"].items():
        rule = from_mapping(raw, folder / path)
        # JSON has text keys only, as the facts of a case have once they are read.
        plain = json.loads(json.dumps(assets.load(folder / path)))
        assert from_mapping(plain, folder / path) == rule
        for text in (rule.when, *rule.lets.values()):
            assert parse(text) == _prepared(packed["expressions"][text], text)
