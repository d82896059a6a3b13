"""The ways in which one key of a config can be changed, each as cuts in its text; which of them is right is tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from diagnose.configs.edit.literals import CannotWriteError, literal
from diagnose.configs.edit.literals import key as written_key
from diagnose.configs.edit.outline import BRACES, ITEMS, LINES, Block, Entry, find
from diagnose.model import Setting
from diagnose.patterns import lazy
from diagnose.records import dataclass

COMMENTED = frozenset({"yaml", "toml", "python"})
"""Formats with comments, all of them from ``#`` to the end of the line."""
LINE_END = lazy(r"\r\n|\n|\r|\Z")
SPACE_BEHIND = lazy(r"\s*(?:#[^\n]*\s*)*")


@dataclass(frozen=True, slots=True)
class Cut:
    """Characters and what is to stand in their place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to change a key.

    Attributes:
        at: just behind what was changed: a comment belongs to the end of this line.
        above: where the entry begins if its value has several lines, so that the comment must go above it.
    """

    cuts: tuple[Cut, ...]
    at: int
    above: int | None = None


def spliced(text: str, cuts: Iterable[Cut]) -> str:
    """Return the text with the cuts made.

    Raises:
        ValueError: if they overlap.
    """
    parts, last = [], 0
    for cut in sorted(cuts, key=lambda cut: (cut.start, cut.end)):
        if cut.start < last:
            raise ValueError("cuts overlap")
        parts += [text[last : cut.start], cut.text]
        last = cut.end
    return "".join([*parts, text[last:]])


@dataclass(slots=True)
class Draft:
    """A text that is being edited.

    Attributes:
        outline: its parts; None if they cannot be told.
        settings: what the reader makes of it.
        own: the keys whose values stand in this text.
    """

    text: str
    kind: str
    outline: Block | None
    settings: Mapping[str, Setting]
    own: frozenset[str]

    @property
    def newline(self) -> str:
        """How its lines end."""
        found = LINE_END.search(self.text)
        return (found[0] if found else "") or "\n"


def replacing(draft: Draft, key: str, value: Any) -> Iterator[Attempt]:
    """Yield the ways to give a key that is there another value."""
    setting = draft.settings.get(key)
    span = setting.span if setting is not None and key in draft.own else None
    way, _, rest = find(draft.outline, key) if draft.outline is not None else ([], None, key)
    entry = way[-1][1] if way and not rest else None
    if span is not None:
        yield _replaced(draft, *span, value, entry.start if entry and span == (entry.value, entry.end) else None)
    if entry is not None and span != (entry.value, entry.end):
        yield _replaced(draft, entry.value, entry.end, value, entry.start)
    yield from adding(draft, key, value)


def adding(draft: Draft, key: str, value: Any) -> Iterator[Attempt]:
    """Yield the ways to write a key that is not there, or stands elsewhere."""
    if draft.outline is None:
        return
    way, block, rest = find(draft.outline, key)
    if block is not None and block.kind != ITEMS:
        yield from _inserted(draft, block, rest, value)
    elif way and rest and way[-1][1].block is None:
        entry = way[-1][1]
        was = draft.text[entry.value : entry.end]
        nested = _nested(rest, value)
        if draft.kind == "yaml" and was.startswith("*"):
            inner = literal(nested, "yaml")[1:]
            yield Attempt((Cut(entry.value, entry.end, f"{{<<: {was}, {inner}"),), entry.end)
        if was in ("{}", "dict()", "null", "~", "None", ""):
            gap = " " if not was and not draft.text[entry.value - 1 : entry.value].isspace() else ""
            yield Attempt((Cut(entry.value, entry.end, gap + literal(nested, draft.kind)),), entry.end)
    if draft.kind == "python":
        yield from _assigned(draft, key, value)


def removing(draft: Draft, key: str) -> Iterator[Attempt]:
    """Yield the ways to take a key out: its entry alone, then with the mappings that it leaves empty."""
    if draft.outline is None:
        return
    way, _, rest = find(draft.outline, key)
    if rest:
        return
    for depth in range(len(way) - 1, -1, -1):
        block, entry = way[depth]
        yield from _removed(draft, block, entry)
        if len(block.entries) > 1:
            return


def _replaced(draft: Draft, start: int, end: int, value: Any, above: int | None = None) -> Attempt:
    text = draft.text
    was = text[start:end]
    new = literal(value, draft.kind, was)
    if above is not None and draft.kind == "yaml" and (line := _line_start(text, start)) > above:
        # A list or mapping below its key: what replaces it stands there too, further in.
        start, new = line, " " * (above - _line_start(text, above) + 2) + new
    elif not was and text[start - 1 : start] not in (" ", "\t"):
        new = f" {new}"
    top = _line_start(text, start if above is None else above)
    return Attempt((Cut(start, end, new),), end, top if "\n" in text[top:end] else None)


