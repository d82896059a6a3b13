"""The condition language: text -> nodes (Lark) -> values (numpy columns). Closed; never ``eval``.

Evaluation is imported when it is first used: the build of a wheel parses all rules and has no numpy.
"""

import importlib
from typing import TYPE_CHECKING, Any

from diagnose.language.parse import LanguageError, Node, names_in, parse
from diagnose.language.values import Mask, MissingError, Span, place_of

if TYPE_CHECKING:
    from diagnose.language.evaluate import Scope, evaluate, truth

__all__ = [
    "LanguageError",
    "Mask",
    "MissingError",
    "Node",
    "Scope",
    "Span",
    "evaluate",
    "names_in",
    "parse",
    "place_of",
    "truth",
]


def __getattr__(name: str) -> Any:
    if name not in ("Scope", "evaluate", "truth"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module("diagnose.language.evaluate")
    # The function takes the place of the module of the same name, which the import has just put here.
    globals().update({"Scope": module.Scope, "evaluate": module.evaluate, "truth": module.truth})
    return globals()[name]
