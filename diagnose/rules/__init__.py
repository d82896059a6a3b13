"""Rules: YAML files to Rule objects, and which of them are selected; ``rules.check`` validates them."""

from diagnose.rules.load import builtin, from_folder, from_mapping, param
from diagnose.rules.rule import ArgumentRule, ExplainRule, Rule, Selector, SuspectRule
from diagnose.rules.select import Selection, select, selects

__all__ = [
    "ArgumentRule",
    "ExplainRule",
    "Rule",
    "Selection",
    "Selector",
    "SuspectRule",
    "builtin",
    "from_folder",
    "from_mapping",
    "param",
    "select",
    "selects",
]
