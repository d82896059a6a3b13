"""Lark parsers of ``grammars/*.lark``: loaded from what the build of a wheel compiled, else compiled here.

To compile a grammar takes some 50 ms, to load it 5. What was compiled counts only for the very texts and the version of
Lark that it was compiled from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from diagnose import assets

if TYPE_CHECKING:
    from lark import Lark

IMPORT = re.compile(r"^%import +\.?(\w+)", re.MULTILINE)


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
