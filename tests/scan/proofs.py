"""Proves things of regular expressions by automaton: ``python proofs.py < questions.json``; needs ``interegular``.

It runs in a process of its own, which never imports Lark: where ``interegular`` can be imported, Lark compares all
terminals of a grammar whenever it compiles one.

Questions are ``[kind, name, pattern, other]``. ``idempotent``: all digits do the same, and a digit read twice does what
it does once, so a run of digits may have any width. ``within``: every text of the pattern is one of the other. The
answer is a list of ``[name, what is wrong]``.
"""

from __future__ import annotations

import json
import signal
import sys

DIGITS = "0123456789"
PATIENCE = 60
"""Seconds for one question."""


def automaton(pattern):
    import interegular

    return interegular.parse_pattern(pattern).to_fsm()


def idempotent(pattern: str, _: str) -> str:
    fsm = automaton(pattern).reduce()
    for state in fsm.states:
        after = {step(fsm, state, digit) for digit in DIGITS}
        if len(after) > 1:
            return "tells digits apart"
        [once] = after
        if {step(fsm, once, digit) for digit in DIGITS} != {once}:
            return "counts digits"
    return ""


def step(fsm, state, letter):
    """Return the next state; None is the dead one."""
    return None if state is None else fsm.map.get(state, {}).get(fsm.alphabet[letter])


def within(pattern: str, other: str) -> str:
    return "" if automaton(pattern).issubset(automaton(other)) else "reads something else, too"


def answer(kind: str, name: str, pattern: str, other: str) -> tuple[str, str]:
    signal.alarm(PATIENCE)
    try:
        return name, {"idempotent": idempotent, "within": within}[kind](pattern, other)
    except Exception as error:  # noqa: BLE001 - whatever interegular lacks
        return name, f"unknown: {error}"
    finally:
        signal.alarm(0)


def give_up(*_: object) -> None:
    raise TimeoutError("too large")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    json.dump([answer(*question) for question in json.load(sys.stdin)], sys.stdout)
