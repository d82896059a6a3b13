"""States of progress bars that a later state of the same bar overwrites, dropped before anything else looks at them."""

from __future__ import annotations

from diagnose.scan.engine import engine, kernel


def fold(block: bytearray, start: int, end: int) -> int:
    """Drop states from a part of a block in place; return where what remains ends.

    A state goes if the next one in its line begins with the same four characters, numbers blanked, as
    ``sources.lines`` compares them. Whatever is less than certain stays and is compared there.
    """
    name = engine().name
    if name == "lark":
        return end
    if name == "kernel":
        return int(kernel().fold(block, start, end))
    from diagnose.scan import pure_fold  # the kernel does without

    return pure_fold.fold(block, start, end)
