"""The condition language: text -> nodes (Lark) -> values (numpy columns). Closed; never ``eval``."""

from diagnose.language.evaluate import Scope, evaluate, truth
from diagnose.language.parse import LanguageError, Node, names_in, parse
from diagnose.language.values import Mask, MissingError, Span, place_of

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
