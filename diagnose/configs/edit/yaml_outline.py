"""The outline of a YAML text, from the parser's events."""

from __future__ import annotations

from typing import Any

import yaml

from diagnose.configs.edit.outline import BRACES, ITEMS, LINES, Block, Entry

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def outline(text: str) -> Block | None:
    """Return the mapping that a text of one document holds; None for anything else.

    Raises:
        ValueError: if it is no YAML.
    """
    bare = text.removeprefix("\ufeff")
    try:
        walk = _Walk(text, len(text) - len(bare))
        event: Any
        for event in yaml.parse(bare, Loader=LOADER):
            walk.take(event)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return walk.root if walk.documents == 1 and walk.root is not None and walk.root.kind != ITEMS else None


class _Walk:
    def __init__(self, text: str, shift: int) -> None:
        self.text, self.shift = text, shift
        self.documents = 0
        self.root: Block | None = None
        self.open: list[Block] = []
        self.keys: list[tuple[str, int] | None] = []

    def take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
            case yaml.ScalarEvent() | yaml.AliasEvent():
                start, end = self.span(event)
                name = event.value if isinstance(event, yaml.ScalarEvent) else f"*{event.anchor}"
                self.put(name, start, end, None)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.end(event)

    def span(self, event: Any) -> tuple[int, int]:
        start, end = event.start_mark.index + self.shift, event.end_mark.index + self.shift
        return start, start + len(self.text[start:end].rstrip())

    def begin(self, event: Any) -> None:
        start = event.start_mark.index + self.shift
        kind = ITEMS if isinstance(event, yaml.SequenceStartEvent) else BRACES if event.flow_style else LINES
        if event.flow_style:
            start = self.text.find("{" if kind == BRACES else "[", start) + 1
        self.open.append(Block(kind, start, start))
        self.keys.append(None)

    def end(self, event: Any) -> None:
        block = self.open.pop()
        self.keys.pop()
        at = event.end_mark.index + self.shift
        if event.end_mark.index > event.start_mark.index:  # the closing bracket
            block.end, end = at - 1, at
        else:
            block.end = end = max((entry.end for entry in block.entries), default=block.start)
        if block.entries:
            first = block.entries[0].start
            block.column = first - (self.text.rfind("\n", 0, first) + 1)
        start = block.start - 1 if block.end < end else block.start
        if not self.open:
            self.root = self.root or block
            return
        self.put("?", start, end, block)

    def put(self, name: str, start: int, end: int, block: Block | None) -> None:
        if not self.open:
            return
        top = self.open[-1]
        if top.kind == ITEMS:
            top.entries.append(Entry(str(len(top.entries)), start, start, end, block))
        elif (key := self.keys[-1]) is None:
            self.keys[-1] = name, start
        else:
            self.keys[-1] = None
            top.entries.append(Entry(key[0], key[1], start, end, block))
