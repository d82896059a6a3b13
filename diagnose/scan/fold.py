"""States of progress bars that a later state of the same bar overwrites, dropped before anything else looks at them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, cast

from diagnose.scan.engine import engine, kernel

Fold: TypeAlias = Callable[[bytearray, int, int], int]


def folding() -> Fold:
    """Return a function that drops states from a part of a block in place and returns where what remains ends.

    It is for the parts of one source, in their order: shapes of states are remembered. A state goes if the next one in
    its line begins with the same four characters, numbers blanked, as ``sources.lines`` compares them. Whatever is less
    than certain stays and is compared there.
    """
    name = engine().name
    if name == "lark":
        return lambda _block, _start, end: end
    if name == "kernel":
        return cast("Fold", partial(kernel().fold, kernel().lately()))
    from diagnose.scan import pure_fold  # the kernel does without

    return pure_fold.fold
