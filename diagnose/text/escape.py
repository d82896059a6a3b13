"""Text that was read, made harmless for where it is written: a terminal, Markdown, HTML, JSON, URIs, CI commands."""

from __future__ import annotations

import json as _json
import math
import re
from typing import Any
from urllib.parse import quote

from diagnose.patterns import lazy

SEQUENCE = lazy(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC: titles, links, clipboard
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"
)
HIDDEN = lazy(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls reorder what is shown
    "\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]"  # line separators, BOM, lone surrogates, noncharacters
)
SURROGATE = lazy("[\ud800-\udfff]")
SPACE = lazy(r"(?<!\s)\s*[\t\n]\s*")
COMMAND_ANYWHERE = lazy(r"##(?=(?:vso)?\[)", re.IGNORECASE)
"""Azure Pipelines and the GitHub runner obey ``##vso[...]`` and ``##[...]`` anywhere in a line of output."""
COMMAND_AT_START = lazy(r"^:|(?<!\S):(?=:)")
"""The GitHub runner obeys ``::name::`` after leading white space; wrapping may bring any word to the start."""
MARKDOWN = lazy(
    r"([`*~$|\[\]]"  # spans, links and table cells, wherever they stand
    r"|\\(?=[!-/:-@\[-`{-~]|$)"
    r"|(?<![^\W_])_+|_+(?![^\W_])"  # inside a word, as in a name, an underscore is no emphasis
    r"|<(?!=?\s)|&(?=#?\w*(?:;|$))"  # before a space neither begins a tag, an address or an entity
    r"|[@#](?=\w|$)|!(?=\[|$)|\{(?=[{%:]|$)"
    r"|^[-+=:>#]|(?<!\S):(?=:)"  # what begins a block does so at the start of a line only
    r"|(?<=http)s?:|(?<=www)\.)"
)
NUMBERED = lazy(r"^(\d+)([.)])(?=\s|$)")


def clean(text: str) -> str:
    """Return *text* without escape sequences; other control characters become replacement characters.

    Tabs and newlines stay. The result is legal in XML 1.0 and can be encoded as UTF-8.
    """
    if text.isprintable():  # which is fast to tell
        return text
    return HIDDEN.sub("\ufffd", SEQUENCE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def line(text: str) -> str:
    """Return *text* cleaned and on one line."""
    text = clean(text)
    return (text if text.isprintable() else SPACE.sub(" ", text)).strip()


def plain(text: str) -> str:
    """Return one line for the terminal, or for the log of a CI job: no control characters, no workflow commands."""
    text = line(text)
    if "##" in text:
        text = COMMAND_ANYWHERE.sub("# #", text)
    return COMMAND_AT_START.sub(": ", text) if text.startswith(":") or "::" in text else text


def html(text: str) -> str:
    """Return *text* for element content and quoted attributes of HTML and XML."""
    from html import escape

    return COMMAND_ANYWHERE.sub("&#35;#", COMMAND_AT_START.sub("&#58;", escape(clean(text))))


def markdown(text: str) -> str:
    """Return one line of Markdown that shows *text* literally, also inside a table cell."""
    return NUMBERED.sub(r"\1\\\2", MARKDOWN.sub(_markdown_sign, line(text)))


def _markdown_sign(match: re.Match[str]) -> str:
    sign = match[1]
    if sign in "<>&|":  # an entity is safe where a backslash is not: in a table, at the edge of raw HTML
        return f"&#{ord(sign)};"
    if sign in "@#":  # GitHub looks for mentions in what has been rendered: part the sign from the name
        return f"\\{sign}<!-- -->"
    if sign in ("s:", ":"):
        return sign.replace(":", "\\:")
    return "".join("\\" + one for one in sign)


def code_span(text: str, *, cell: bool = False) -> str:
    """Return *text* as a Markdown code span; *cell* for one that stands in a table cell."""
    text = COMMAND_ANYWHERE.sub("# #", line(text)) or " "
    if cell:
        text = text.replace("|", "\\|")
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def code_block(text: str, language: str = "text") -> str:
    """Return *text* as a fenced Markdown code block."""
    text = COMMAND_AT_START.sub(": ", COMMAND_ANYWHERE.sub("# #", clean(text)))
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def json(value: Any, indent: int | None = None) -> str:
    """Return *value* as ASCII JSON that every parser takes: no lone surrogates, NaN as a text, no CI command."""
    text = _json.dumps(_plain(value), indent=indent, allow_nan=False)
    return COMMAND_ANYWHERE.sub(r"\\u0023#", text)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def uri(path: str) -> str:
    """Return a path with forward slashes percent-encoded."""
    return quote(SURROGATE.sub("\ufffd", path), safe="/~")


def github_data(text: str) -> str:
    """Return *text* as the message of a GitHub workflow command."""
    text = COMMAND_ANYWHERE.sub("# #", clean(text))
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """Return *text* as a property of a GitHub workflow command."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")


def azure_data(text: str) -> str:
    """Return *text* as the message of an Azure Pipelines logging command."""
    text = COMMAND_ANYWHERE.sub("# #", clean(text))
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def azure_property(text: str) -> str:
    """Return *text* as a property of an Azure Pipelines logging command."""
    return azure_data(text).replace(";", "%3B").replace("]", "%5D")
