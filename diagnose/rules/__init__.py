"""Rules: YAML files to Rule objects, their validation, and which of them are selected."""

from diagnose.rules.check import Problem, check
from diagnose.rules.load import builtin, from_folder, from_mapping, param
from diagnose.rules.rule import Rule, Selector, SuspectRule
from diagnose.rules.select import Selection, select, selects

__all__ = [
    "Problem",
    "Rule",
    "Selection",
    "Selector",
    "SuspectRule",
    "builtin",
    "check",
    "from_folder",
    "from_mapping",
    "param",
    "select",
    "selects",
]
