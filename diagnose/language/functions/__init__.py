"""The closed table of functions of the condition language, one module per topic."""

from diagnose.language.functions import (
    course,
    findings,
    happenings,
    meaning,
    network,
    plan,
    settings,
    shape,
    whole,
    window,
)
from diagnose.language.functions.registry import Function

TABLE: dict[str, Function] = {}
for _module in (whole, window, shape, meaning, happenings, settings, plan, network, course, findings):
    for _function in _module.function.table:
        if _function.name in TABLE:
            raise ValueError(f"two functions are called {_function.name!r}")
        TABLE[_function.name] = _function

__all__ = ["TABLE", "Function"]
