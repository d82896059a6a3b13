"""Templates of lines as they stand in the file, with terminal control, made of templates of what the lines show."""

from __future__ import annotations

from itertools import accumulate

from diagnose.scan.template import LITERAL, Part, Template
from diagnose.sources.lines import ANSI, CONTROL, CURSOR_UP

ESCAPE = "\x1b"
OVERWRITING = "\r\b"


def raw_template(raw: bytes, text: str, template: Template, ends: tuple[int, ...]) -> Template | None:
    """Return a template for lines that show what a template matches and have the same terminal control around it.

    Args:
        raw: the line without its newline.
        text: what it shows, perhaps without outer blanks.
        template: what matches the text.
        ends: where its variable parts end, in bytes.

    Returns:
        The template, with the same variable parts; None if the line shows anything else than the text.
    """
    try:
        line = raw.decode().rstrip("\r")
    except UnicodeDecodeError:
        return None
    shown = _shown(line)
    if shown is None:
        return None
    whole = "".join([line[at] for at in shown])
    if text not in (whole, whole.rstrip(), whole.strip()):
        return None
    first = whole.index(text)
    shown = shown[first : first + len(text)]
    place = [0, *accumulate(len(character.encode()) for character in line)]  # of each character, in bytes
    index = {at: number for number, at in enumerate(accumulate((len(c.encode()) for c in text), initial=0))}
    data, parts, done, at = line.encode(), list[Part](), 0, 0
    variable = iter(ends)
    for part in template.parts:
        if part.operation == LITERAL:
            at += len(part.text)
            continue
        end = next(variable)
        begins, stops = index[at], index[end]
        if begins == stops:
            start = stop = place[shown[begins - 1] + 1] if begins else place[shown[0]] if shown else 0
        elif shown[stops - 1] - shown[begins] != stops - 1 - begins:
            return None  # terminal control within a number
        else:
            start, stop = place[shown[begins]], place[shown[stops - 1] + 1]
        if start > done:
            parts.append(Part(LITERAL, data[done:start]))
        parts.append(part)
        done, at = stop, end
    if len(data) > done:
        parts.append(Part(LITERAL, data[done:]))
    return Template(template.kind, tuple(parts), template.spans)


def _shown(line: str) -> list[int] | None:
    """Return which characters of a line show; None if it shows several states, or what cannot be told for sure."""
    if CURSOR_UP.search(line) or "\ufeff" in line:
        return None
    shown: list[int] = []
    at = 0
    for found in ANSI.finditer(line):
        shown.extend(range(at, found.start()))
        at = found.end()
    shown.extend(range(at, len(line)))
    characters = [line[at] for at in shown]
    first = next((n for n, character in enumerate(characters) if character not in OVERWRITING), len(characters))
    last = next((n for n in range(len(characters), 0, -1) if characters[n - 1] not in OVERWRITING), 0)
    shown, characters = shown[first:last], characters[first:last]
    if any(character in OVERWRITING or character == ESCAPE for character in characters):
        return None
    return [at for at, character in zip(shown, characters, strict=True) if not CONTROL.match(character)]
