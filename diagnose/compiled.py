"""The compiled modules of the package, any of which may be missing: without a compiler there are none."""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from diagnose.assets import in_checkout


@cache
def module(name: str) -> ModuleType:
    """Import a compiled module, such as ``diagnose.scan._kernel``.

    Raises:
        ImportError: if there is none, or in a checkout if it was compiled from older sources: what Python hands to it
            and what it makes of it may then differ.
    """
    found = importlib.import_module(name)
    if in_checkout() and older(Path(found.__file__ or "")):
        raise ImportError(f"{name} is older than its source: `pip install -e .` compiles it again")
    return found


def older(binary: Path) -> bool:
    """Return whether C code beside a compiled module was changed after it."""
    made = binary.stat().st_mtime
    return any(source.stat().st_mtime > made for source in binary.parent.glob("*.[ch]"))
