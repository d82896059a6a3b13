"""What commands that lint were given, as one value; commands never pass single options on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from diagnose.cli.guard import crashed
from diagnose.records import dataclass, replace

if TYPE_CHECKING:
    from diagnose.api import Request

Words = tuple[tuple[str, ...], ...]
ENVIRONMENT = {"output-format": "DIAGNOSE_OUTPUT_FORMAT", "jobs": "DIAGNOSE_JOBS", "cache-dir": "DIAGNOSE_CACHE_DIR"}
"""Variables by the setting they set: stronger than settings files, weaker than options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linting:
    """The arguments of every command that lints."""

    paths: tuple[str, ...] = ()
    select: Words = ()
    ignore: Words = ()
    extend_select: Words = ()
    config: tuple[str, ...] = ()
    isolated: bool = False
    format: str = ""
    stdin_filename: str = ""
    max_size: int | None = None
    frames: bool = False
    jobs: str | None = None
    no_cache: bool = False


def build_request(given: Linting, **options: Any) -> Request:
    """Return the request; *options* are further settings, by key with underscores."""
    from diagnose.api import Request

    chosen = {
        "select": flat(given.select) if given.select else None,
        "ignore": flat(given.ignore),
        "extend-select": flat(given.extend_select),
        "max-size": given.max_size,
        "frames": given.frames or None,
        "jobs": given.jobs,
        **{key.replace("_", "-"): value for key, value in options.items()},
    }
    return Request(
        paths=given.paths or (".",),
        options=chosen,
        environment={key: os.environ.get(name) or None for key, name in ENVIRONMENT.items()},
        config=with_environment(given.config, isolated=given.isolated),
        isolated=given.isolated,
        format=given.format,
        stdin=lambda _: sys.stdin.buffer,
        stdin_name=given.stdin_filename or "<stdin>",
        crashed=_crashed,
        cache=not given.no_cache and os.environ.get("DIAGNOSE_NO_CACHE", "0") in ("", "0"),
    )


def with_hooks(request: Request, **hooks: Any) -> Request:
    """Return the request with some of its attributes replaced."""
    return replace(request, **hooks)


def with_environment(config: Sequence[str], *, isolated: bool) -> tuple[str, ...]:
    """Return what ``--config`` was given, after the settings file of the environment unless options name another."""
    file = os.environ.get("DIAGNOSE_CONFIG")
    if not file or isolated or any("=" not in given for given in config):
        return tuple(config)
    return (file, *config)


def flat(words: Words) -> list[str]:
    """Return the words of repeated comma lists."""
    return [word for several in words for word in several]


def _crashed(error: Exception) -> None:
    crashed(error, sys.argv)
