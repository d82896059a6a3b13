"""Lark parsers of ``grammars/*.lark``: loaded from what the build of a wheel compiled, else compiled here.

To import Lark and to compile a grammar takes some 50 ms each, to load it 5. What was compiled counts only for the very
texts and the version of Lark that it was compiled from. Lines need no more than Lark's tables (``diagnose.scan.lalr``):
those count for the texts, whatever Lark is installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from diagnose import assets
from diagnose.digest import sha256

if TYPE_CHECKING:
    from lark import Lark

IMPORT = re.compile(r"^%import +\.?(\w+)", re.MULTILINE)

LAYOUT = 1
"""Raised when tables, or templates, are laid out or used in another way."""


@cache
def parser(name: str, *, positions: bool = False) -> Lark:
    """Return the parser of ``grammars/<name>.lark``, whose trees know their positions if *positions*."""
    from lark import Lark

    made = assets.packed(f"grammars/{name}")
    if made is None or made["lark"] != _version() or made["texts"] != texts(name):
        return compiled(name, positions=positions)
    table = made["data"]["parser"]["parser"]
    table["tokens"] = _numbered(table["tokens"])
    table["states"] = {number: _numbered(actions) for number, actions in _numbered(table["states"]).items()}
    load = Lark._load_from_dict  # noqa: SLF001 - as the standalone parsers do that Lark generates
    return load(made["data"], _numbered(made["memo"]), propagate_positions=positions, _plugins=_plugins())  # type: ignore[no-any-return, no-untyped-call]


def compiled(name: str, *, positions: bool = False) -> Lark:
    """Return the parser of ``grammars/<name>.lark``, made from its text."""
    from lark import Lark

    return Lark(
        assets.grammar(name),
        parser="lalr",
        import_paths=[str(assets.grammar_folder())],
        propagate_positions=positions,
        maybe_placeholders=False,
        _plugins=_plugins(),
    )


def serialized(name: str) -> dict[str, Any]:
    """Return a compiled grammar as plain data, for JSON, with what it was made from."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = compiled(name).memo_serialize([TerminalDef, Rule])
    del data["options"]["import_paths"], data["options"]["_plugins"]
    return {"lark": _version(), "texts": texts(name), "data": data, "memo": memo}


@cache
def tables(name: str) -> dict[str, Any]:
    """Return what parsing a line with ``grammars/<name>.lark`` needs, as plain data, for JSON.

    Returns:
        ``start``, ``end``: states; ``states``: scanner and row of each; ``rows``: what a symbol does, the next state or
        the complement of a rule; ``rules``: what each is of, its name, whether it stands for an only child, and the
        fates of its symbols; ``scanners``: a pattern, and the words that it reads as something else; ``ignore``;
        ``names``: of terminals, as they are told.
    """
    return packed_tables(name) or _tables(compiled(name))


def packed_tables(name: str) -> dict[str, Any] | None:
    """Return the tables of a grammar that the build of a wheel has written; None in a checkout."""
    made = assets.packed(f"lines/{name}")
    return made["tables"] if made is not None and made["stamp"] == stamp(name) else None


def stamped_tables(name: str) -> dict[str, Any]:
    """Return the tables of a grammar, and what they count for."""
    return {"stamp": stamp(name), "tables": _tables(compiled(name))}


@cache
def stamp(name: str) -> str:
    """Return what tells the text of a grammar, and of all that it imports, from others."""
    return sha256(json.dumps([LAYOUT, *sorted(texts(name).items())]).encode()).hexdigest()


DROPPED, KEPT, INLINED = range(3)


