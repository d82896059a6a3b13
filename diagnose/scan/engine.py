"""Which engine replays templates: the compiled kernel, the same in Python, or none, so that Lark parses each shape."""

from __future__ import annotations

import os
from functools import cache
from types import ModuleType
from typing import NamedTuple

from diagnose import compiled
from diagnose.errors import SettingsError

VARIABLE = "DIAGNOSE_ENGINE"
ENGINES = ("kernel", "pure", "lark")


class Engine(NamedTuple):
    """The engine in use, and why it is this one."""

    name: str
    why: str


def engine() -> Engine:
    """Return the engine that ``DIAGNOSE_ENGINE`` names, else the kernel, else the pure one.

    Raises:
        SettingsError: if the variable names no engine, or the kernel where there is none.
    """
    return _chosen(os.environ.get(VARIABLE, ""))


@cache
def _chosen(asked: str) -> Engine:
    if asked and asked not in ENGINES:
        raise SettingsError(f"{VARIABLE}={asked!r}: not one of {', '.join(ENGINES)}", mend=f"unset {VARIABLE}")
    problem = "" if asked in ("pure", "lark") else kernel_problem()
    if asked == "kernel" and problem:
        raise SettingsError(f"{VARIABLE}=kernel: {problem}", mend="install with a C compiler at hand, or use pure")
    if asked:
        return Engine(asked, f"{VARIABLE} says so")
    return Engine("pure", problem) if problem else Engine("kernel", "it was compiled when diagnose was installed")


@cache
def kernel_problem() -> str:
    """Return why there is no kernel; empty if there is one."""
    try:
        kernel()
    except ImportError as error:
        return f"no compiled kernel: {error}"
    return ""


def kernel() -> ModuleType:
    """Return the compiled kernel. Raises ImportError where there is none that can be used."""
    return compiled.module("diagnose.scan._kernel")
