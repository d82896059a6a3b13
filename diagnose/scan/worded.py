"""Lines that differ in words, too, such as names of classes: one template for all, and one parse for each new words.

A template of the kernel holds its words as they are, for a grammar may make something else of any other word. Where
words hardly come to an end, Lark is asked once for each of them; with other numbers the line is then read as before.
"""

from __future__ import annotations

import re

from diagnose.scan.learn import Parse
from diagnose.scan.template import LITERAL, TEXT, Template

MOST_WORDS = 50_000
"""Words that are remembered at one time."""


class Worded:
    """A template whose words may be others, and the words that it was found right for."""

    def __init__(self, template: Template, parse: Parse) -> None:
        """Take the template, and what asks Lark."""
        self._template, self._parse = template, parse
        variable = [part for part in template.parts if part.operation != LITERAL]
        self._pattern = re.compile(b"".join(part.pattern() for part in template.parts))
        self._words = [at for at, part in enumerate(variable, 1) if part.operation == TEXT]
        self._ends = range(1, len(variable) + 1)
        self._right: dict[tuple[bytes, ...], bool] = {}

    def match(self, text: str) -> tuple[Template, tuple[tuple[str, str], ...]] | None:
        """Return the template and the line's tokens, if the line is one of it."""
        found = self._pattern.fullmatch(text.encode("utf-8", "replace"))
        if found is None:
            return None
        tokens = self._template.tokens(text, tuple([found.end(at) for at in self._ends]))
        words = found.group(0, *self._words)[1:]
        right = self._right.get(words)
        if right is None:
            if len(self._right) >= MOST_WORDS:
                self._right.clear()
            parsed = self._parse(text)
            right = self._right[words] = parsed is not None and (self._template.kind, tokens) == (
                parsed[0],
                tuple([(name, text[start:end]) for name, start, end in parsed[1]]),
            )
        return (self._template, tokens) if right else None