def _tables(lark: Lark) -> dict[str, Any]:
    table: Any = lark.parser.parser._parse_table  # noqa: SLF001
    scanners, rows = dict[str, int](), dict[str, int]()
    rules: dict[Any, int] = {rule: number for number, rule in enumerate(lark.rules)}
    words = _Words()
    states = []
    for state in range(max(table.states) + 1):
        row = {
            symbol: argument if action.name == "Shift" else ~rules[argument]
            for symbol, (action, argument) in sorted(table.states[state].items())
        }
        scanner = words.scanner(lark.parser.lexer.lexers[state].terminals)
        states.append((_place(scanners, scanner), _place(rows, row)))
    return {
        "start": table.start_states["start"],
        "end": table.end_states["start"],
        "states": states,
        "rows": [json.loads(row) for row in rows],
        "scanners": [json.loads(scanner) for scanner in scanners],
        "rules": [_rule(rule) for rule in rules],
        "ignore": lark.ignore_tokens,
        "names": {terminal.name: own(terminal.name) for terminal in lark.terminals},
    }


def _place(known: dict[str, int], data: Any) -> int:
    return known.setdefault(json.dumps(data), len(known))


def _rule(rule: Any) -> tuple[str, str, bool, list[int]]:
    """Return what a rule does to the tree, as ``lark.parse_tree_builder`` has it."""
    fates = [
        DROPPED
        if symbol.is_term and symbol.filter_out and not rule.options.keep_all_tokens
        else INLINED
        if not symbol.is_term and symbol.name.startswith("_")
        else KEPT
        for symbol in rule.expansion
    ]
    name = rule.alias or rule.options.template_source or rule.origin.name
    return rule.origin.name, own(name), bool(rule.options.expand1 and not rule.alias), fates


class _Words:
    """Tells which patterns also read a terminal that is a fixed text, as ``lark.lexer`` does."""

    def __init__(self) -> None:
        self._reads: dict[tuple[str, str], bool] = {}

    def scanner(self, terminals: Iterable[Any]) -> tuple[str, dict[str, list[tuple[str, str]]]]:
        """Return the pattern that reads any of some terminals, and the fixed texts in place of which others read."""
        fixed = [terminal for terminal in terminals if terminal.pattern.type == "str"]
        words: dict[str, list[tuple[str, str]]] = {}
        covered = set()
        for terminal in terminals:
            for word in fixed if terminal.pattern.type == "re" else ():
                if word.priority == terminal.priority and self._covers(terminal.pattern, word.pattern.value):
                    words.setdefault(terminal.name, []).append((word.name, word.pattern.to_regexp()))
                    covered |= {word.name} if word.pattern.flags <= terminal.pattern.flags else set()
        left = [terminal for terminal in terminals if terminal.name not in covered]
        return "|".join(f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})" for terminal in left), words

    def _covers(self, pattern: Any, text: str) -> bool:
        key = (pattern.to_regexp(), text)
        if key not in self._reads:
            found = re.match(*key)
            self._reads[key] = found is not None and found[0] == text
        return self._reads[key]


def own(name: str) -> str:
    """Return a name without the prefix that Lark gives to what an imported rule brings along (``table__ROW``)."""
    return str(name).rpartition("__")[2]


def texts(name: str) -> dict[str, str]:
    """Return the text of a grammar and of all that it imports, by name."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = assets.grammar(name)
            waiting += IMPORT.findall(found[name])
    return found


def _version() -> str:
    import lark

    return lark.__version__


def _numbered(mapping: Mapping[str, Any]) -> dict[int, Any]:
    """Return a mapping with numbers as keys, which JSON has made texts."""
    return {int(key): value for key, value in mapping.items()}


@cache
def _plugins() -> dict[str, Any]:
    from lark.common import LexerConf
    from lark.lexer import ContextualLexer

    class Lexer(ContextualLexer):
        """Without the check for overlapping terminals that Lark makes where ``interegular`` is installed: minutes."""

        def __init__(self, conf: LexerConf, *args: Any, **kwargs: Any) -> None:
            conf.skip_validation = True
            super().__init__(conf, *args, **kwargs)

    return {"ContextualLexer": Lexer}
