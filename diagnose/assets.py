"""The one door to rules/, grammars/ and templates/.

They stand at the top of the repository and are shipped inside the wheel as ``diagnose/_assets`` (hatchling's
``force-include``). An editable install lacks that copy, so the folder beside the package is read instead.

A wheel also carries what its build has made of them in advance (``diagnose/packs.py``): JSON of the rules, grammars
and tables, so that a start parses no YAML and compiles no grammar.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent


@cache
def root() -> Path:
    """Return the folder that holds ``rules``, ``grammars`` and ``templates``."""
    shipped = PACKAGE / "_assets"
    return shipped if shipped.is_dir() else PACKAGE.parent


def in_checkout() -> bool:
    """Return whether the package is used from its repository, as in an editable install."""
    return root() == PACKAGE.parent


def grammar(name: str) -> str:
    """Return the text of ``grammars/<name>.lark``. Raises FileNotFoundError."""
    return (root() / "grammars" / f"{name}.lark").read_text(encoding="utf-8")


def grammar_folder() -> Path:
    """Return the folder from which grammars import ``common``."""
    return root() / "grammars"


def rule_files() -> Iterator[Path]:
    """Yield the built-in rule files, sorted by path."""
    yield from sorted((root() / "rules").glob("*/*.yaml"))


def packed(name: str) -> Any:
    """Return what the build of a wheel made in advance, such as ``rules`` or ``grammars/keras``; None in a checkout."""
    try:
        return json.loads((root() / "packed" / f"{name}.json").read_bytes())
    except FileNotFoundError:
        return None


def packed_lines(name: str) -> list[str]:
    """Return what a build made in advance to be read in parts: lines, JSON each; none in a checkout."""
    path = root() / "packed" / f"{name}.jsonl"
    return path.read_bytes().decode().split("\n") if path.is_file() else []


def packed_part(name: str, start: int, size: int) -> Any:
    """Return one of those lines, by the bytes at which it stands."""
    with (root() / "packed" / f"{name}.jsonl").open("rb") as file:
        file.seek(start)
        return json.loads(file.read(size))


def tables() -> Iterator[Path]:
    """Yield the YAML files of the package itself, sorted by path: names and what they mean."""
    yield from sorted(path for path in PACKAGE.rglob("*.yaml") if PACKAGE / "_assets" not in path.parents)


def table_name(path: Path) -> str:
    """Return the name under which a YAML file of the package is packed: ``tables/names/metrics``."""
    return f"tables/{path.relative_to(PACKAGE).with_suffix('').as_posix()}"


def template_folder() -> Path:
    """Return the folder of the Jinja templates."""
    return root() / "templates"


def load(path: Path) -> Any:
    """Return a YAML file, read safely, or what the build made of it. Raises yaml.YAMLError if it is not YAML."""
    if path.is_relative_to(PACKAGE) and (table := packed(table_name(path))) is not None:
        return table
    import yaml

    from diagnose.yaml_loader import Loader

    return yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506 - a safe loader
