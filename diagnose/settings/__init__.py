"""Settings: found beside what is linted, checked key by key, and layered."""

from diagnose.settings.find import closest
from diagnose.settings.gates import Limit, Policy, Waiver, parse_day
from diagnose.settings.keys import KEYS
from diagnose.settings.load import from_file, from_text, options_layer
from diagnose.settings.model import Layer, PathIgnore, Settings
from diagnose.settings.schema import json_schema

__all__ = [
    "KEYS",
    "Layer",
    "Limit",
    "PathIgnore",
    "Policy",
    "Settings",
    "Waiver",
    "closest",
    "from_file",
    "from_text",
    "json_schema",
    "options_layer",
    "parse_day",
]
