"""One module per output, found by walking this folder.

A module here has NAME (also its file name), TITLE, SUFFIX and ``emit(report, context)``. Outputs are imported one by
one, when asked for: most runs need a single one.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Protocol, cast

from diagnose.emit.context import Context, RuleInfo
from diagnose.model import Report

__all__ = ["Context", "Output", "RuleInfo", "emit", "names", "output"]

NOT_OUTPUTS = {"context", "report"}


class Output(Protocol):
    """What every module in this package looks like."""

    NAME: str
    TITLE: str
    SUFFIX: str

    def emit(self, report: Report, context: Context) -> str:
        """Return the report as text that ends with a newline, or empty text."""
        ...


@cache
def names() -> tuple[str, ...]:
    """Return the names of all outputs, sorted."""
    import pkgutil

    return tuple(sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name not in NOT_OUTPUTS))


def output(name: str) -> Output:
    """Return an output by name. Raises KeyError."""
    module = f"{__name__}.{name}"
    if not name.isidentifier() or name in NOT_OUTPUTS:
        raise KeyError(name)
    try:
        return cast("Output", importlib.import_module(module))
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise KeyError(name) from None


def emit(report: Report, name: str, context: Context | None = None) -> str:
    """Return a report in the named output. Raises KeyError."""
    return output(name).emit(report, context or Context())
