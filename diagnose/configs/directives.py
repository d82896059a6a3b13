"""What the comments of a config say to this program: ``# diagnose: ignore[CFG012] reason`` and ``waive[...]``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diagnose.configs.comments import Comment, comments
from diagnose.errors import did_you_mean
from diagnose.model import Place
from diagnose.patterns import lazy
from diagnose.records import dataclass

MARK = "diagnose:"
WORDS = ("ignore", "ignore-file", "waive", "waive-file")
FIELDS = ("reason", "owner", "expires", "confirmed-by", "key")
START = lazy(r"#\s*diagnose:\s*(?P<word>[A-Za-z_-]+)(?P<rest>.*)", re.IGNORECASE)
RULES = lazy(r"\s*\[(?P<rules>[^\]]*)\]")
FIELD = lazy(
    r"\s*(?P<name>[A-Za-z_-]+)\s*=\s*"
    r"""(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>[^']*)'|(?P<bare>(?!['"])\S*))"""
)
OPEN_QUOTE = lazy(r"""[A-Za-z_-]+\s*=\s*["']""")
EXAMPLE = 'waive[CODE] reason="..." owner="..." expires=2027-01-31'
LONGEST = 400
"""Characters of a line that a place quotes."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive.

    Attributes:
        kind: ``ignore`` or ``waive``.
        file: whether it speaks of the whole file.
        rules: codes, names and families, as written.
        place: the line it stands on.
        covers: the line of the setting it speaks of; 0 for the whole file, or if no setting follows.
        until: the last line of it.
        key: the only setting it speaks of, where its line has several; empty for all.
        expires: the date as written.
        fault: what is wrong with how it is written; empty if nothing is.
        mend: how to put it right.
    """

    kind: str
    file: bool
    rules: tuple[str, ...]
    place: Place
    covers: int
    until: int
    reason: str = ""
    owner: str = ""
    expires: str = ""
    confirmed_by: str = ""
    key: str = ""
    fault: str = ""
    mend: str = ""


def directives(text: str, path: str, syntax: str) -> list[Directive]:
    """Return the directives in the comments of a config.

    Args:
        text: the config.
        path: its name for places.
        syntax: ``yaml``, ``toml``, ``python`` or ``shell``; there is none in anything else.
    """
    if MARK not in text.lower():
        return []
    return list(_directives(text, path, syntax))


def _directives(text: str, path: str, syntax: str) -> Iterator[Directive]:
    for comment in comments(text, syntax):
        found = START.search(comment.text)
        if found is None:
            continue
        word = found["word"].lower().replace("_", "-")
        place = Place(path, comment.line, comment.column, comment.text[:LONGEST])
        if word in WORDS:
            yield _directive(word, found["rest"], comment, place)
        elif found["rest"].lstrip().startswith("[") or did_you_mean(word, WORDS):
            mend = did_you_mean(word, WORDS) or f"one of {', '.join(WORDS)}"
            kind = "waive" if word.startswith("w") else "ignore"
            yield Directive(kind, False, (), place, 0, 0, fault=f"`{word}` is no directive", mend=mend)


def _directive(word: str, rest: str, comment: Comment, place: Place) -> Directive:
    kind, _, file = word.partition("-")
    covers, until = (0, 0) if file else (comment.covers, comment.until)
    named = RULES.match(rest)
    rules = tuple(re.split(r"[,\s]+", named["rules"].strip())) if named and named["rules"].strip() else ()
    rules = tuple(rule for rule in rules if rule)
    fault = mend = ""
    if not rules:
        fault = f"`{word}` names no rule, and would silence all of them"
        mend = f"write {word}[CODE]"
    elif "ALL" in rules:
        fault, mend = f"`{word}[ALL]` would silence every rule", "name the rules"
    elif file and not comment.top:
        fault, mend = f"`{word}` stands below the top of the file", f"move it above the first setting, or write {kind}"
    elif not file and not comment.covers:
        fault, mend = "no setting follows", "write it on the line of the setting, or right above"
    end = named.end() if named else 0
    if kind == "ignore":
        reason = rest[end:].strip().lstrip(":-–— ").strip()
        return Directive(kind, bool(file), rules, place, covers, until, reason, fault=fault, mend=mend)
    fields, wrong = _fields(rest[end:])
    if wrong and not fault:
        fault, mend = wrong
    return Directive(
        kind,
        bool(file),
        rules,
        place,
        covers,
        until,
        fields.get("reason", ""),
        fields.get("owner", ""),
        fields.get("expires", ""),
        fields.get("confirmed-by", ""),
        fields.get("key", ""),
        fault,
        mend,
    )


def _fields(text: str) -> tuple[dict[str, str], tuple[str, str] | None]:
    """Return the fields of a waiver, in any order, and what is wrong with them, with its mend."""
    fields: dict[str, str] = {}
    at = 0
    while found := FIELD.match(text, at):
        name = found["name"].lower().replace("_", "-")
        if name not in FIELDS:
            mend = did_you_mean(name, FIELDS) or f"it has {', '.join(FIELDS)}"
            return fields, (f"`{name}` is no field of a waiver", mend)
        if name in fields:
            return fields, (f"`{name}` stands twice", "keep one")
        double = found["double"]
        value = re.sub(r"\\(.)", r"\1", double) if double is not None else found["single"] or found["bare"] or ""
        fields[name] = value.strip()
        at = found.end()
    left = text[at:].strip()
    if OPEN_QUOTE.match(left):
        return fields, (f"`{left[:40]}` opens a quote that nothing closes", "close it behind the value")
    if left and not left.startswith("#"):
        return fields, (f"`{left[:40]}` is not `name=value`", f"write {EXAMPLE}")
    return fields, None
