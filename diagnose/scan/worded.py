"""Lines that differ in words, too, such as names of classes: one template for all, and one parse for each new words.

A template of the kernel holds its words as they are, for a grammar may make something else of any other word. Where
words hardly come to an end, Lark is asked once for each of them, and again where the forms of numbers or the widths of
blanks are new beside them: `start  of 3` may be prose where `start of 3` is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from diagnose.scan.learn import Parse
from diagnose.scan.template import LITERAL, NUMBER, TEXT, Template, shape_of

MOST_WORDS = 50_000
"""Words that are remembered at one time."""
MANY = 5
"""Blanks, or digits of a part of a date, that no grammar tells from more of them."""


class Worded:
    """A template whose words may be others, and the words that it was found right for."""

    def __init__(self, template: Template, parse: Parse) -> None:
        """Take the template, and what asks Lark."""
        self._template, self._parse = template, parse
        variable = [part for part in template.parts if part.operation != LITERAL]
        self._pattern = re.compile(b"".join(part.pattern() for part in template.parts))
        forms: dict[int, Callable[[bytes], object]] = {TEXT: bytes, NUMBER: shape_of}
        self._forms = [forms.get(part.operation, _width) for part in variable]
        self._ends = range(1, len(variable) + 1)
        self._right: dict[tuple[object, ...], bool] = {}

    def match(self, text: str) -> tuple[Template, tuple[tuple[str, str], ...]] | None:
        """Return the template and the line's tokens, if the line is one of it."""
        found = self._pattern.fullmatch(text.encode("utf-8", "replace"))
        if found is None:
            return None
        tokens = self._template.tokens(text, tuple([found.end(at) for at in self._ends]))
        words = tuple([form(part) for form, part in zip(self._forms, found.groups(), strict=True)])
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


def _width(digits_or_blanks: bytes) -> int:
    return min(len(digits_or_blanks), MANY)
