"""The JSON schema of an experiment, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from diagnose.engine.expect.load import NEEDED, SHAPES
from diagnose.engine.expect.spec import OVER
from diagnose.model.verdict import OTHER, TIERS

TYPES = {str: "string", dict: "object", list: "array", bool: "boolean", int: "integer", float: "number"}
PARTS = {"hypotheses": "a hypothesis", "risks": "a risk", "decisions": "a decision", "evidence": "evidence"}
"""Keys whose list has items of a kind."""
WORDS = {"over": OVER, "tier": TIERS, "reached": ("any", "every")}


def json_schema() -> dict[str, Any]:
    """Return the schema of the file that ``diagnose verify`` reads."""
    schema = _mapping("an experiment")
    properties = schema["properties"]
    criteria = {"type": "array", "minItems": 1, "items": _mapping("a criterion")}
    properties["criteria"] = {
        "type": "object",
        "properties": dict.fromkeys((*TIERS, OTHER), criteria),
        "additionalProperties": False,
        "minProperties": 1,
    }
    properties["baseline"] = {"anyOf": [{"type": "string"}, _mapping("a baseline")]}
    run = {"anyOf": [{"type": "string"}, _mapping("a run")]}
    properties["runs"] = {"type": "object", "additionalProperties": run}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An experiment for diagnose verify",
        **schema,
    }


def _mapping(kind: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: _value(key, *shape) for key, shape in SHAPES[kind].items()},
        "required": list(NEEDED.get(kind, ())),
        "additionalProperties": False,
    }


def _value(key: str, kinds: Any, called: str) -> dict[str, Any]:
    value: dict[str, Any] = {"description": called}
    if kinds is object:
        return value
    named = [TYPES[kind] for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]
    value["type"] = named if len(named) > 1 else named[0]
    if key in WORDS:
        value["enum"] = list(WORDS[key])
    if key in PARTS and kinds is list:
        item = _mapping(PARTS[key])
        value["items"] = {"anyOf": [{"type": ["string", "boolean", "number"]}, item]} if key == "evidence" else item
    elif "array" in named:
        value["items"] = {"type": "string"}
    return value
