"""Passwords, tokens and keys, which no report repeats: known by the names they go by, some by how they look."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from diagnose.patterns import lazy

MASK = "***"
PLAIN = frozenset({"password", "passwd", "passphrase", "pwd", "secret", "secrets", "credential", "credentials"})
JOINED = frozenset({"apikey", "accesskey", "secretkey", "authtoken", "accesstoken"})
OF_KEYS = frozenset({"api", "access", "private", "auth", "account", "license", "encryption", "ssh", "wandb", "comet"})
"""What stands before ``key`` where it opens something; attention has keys, too."""
OF_TEXTS = frozenset(
    {
        "pad", "mask", "cls", "class", "bos", "eos", "unk", "sep", "special", "image", "img", "video", "audio", "text",
        "start", "end", "stop", "patch", "dist", "distill", "register", "prompt", "query", "blank", "decoder", "per",
        "additional", "boundary", "trigger", "instance", "placeholder", "initializer",
    }
)  # fmt: skip
"""What stands before ``token`` where it is a piece of text."""
WORD = lazy(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
OPAQUE = lazy(r"[\w.+/=~:-]{6,}")
"""How a token looks; names of poolings and ``<pad>`` do not."""
NUMBER = lazy(r"[-+]?(?:[\d_]*+(?<=\d)|[\d_]*+\.\d+)(?:e[-+]?\d+)?,?", re.IGNORECASE)
"""A loss by the name of a token is none."""
LOOKS = lazy(
    r"\b(?:hf_|gh[pousr]_|github_pat_|glpat-|sk-|xox[abprs]-|AKIA|ya29\.)[\w-]{12,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|(?<=Bearer )[^\s\"']+"
)
"""Tokens of well-known makers, and the user and password of an address."""
SIGNS = ("hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk-", "xox", "AKIA", "ya29.", "://",
         "Bearer ")  # fmt: skip
"""One of these is in every text that ``LOOKS`` finds something in."""
NAMES = (b"passw", b"passphrase", b"pwd", b"secret", b"credential", b"key", b"token")
"""One of these is in every name of a secret, in lower case and without all that is no letter of ASCII."""
NO_LETTERS = bytes(code for code in range(256) if not bytes([code]).isalpha())
PAIR = lazy(r"""(?P<name>[A-Za-z_][\w.-]*+)(?:["']?\s*[=:]\s*(?P<value>"[^"]*"|'[^']*'|[^\s"']+))?""")
OPTION = lazy(r"""--?(?P<name>[A-Za-z][\w.-]*+)(?:\s+(?P<value>"[^"]*"|'[^']*'|[^\s"'-][^\s"']*))?""")
"""These two pass over a word as a whole, and so also where no value follows it."""


def is_secret(name: str, value: object) -> bool:
    """Whether what goes by a name is not to be repeated.

    Args:
        name: of a setting, an option or a variable.
        value: of it; switches are none, and what is called a token must look like one.
    """
    if not isinstance(value, str | int | float) or isinstance(value, bool) or value in ("", '""', "''"):
        return False
    words = [word.lower() for word in WORD.findall(name)]
    if not words:
        return False
    if PLAIN & {*words} or {*words, "".join(words[-2:])} & JOINED:
        return True
    before = words[-2] if len(words) > 1 else ""
    if words[-1] == "key":
        return before in OF_KEYS
    return words[-1] == "token" and before not in OF_TEXTS and _opaque(value)


def _opaque(value: object) -> bool:
    text = value.strip("\"'") if isinstance(value, str) else ""
    return OPAQUE.fullmatch(text) is not None and not NUMBER.fullmatch(text)


def masked(name: str, value: Any) -> Any:
    """Return the value of a setting as it may be shown."""
    if isinstance(value, dict):
        return {key: masked(f"{name}.{key}", one) for key, one in value.items()}
    if is_secret(name, value):
        return MASK
    if isinstance(value, list):
        return [masked(name, one) for one in value]
    return LOOKS.sub(MASK, value) if isinstance(value, str) else value


def masked_words(words: Iterable[str]) -> list[str]:
    """Return a command as it may be shown, word by word."""
    found: list[str] = []
    name = ""
    for word in words:
        found.append(MASK if name and not _open(word) and is_secret(name, word) else masked_text(word))
        name = word.lstrip("-") if word.startswith("-") and "=" not in word else ""
    return found


def masked_text(text: str) -> str:
    """Return a text as it may be shown: a word of a command, or a script in one."""
    if any(sign in text for sign in SIGNS):
        text = LOOKS.sub(MASK, text)
    letters = text.encode("utf-8", "replace").lower().translate(None, NO_LETTERS)
    if not any(name in letters for name in NAMES):
        return text
    for form in (PAIR, OPTION):
        text = form.sub(_pair, text)
    return text


def _pair(match: re.Match[str]) -> str:
    if match["value"] is None or _open(match["value"]) or not is_secret(match["name"], match["value"]):
        return match[0]
    return match[0][: match.start("value") - match.start()] + MASK


def _open(value: str) -> bool:
    """Whether a value only says where the secret comes from: an option, a placeholder or a variable."""
    return value.startswith(("-", "{", "$", '"$', "'$"))