def _nested(key: str, value: Any) -> Any:
    """Return the mapping of mappings that a dotted key stands for."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def _pair(draft: Draft, block: Block, key: str, value: Any) -> str:
    """Return one entry as it is written on a line or between braces."""
    ((name, inner),) = _nested(key, value).items()
    if draft.kind == "python" and (block.call or block.kind == LINES):
        if not name.isidentifier():
            raise CannotWriteError(f"`{name}` is no name")
        return f"{name}{'=' if block.call else ' = '}{literal(inner, 'python')}"
    between = " = " if draft.kind == "toml" else ": "
    return f"{written_key(name, draft.kind)}{between}{literal(inner, draft.kind)}"


def _inserted(draft: Draft, block: Block, key: str, value: Any) -> Iterator[Attempt]:
    text, newline = draft.text, draft.newline
    if block.kind == BRACES:
        yield _between(draft, block, _pair(draft, block, key, value))
        return
    lines = _lines(draft, block, key, value)
    if block.kind == LINES and draft.kind in ("yaml", "toml"):
        at = _line_end(text, max((entry.end for entry in block.entries if entry.block is None or draft.kind == "yaml"),
                                 default=block.end))  # fmt: skip
        yield Attempt((Cut(at, at, newline + newline.join(lines)),), at)
    elif block.kind == LINES:
        yield _appended(draft, lines[0])


def _between(draft: Draft, block: Block, entry: str) -> Attempt:
    """Return the attempt that writes an entry behind the last one between two brackets."""
    text = draft.text
    if not block.entries:
        return Attempt((Cut(block.end, block.end, entry),), block.end)
    last = block.entries[-1]
    behind = _space(text, last.end)
    comma = text[behind : behind + 1] == ","
    indent = text[_line_start(text, last.start) : last.start]
    if indent.strip():
        return Attempt(
            (Cut(last.end, behind + 1, f", {entry}") if comma else Cut(last.end, last.end, f", {entry}"),), last.end
        )
    line_end = _line_end(text, behind + comma)
    end = line_end if line_end <= block.end else behind + comma if comma else last.end
    line = Cut(end, end, f"{draft.newline}{indent}{entry}{',' if comma else ''}")
    return Attempt((line,) if comma else (Cut(last.end, last.end, ","), line), end)


def _lines(draft: Draft, block: Block, key: str, value: Any) -> list[str]:
    """Return the lines of an entry in a block of lines; in YAML nested keys stand one below the other."""
    if draft.kind != "yaml":
        return [" " * block.column * (draft.kind == "toml") + _pair(draft, block, key, value)]
    parts = key.split(".")
    found = []
    for depth, part in enumerate(parts):
        end = f" {literal(value, 'yaml')}" if depth == len(parts) - 1 else ""
        found.append(f"{' ' * (block.column + 2 * depth)}{written_key(part, 'yaml')}:{end}")
    return found


def _appended(draft: Draft, line: str) -> Attempt:
    """Return the attempt that writes a line behind the last one."""
    at = len(draft.text.rstrip("\r\n"))
    end = "" if at < len(draft.text) else draft.newline
    return Attempt((Cut(at, at, f"{draft.newline if at else ''}{line}{end}"),), at)


def _assigned(draft: Draft, key: str, value: Any) -> Iterator[Attempt]:
    """Yield overrides at the end of a Python config: a dictionary that the base's is merged with, or a subscript."""
    name, *rest = key.split(".")
    if not name.isidentifier():
        return
    inner = _nested(".".join(rest), value) if rest else value
    if draft.outline is not None and draft.outline.get(name) is None:
        yield _appended(draft, f"{name} = {literal(inner, 'python')}")
    if not rest:
        return  # what is made of the name above would not change with it
    parts = "".join(f"[{part if part.isdigit() else literal(part, 'python')}]" for part in rest)
    yield _appended(draft, f"{name}{parts} = {literal(value, 'python')}")


def _removed(draft: Draft, block: Block, entry: Entry) -> Iterator[Attempt]:
    text = draft.text
    index = block.entries.index(entry)
    start = _line_start(text, entry.start)
    alone = not text[start : entry.start].strip()
    if block.kind == LINES:
        if alone:
            yield _whole_lines(text, start, entry.end)
        elif index + 1 < len(block.entries):  # the first key of an item: `- type: x`
            following = block.entries[index + 1].start
            yield Attempt((Cut(entry.start, following, ""),), following)
        return
    behind = _space(text, entry.end)
    comma = text[behind : behind + 1] == ","
    if comma and alone and not _bare(text[behind + 1 : _line_end(text, behind)]):
        yield _whole_lines(text, start, behind + 1)
    if comma and index + 1 < len(block.entries):
        following = block.entries[index + 1].start
        yield Attempt((Cut(entry.start, following, ""),), following)
    elif index:
        before = block.entries[index - 1].end
        yield Attempt((Cut(before, behind + 1 if comma and not alone else entry.end, ""),), entry.end)
    yield Attempt((Cut(entry.start, behind + 1 if comma else entry.end, ""),), behind)


def _whole_lines(text: str, start: int, end: int) -> Attempt:
    found = LINE_END.search(text, end)
    return Attempt((Cut(start, found.end() if found else end, ""),), start, start)


def _bare(rest: str) -> str:
    """Return the rest of a line without its comment."""
    return rest.partition("#")[0].strip()


def _space(text: str, at: int) -> int:
    found = SPACE_BEHIND.match(text, at)
    return found.end() if found else at


def _line_start(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _line_end(text: str, at: int) -> int:
    found = LINE_END.search(text, at)
    return found.start() if found else len(text)


def commented(draft: Draft, attempts: Iterable[tuple[Attempt, str]]) -> list[Cut]:
    """Return the cuts of attempts together with those that write their comments, one to a line."""
    cuts: list[Cut] = []
    words: dict[tuple[int, bool], list[str]] = {}
    for attempt, comment in attempts:
        cuts += attempt.cuts
        if comment and draft.kind in COMMENTED:
            above = attempt.above is not None
            at = attempt.above if attempt.above is not None else _line_end(draft.text, attempt.at)
            words.setdefault((at, above), []).append(comment)
    for (at, above), found in words.items():
        said = f"# plan: {'; '.join(found)}"
        if above:
            line = draft.text[at : _line_end(draft.text, at)]
            cuts.append(Cut(at, at, f"{line[: len(line) - len(line.lstrip())]}{said}{draft.newline}"))
        else:
            cuts.append(Cut(at, at, f"  {said}"))
    return cuts
