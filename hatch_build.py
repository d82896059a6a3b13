"""Build hook: writes the pack of built-in rules into the wheel (see ``diagnose/rules/pack.py``)."""

import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RulePack(BuildHookInterface):  # type: ignore[type-arg]
    """Adds ``diagnose/_assets/rules.json`` to wheels; editable installs read the YAML files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pack from the tree that is being packaged."""
        if version == "editable" or self.target_name != "wheel":
            return
        sys.path.insert(0, self.root)
        spec = importlib.util.spec_from_file_location("rule_pack", Path(self.root) / "diagnose" / "rules" / "pack.py")
        if spec is None or spec.loader is None:
            raise RuntimeError("diagnose/rules/pack.py is missing")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False, encoding="utf-8") as file:
            file.write(module.build())
        build_data["force_include"][file.name] = "diagnose/_assets/rules.json"
