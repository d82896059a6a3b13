"""``diagnose config show``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnose.cli import options

if TYPE_CHECKING:
    from diagnose.settings import Layer, Settings

ADDED = ("rules", "exclude", "per-path-ignores", "waivers")
"""Lists to which every layer adds."""
MERGED = ("severity", "thresholds", "policy")
"""Tables that layers fill entry by entry."""


@click.command("show")
@click.argument("path", default=".", type=click.Path(readable=False), metavar="[FILE]")
@options.listing("text", "json")
@options.settings
def command(path: str, output_format: str, config: tuple[str, ...], isolated: bool) -> int:
    """Show the settings that count for a file or folder, and where each comes from."""
    from diagnose.cli.console import write
    from diagnose.cli.known import checked, settings_of
    from diagnose.text.escape import plain

    settings = settings_of(path, config, isolated=isolated)
    checked(settings)
    rows = list(effective(settings))
    if output_format == "json":
        record = {key: {"value": value, "source": source} for key, value, source in rows}
        write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        return 0
    lines = [f"# for {plain(path)}: " + (plain(str(settings.path)) if settings.path else "no settings file")]
    lines += [f"{key} = {toml(value)}  # {plain(source)}" for key, value, source in rows]
    write("\n".join(lines) + "\n")
    return 0


def effective(settings: Settings) -> Iterator[tuple[str, Any, str]]:
    """Yield each key with the value that counts and where it comes from; keys without any are left out."""
    from diagnose.settings import KEYS

    for key, known in KEYS.items():
        found = list(settings.each(key))
        if not found:
            if known.default is not None:
                yield key, known.default, "default"
        elif key == "ignore":
            yield key, settings.ignored(), sources(key, [layer for _, layer in found])
        elif key in ADDED:
            values = [plain_value(item) for value, _ in found for item in value]
            yield key, values, sources(key, [layer for _, layer in found])
        elif key in MERGED:
            merged: dict[str, Any] = {}
            for value, _ in found:
                merged = _merged(merged, plain_value(value))
            yield key, merged, sources(key, [layer for _, layer in found])
        else:
            value, layer = found[-1]
            yield key, plain_value(value), sources(key, [layer])


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, item in above.items():
        known = merged.get(name)
        merged[name] = _merged(known, item) if isinstance(known, dict) and isinstance(item, dict) else item
    return merged


def sources(key: str, layers: list[Layer]) -> str:
    """Return where the layers set a key."""
    return ", ".join(
        str(place.path) + (f":{place.line}" if place.line else "") for place in (layer.place(key) for layer in layers)
    )


def plain_value(value: Any) -> Any:
    """Return a checked value as TOML and JSON can hold it."""
    from diagnose.settings import PathIgnore, Waiver

    if isinstance(value, Waiver):
        fields = {
            "rule": list(value.rules),
            "key": value.key,
            "path": list(value.globs),
            "reason": value.reason,
            "owner": value.owner,
            "expires": value.expires.isoformat(),
            "confirmed-by": value.confirmed_by,
        }
        return {name: item for name, item in fields.items() if item}
    if isinstance(value, PathIgnore):
        return {"path": list(value.globs), "rules": list(value.rules), "reason": value.reason}
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], Path):
        return value[1]
    if isinstance(value, dict):
        return {name: plain_value(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [plain_value(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(str(key), ensure_ascii=False)} = {toml(item)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
