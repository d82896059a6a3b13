"""The JSON schema of the settings, for editors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from diagnose.settings.keys import KEYS


def json_schema(formats: Iterable[str] = ()) -> dict[str, Any]:
    """Return the schema of ``diagnose.toml`` and of ``[tool.diagnose]``.

    Args:
        formats: the known outputs, to list them under ``output-format``.
    """
    properties: dict[str, Any] = {}
    for name, key in KEYS.items():
        properties[name] = {"description": key.title, **key.schema}
        if key.default is not None:
            properties[name]["default"] = key.default
    if listed := list(formats):
        properties["output-format"] = {"description": KEYS["output-format"].title, "enum": listed}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of diagnose",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
