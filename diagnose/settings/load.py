"""Settings files and ``key=value`` texts to layers. Every problem of a file is told at once, with its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diagnose.errors import SettingsError
from diagnose.model import Place
from diagnose.patterns import lazy
from diagnose.settings.model import OPTIONS, KeyPath, Layer, Settings

AT = lazy(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def from_file(path: Path) -> Settings:
    """Return the settings of a file and of what it extends.

    Raises:
        SettingsError: for what cannot be read, unknown keys, values a key cannot take, and circles of ``extend``.
    """
    return Settings(tuple(reversed(list(_chain(path, [])))), path)


def from_text(text: str) -> Layer:
    """Return the layer of ``--config "key=value"``: TOML whose texts may go without quotes.

    Raises:
        SettingsError: as for a file.
    """
    import tomllib

    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        key, _, value = text.partition("=")
        try:
            raw = tomllib.loads(f"{key} = {_quoted(value.strip())}")
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"--config {text!r}: not `key = value`: {error}") from None
    return _layer(raw, "--config", Path.cwd())


def options_layer(values: Mapping[str, Any], source: str = OPTIONS) -> Layer:
    """Return a layer of values in TOML's terms that options set; None and empty lists set nothing.

    Raises:
        SettingsError: as for a file.
    """
    raw = {key: value for key, value in values.items() if value is not None and value != []}
    return _layer(raw, source, Path.cwd())


def shown(path: Path) -> str:
    """Return a path as the user would name it: relative to the working directory if it lies below."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def _chain(path: Path, above: list[Path]) -> list[Layer]:
    layer = _read(path)
    extend = layer.values.get("extend")
    if extend is None:
        return [layer]
    above = [*above, path.resolve()]
    target = (path.parent / Path(extend).expanduser()).resolve()
    if target in above:
        raise SettingsError("`extend` goes in a circle", place=layer.place("extend"))
    if not target.is_file():
        raise SettingsError(f"no such file to extend: {extend}", place=layer.place("extend"))
    return [layer, *_chain(target, above)]


def _read(path: Path) -> Layer:
    import tomllib

    from diagnose.text.toml_places import lines_of

    name = shown(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        raw = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"cannot read the settings: {error.strerror}", place=Place(name)) from None
    except UnicodeDecodeError:
        raise SettingsError("the settings are not UTF-8", place=Place(name)) from None
    except tomllib.TOMLDecodeError as error:
        found = AT.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        raise SettingsError(f"not TOML: {AT.sub('', str(error))}", place=Place(name, line)) from None
    prefix: KeyPath = ("tool", "diagnose") if path.name == "pyproject.toml" else ()
    for part in prefix:
        raw = raw.get(str(part), {})
        if not isinstance(raw, dict):
            raise SettingsError(f"`{part}` is not a table", place=Place(name))
    return _layer(raw, name, path.absolute().parent, lines_of(text), prefix)


def _layer(
    raw: Mapping[str, Any], source: str, base: Path, lines: Mapping[KeyPath, int] | None = None, prefix: KeyPath = ()
) -> Layer:
    if not raw:
        return Layer({}, source, lines or {}, prefix)
    from diagnose.settings.keys import check

    values, problems = check(raw, base)
    layer = Layer(values, source, lines or {}, prefix)
    if len(problems) == 1:
        raise SettingsError(problems[0][1], place=layer.place(*problems[0][0]))
    if problems:
        told = (str(SettingsError(message, place=layer.place(*path))) for path, message in problems)
        raise SettingsError("invalid settings:\n" + "\n".join(f"  {text}" for text in told))
    return layer


def _quoted(value: str) -> str:
    return "[" + ", ".join(map(_quoted, value.split(","))) + "]" if "," in value else f"'{value.strip()}'"
