"""Build hook: writes what can be made in advance into the wheel (see ``diagnose/packs.py``)."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Packs(BuildHookInterface):  # type: ignore[type-arg]
    """Adds ``diagnose/_assets/packed`` to wheels; editable installs read the files it is made from."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the packs from the tree that is being packaged."""
        if version == "editable" or self.target_name != "wheel":
            return
        sys.path.insert(0, self.root)
        from diagnose import packs

        folder = Path(tempfile.mkdtemp())
        for number, (name, text) in enumerate(packs.build()):
            file = folder / f"{number}.json"
            file.write_text(text, encoding="utf-8")
            build_data["force_include"][str(file)] = f"diagnose/_assets/packed/{name}.json"
