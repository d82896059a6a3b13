"""States of progress bars that a later state of the same bar overwrites, dropped before anything else looks at them."""

from __future__ import annotations

import re

from diagnose.scan.engine import engine, kernel

STATE = re.compile(rb"[^\r\b\n]*+([\r\b]++|\n|\Z)")
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*+[@-EG-~BCDE]")
EVERY_ESCAPE = re.compile(rb"\x1b(\[[0-9;?]*+([@-~])?)?")
DIGITS = re.compile(rb"[0-9]+")
PLAIN = re.compile(rb"(?:[\t -~]|\xe2[\x94-\x96][\x80-\xbf])*+")
CHARACTER = re.compile(rb"\xe2..|.", re.DOTALL)


def fold(block: bytearray, start: int, end: int) -> int:
    """Drop states from a part of a block in place; return where what remains ends.

    A state goes if the next one in its line begins with the same four characters, numbers blanked, as
    ``sources.lines.fold`` compares them; whatever is less than certain stays, and is compared there.
    """
    if engine().name == "kernel":
        return int(kernel().fold(block, start, end))
    return pure_fold(block, start, end)


def pure_fold(block: bytearray, start: int, end: int) -> int:
    """Do the same in Python."""
    if block.find(b"\r", start, end) < 0 and block.find(b"\b", start, end) < 0:
        return end
    kept = bytearray()
    waiting, waiting_head = b"", b""
    for state in STATE.finditer(bytes(block[start:end])):
        text, mark = state[0], state[1]
        head = _head(text[: len(text) - len(mark)])
        if waiting and (not head or head != waiting_head or not text):
            kept += waiting
        elif waiting and (not kept or kept.endswith(b"\n")):
            kept += b"\r"  # the line keeps a sign that something was overwritten
        waiting, waiting_head = text, head
        if mark == b"\n":
            kept += text
            waiting, waiting_head = b"", b""
    kept += waiting
    block[start : start + len(kept)] = kept
    return start + len(kept)


def _head(state: bytes) -> bytes:
    """Return the first four characters of a state, its numbers blanked; nothing if that takes more than a glance."""
    if b"\x1b" in state:
        if any(found[2] is None or found[2] in b"AF" for found in EVERY_ESCAPE.finditer(state)):
            return b""
        state = EVERY_ESCAPE.sub(b"", state)
    state = state.lstrip(b" \t")
    plain = PLAIN.match(state)
    characters = CHARACTER.findall(plain[0] if plain else b"")[:24]
    if not characters or len(characters[0]) > 1:
        return b""
    head = CHARACTER.findall(DIGITS.sub(b"0", b"".join(characters)))[:4]
    return b"".join(head) if len(head) == 4 else b""
