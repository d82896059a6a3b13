"""The words of a shell script, with variables put in where the script itself assigns them. Nothing is executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from diagnose.patterns import lazy
from diagnose.records import dataclass, field

Char: TypeAlias = tuple[str, int]
"""A character and where it is written; -1 for what only running the script would tell."""

NAME = lazy(r"[A-Za-z_]\w*")
ASSIGNMENT = lazy(r"([A-Za-z_]\w*)(\+?)=")
MAKE_VARIABLE = lazy(r"^([A-Za-z_]\w*)[ \t]*[:?]?=[ \t]*([^\n#]*)", re.MULTILINE)
HEREDOC = lazy(r"<<-?\s*(['\"]?)(\w+)\1")
EXPANSION = lazy(r"([A-Za-z_]\w*|\d+|[@*#?!$-])(?:(:?[-=])(.*))?", re.DOTALL)
LONGEST = 20_000
"""Characters that one word may unfold to."""
SHOWN = 100
"""Characters that are kept of a longer one: it may begin with the name of the variable that it sets."""
OPENING = frozenset({"if", "for", "while", "until", "case", "select", "{", "("})
CLOSING = frozenset({"fi", "done", "esac", "}", ")"})
BETWEEN = frozenset({"then", "do", "else", "elif", "!", "time", "in"})
DECLARING = frozenset({"export", "declare", "local", "readonly", "typeset"})
UNTOLD: Char = ("\0", -1)


@dataclass(slots=True)
class Word:
    """A word as the program gets it.

    Attributes:
        chars: its characters with their places.
        start: where it is written.
        end: just behind it.
    """

    chars: list[Char]
    start: int
    end: int

    @property
    def text(self) -> str:
        """The word; a null character stands for what cannot be told."""
        return "".join(char for char, _ in self.chars)

    @property
    def known(self) -> bool:
        """Whether all of it can be told."""
        return UNTOLD not in self.chars

    def part(self, at: int, end: int | None = None) -> Word:
        """Return a part of the word; its place is where those characters are written, if that is one place."""
        chars = self.chars[at:end]
        places = [place for _, place in chars]
        if places and places == list(range(places[0], places[0] + len(places))) and places[0] >= 0:
            return Word(chars, places[0], places[-1] + 1)
        return Word(chars, self.start, self.end)


@dataclass(slots=True)
class Scanner:
    """Takes a script apart into simple commands.

    Attributes:
        make: whether it is a Makefile, in which ``$(NAME)`` is a variable.
    """

    text: str
    make: bool = False
    at: int = 0
    known: dict[str, list[Char]] = field(default_factory=dict)
    blocks: list[set[str]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def commands(self) -> Iterator[list[Word]]:
        """Yield the words of every simple command, without assignments before it; loops and branches count once."""
        if self.make:
            for found in MAKE_VARIABLE.finditer(self.text):
                self.known[found[1]] = self._chars(found.start(2), found.start(2) + len(found[2].rstrip()))
        words: list[Word] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if self.text.startswith("\\\n", self.at) or self.text.startswith("\\\r\n", self.at):
                self.at = self.text.index("\n", self.at) + 1
            elif char in " \t\r":
                self.at += 1
            elif char == "#":
                self._to_line_end()
            elif char in "\n;&|()":
                self.at += 1
                yield from self._command(words)
                words = []
                if char == "\n":
                    self._skip_documents()
                elif char in "()":
                    self._block(char)
            elif char in "<>" or (char.isdigit() and re.match(r"\d[<>]", self.text[self.at : self.at + 2])):
                self._redirection()
            else:
                words += self.word()
        yield from self._command(words)

    def _command(self, words: list[Word]) -> Iterator[list[Word]]:
        while words and words[0].text in OPENING | CLOSING | BETWEEN:
            if words[0].text in ("for", "select") and len(words) > 1:
                values = words[3:] if len(words) > 2 and words[2].text == "in" else []
                self._block("for")
                self._assign(words[1].text, values[0].chars if len(values) == 1 else [UNTOLD])
                return
            if words[0].text == "case":
                self._block("case")
                return
            self._block(words.pop(0).text)
        if self.make and words and words[0].text.startswith(("@", "-")):
            words[0] = words[0].part(1)
        declared = bool(words) and words[0].text in DECLARING
        while words and (found := ASSIGNMENT.match(words[declared].text if len(words) > declared else "")):
            word = words.pop(int(declared))
            value = word.part(found.end()).chars
            if found[2]:
                value = [*self.known.get(found[1], [UNTOLD]), *value]
            if not words or declared:
                self._assign(found[1], value)
        if words and not declared:
            yield words

    def _block(self, word: str) -> None:
        if word in OPENING:
            self.blocks.append(set())
        elif word in CLOSING and self.blocks:
            names = self.blocks.pop()
            for name in names:
                self.known[name] = [UNTOLD]  # what a branch or a loop has assigned may not be so
            if self.blocks:
                self.blocks[-1] |= names

    def _assign(self, name: str, value: list[Char]) -> None:
        if self.blocks:
            self.blocks[-1].add(name)
        self.known[name] = value[:LONGEST]

    def word(self) -> list[Word]:
        """Return the next word; several if a variable without quotes holds several."""
        start = self.at
        chars: list[Char] = []
        breaks: set[int] = set()  # indices of spaces from variables without quotes, which part words
        quoted = False
        while self.at < len(self.text) and self.text[self.at] not in " \t\r\n;&|()<>":
            char = self.text[self.at]
            if char == "'":
                end = self.text.find("'", self.at + 1)
                end = len(self.text) if end < 0 else end
                chars += self._chars(self.at + 1, end)
                self.at, quoted = end + 1, True
            elif char == '"':
                self._double(chars)
                quoted = True
            elif char == "\\":
                if self.text[self.at + 1 : self.at + 2] == "\n":
                    self.at += 2
                    break
                chars += self._chars(self.at + 1, self.at + 2)
                self.at += 2
            elif char in "$`":
                value = self._expansion()
                begin = len(chars)
                chars += value
                breaks |= {begin + index for index, (each, _) in enumerate(value) if each in " \t\n"}
            else:
                chars.append((char, self.at))
                self.at += 1
            if len(chars) > LONGEST:
                chars[SHOWN:] = [UNTOLD]
                breaks = set()
        whole = Word(chars, start, self.at)
        if ASSIGNMENT.match(whole.text) or not breaks:
            return [whole.part(0)] if chars or quoted else []
        words, begin = [], 0
        for end in [*sorted(breaks), len(chars)]:
            if end > begin:
                words.append(whole.part(begin, end))
            begin = end + 1
        return words

    def _double(self, chars: list[Char]) -> None:
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] in "$`":
                chars += self._expansion()
            elif self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\", "\n"):
                chars += self._chars(self.at + 1, self.at + 2)
                self.at += 2
            else:
                chars.append((self.text[self.at], self.at))
                self.at += 1
            if len(chars) > LONGEST:
                chars[SHOWN:] = [UNTOLD]
        self.at += 1

    def _expansion(self) -> list[Char]:
        """Return what a ``$`` or a backtick stands for."""
        start = self.at
        if self.text[start] == "`":
            end = self.text.find("`", start + 1)
            self.at = len(self.text) if end < 0 else end + 1
            return [UNTOLD]
        after = self.text[start + 1 : start + 2]
        if after in ("(", "{"):
            end = self._closing(start + 1)
            inner = self.text[start + 2 : end - 1]
            self.at = end
            if after == "{" or (self.make and NAME.fullmatch(inner)):
                return self._parameter(inner, start + 2)
            return [UNTOLD]
        if self.make and after == "$":  # $$NAME reaches the shell as $NAME
            self.at += 1
        found = NAME.match(self.text, self.at + 1)
        if found:
            self.at = found.end()
            return self.known.get(found[0], [UNTOLD])
        if after and (after.isdigit() or after in "@*#?!$-"):
            self.at += 2
            return [UNTOLD]
        self.at += 1
        return [("$", start)]

    def _parameter(self, inner: str, at: int) -> list[Char]:
        found = EXPANSION.fullmatch(inner)
        if found is None:
            return [UNTOLD]
        value = self.known.get(found[1])
        if value is not None and (value or not (found[2] or "").startswith(":")):
            return value
        if found[2] is None:
            return [UNTOLD]
        default = found[3]
        if re.search(r"[$`\\]", default):
            words = Scanner(default, self.make, known=self.known).word()
            return [(char, -1) for word in words for char, _ in word.chars]
        quotes = len(default) > 1 and default[0] == default[-1] and default[0] in "'\""
        return self._chars(at + found.start(3) + quotes, at + found.end(3) - quotes)

    def _closing(self, at: int) -> int:
        """Return the place behind the bracket that closes the one at *at*."""
        opening, closing = self.text[at], ")" if self.text[at] == "(" else "}"
        depth = 0
        for index in range(at, min(len(self.text), at + LONGEST)):
            depth += (self.text[index] == opening) - (self.text[index] == closing)
            if not depth:
                return index + 1
        return min(len(self.text), at + LONGEST)

    def _chars(self, start: int, end: int) -> list[Char]:
        return [(self.text[index], index) for index in range(start, min(end, len(self.text)))]

    def _redirection(self) -> None:
        if found := HEREDOC.match(self.text, self.at):
            self.waiting.append(found[2])
            self.at = found.end()
            return
        while self.at < len(self.text) and self.text[self.at] in "0123456789<>&":
            self.at += 1
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        self.word()

    def _skip_documents(self) -> None:
        for mark in self.waiting:
            found = re.compile(rf"^[^\S\n]*{mark}\s*$", re.MULTILINE).search(self.text, self.at)
            self.at = found.end() if found else len(self.text)
        self.waiting = []

    def _to_line_end(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end
