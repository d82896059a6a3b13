"""Settings: found beside what is linted, checked key by key, and layered."""

from typing import TYPE_CHECKING

from diagnose.later import later

if TYPE_CHECKING:
    from diagnose.settings.find import closest
    from diagnose.settings.keys import KEYS
    from diagnose.settings.load import from_file, from_text, options_layer
    from diagnose.settings.model import Layer, PathIgnore, Settings
    from diagnose.settings.policy import Limit, Policy, Waiver, parse_day
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

__getattr__ = later(
    __name__,
    {
        "find": "closest",
        "keys": "KEYS",
        "load": "from_file from_text options_layer",
        "model": "Layer PathIgnore Settings",
        "policy": "Limit Policy Waiver parse_day",
        "schema": "json_schema",
    },
)
