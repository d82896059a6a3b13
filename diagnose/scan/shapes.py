"""The templates of one grammar, learned while lines are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, cast

from diagnose.patterns import lazy
from diagnose.records import dataclass
from diagnose.scan.engine import engine, kernel
from diagnose.scan.gate import Gate
from diagnose.scan.learn import Parse, Parsed, learn, learn_worded, shape_key
from diagnose.scan.pack import Pack
from diagnose.scan.powers import powers
from diagnose.scan.template import Template
from diagnose.scan.trie import Trie

if TYPE_CHECKING:
    from diagnose.scan.worded import Worded

MOST = 4096
"""Templates of one grammar; what is beyond them is parsed by Lark."""
ENOUGH = 12
"""Lines of one shape, other in their digits, that make a template worth its trials: so many lines are parsed for it."""
AGAIN = (1, 2, 4, 16, 64)
"""Multiples of ``ENOUGH`` at which a template is made of a shape once more."""
MANY = 64
"""Templates of lines that differ in words only, such as names of classes."""
FAMILIAR = 8
"""Multiple of ``ENOUGH``: of so many lines without a template that differ in words only, one for all words is made."""
MOST_WORDED = 32
"""Such templates."""
WORDS = lazy(r"[^\W\d]+")
REMEMBERED = 20_000
"""Shapes that are counted at one time."""


class Scanner(Protocol):
    """What kernel and pure path have in common."""

    def match(self, line: bytes) -> tuple[int, tuple[int, ...]] | None: ...  # noqa: D102

    def enable(  # noqa: D102
        self,
        template: int,
        columns: tuple[int, ...],
        major: int,
        minor: int,
        constant: int,
        expected: float,
        forbids: bool,
        checks: tuple[tuple[int, float, bool], ...] = (),
        keeps: bool = False,
        like: int = -1,
        /,
    ) -> None: ...

    def ignore(self, line: bytes, /) -> None: ...  # noqa: D102

    def lines(self, template: int, /) -> bytes: ...  # noqa: D102

    def disable(self) -> None: ...  # noqa: D102

    def take(self, template: int, /) -> bytes: ...  # noqa: D102

    def holding(self) -> list[int]: ...  # noqa: D102

    def counters(self) -> tuple[float, float]: ...  # noqa: D102

    def set_counters(self, major: float, minor: float, /) -> None: ...  # noqa: D102

    def walk(  # noqa: D102
        self, block: bytes | bytearray, start: int, end: int, line: int, mode: int, /
    ) -> tuple[int, int, int, int, int]: ...


@dataclass(slots=True)
class _Family:
    """Lines that differ in words and numbers only: how many came, and how many templates were tried of them."""

    lines: int = 0
    templates: int = 0


class Shapes:
    """Templates of the lines that one grammar accepts, shared by all who read with it."""

    def __init__(self, name: str, parse: Parse = lambda _: None, pack: Pack | None = None) -> None:
        """Name the grammar.

        Args:
            name: of the grammar.
            parse: asks Lark, where templates are learned from it.
            pack: templates that were learned before.
        """
        self.name = name
        self._parse = parse
        self._pack = pack or Pack()
        self._trie = Trie()
        self._seen: dict[str, int] = {}
        self._families: dict[str, _Family] = {}
        self._habits = self._pack.habits
        self._scanner = self.scanner()
        self._is_behind = False  # whether templates were added since
        self._learned = self._asked = 0  # templates that were learned since, and lines that were looked up
        self._full = self._unkept = False
        self._worded: list[Worded] = []
        self.enough = ENOUGH
        self.memories: dict[str, Any] = {}
        """What readers remember of lines, by the name of the engine."""

    @property
    def templates(self) -> list[Template]:
        """All templates; a template's number is its place."""
        return self._trie.templates

    def scanner(self, gate: Gate | None = None) -> Scanner:
        """Return a scanner with all templates known so far; ``update`` gives it those learned later."""
        if engine().name != "kernel":
            from diagnose.scan import pure  # five modules that the kernel does without

            scanner = pure.Scanner()
            if gate is not None:
                scanner.gate(gate)
            self.update(scanner)
            return scanner
        made = kernel().Scanner()
        made.set_powers(powers())
        if gate is not None:
            made.set_gate(*gate.table())
        self.update(made)
        return cast("Scanner", made)

    def update(self, scanner: Scanner) -> None:
        """Give a scanner all templates known so far."""
        if hasattr(scanner, "load"):
            scanner.load(*self._trie.program(), len(self.templates))
        else:
            scanner.learn(self.templates)  # type: ignore[attr-defined]

    def match(self, text: str) -> tuple[Template, tuple[tuple[str, str], ...]] | None:
        """Return the template of a line and the line's tokens, if it has one."""
        found = None
        if self._trie.templates:
            found = self._match(text)
        if found is None and self._unpack(text):
            found = self._match(text)
        if found is None:
            return next(filter(None, (worded.match(text) for worded in self._worded)), None)
        template = self._trie.templates[found[0]]
        return template, template.tokens(text, found[1])

    def place(self, text: str) -> tuple[Template, tuple[int, ...]] | None:
        """Return the template of a line and where its variable parts end, in bytes, if it has one by now."""
        found = self._match(text) if self._trie.templates else None
        return None if found is None else (self._trie.templates[found[0]], found[1])

    def _unpack(self, text: str) -> bool:
        """Take from the pack what was learned of lines like this one; return whether there was anything."""
        before = len(self._trie.templates)
        for template in self._pack.take(text):
            self.add(template)
        return len(self._trie.templates) > before

    def note(self, text: str, parsed: Parsed, times: int = 1) -> None:
        """Take note of what Lark made of a line that came so many times; of enough of one shape a template is made."""
        if self._full:
            return
        key = shape_key(text)
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        if len(self._families) >= REMEMBERED:
            self._families.clear()
        before = self._seen.get(key, 0)
        self._seen[key] = before + times
        family = self._families.setdefault(WORDS.sub("a", key), _Family())
        family.lines += times
        if family.lines - times < self.enough * FAMILIAR <= family.lines and len(self._worded) < MOST_WORDED:
            worded = learn_worded(text, parsed, self._parse, self._habits)
            if worded is not None:
                from diagnose.scan.worded import Worded  # few logs have lines of words in turn

                self._worded.insert(0, Worded(worded, self._parse))
        # Lines that the first template does not fit get others, ever more rarely.
        if not any(before < self.enough * again <= before + times for again in AGAIN) or family.templates >= MANY:
            return
        family.templates += 1
        template = learn(text, parsed, self._parse, self._habits)
        if template is not None and self._trie.add(template):
            self._pack.put(text, template)
            self._unkept = True
            self._learned += 1
        if len(self._trie.templates) >= MOST:
            self._full = True
            import logging  # it takes long

            # Nobody handles it in the command: then Python writes it to stderr.
            said = "diagnose: %s: more than %d shapes of lines; the rest is parsed line by line, which takes longer"
            logging.getLogger("diagnose").warning(said, self.name, MOST)

    def unkept(self) -> Pack | None:
        """Return the pack if templates were learned since this was last asked."""
        unkept, self._unkept = self._unkept, False
        return self._pack if unkept else None

    def add(self, template: Template) -> None:
        """Take a template that was made without Lark."""
        if len(self._trie.templates) < MOST and self._trie.add(template):
            self._is_behind = True

    def _match(self, text: str) -> tuple[int, tuple[int, ...]] | None:
        self._asked += 1
        if self._is_behind or (self._learned and self._asked > len(self._trie.templates)):  # it takes long
            self.update(self._scanner)
            self._is_behind, self._learned, self._asked = False, 0, 0
        return self._scanner.match(text.encode("utf-8", "replace"))

    def parts_of(self, template: int) -> Iterator[int]:
        """Yield for each token of a template the variable part that it is; -1 if it is not just that."""
        known = self._trie.templates[template]
        exact = known.exact_parts()
        for _, start, end in known.spans:
            yield exact.get((start, end), -1)
