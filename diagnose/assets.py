"""The one door to rules/, grammars/ and templates/.

They stand at the top of the repository and are shipped inside the wheel as ``diagnose/_assets`` (hatchling's
``force-include``). An editable install lacks that copy, so the folder beside the package is read instead.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def root() -> Path:
    """Return the folder that holds ``rules``, ``grammars`` and ``templates``."""
    package = Path(__file__).resolve().parent
    shipped = package / "_assets"
    return shipped if shipped.is_dir() else package.parent


def grammar(name: str) -> str:
    """Return the text of ``grammars/<name>.lark``. Raises FileNotFoundError."""
    return (root() / "grammars" / f"{name}.lark").read_text(encoding="utf-8")


def grammar_folder() -> Path:
    """Return the folder from which grammars import ``common``."""
    return root() / "grammars"


def rule_files() -> Iterator[Path]:
    """Yield the built-in rule files, sorted by path."""
    yield from sorted((root() / "rules").glob("*/*.yaml"))


def rule_pack() -> Path | None:
    """Return the pack of built-in rules that a wheel carries, or None in an editable install."""
    path = root() / "rules.json"
    return path if path.is_file() else None


def template_folder() -> Path:
    """Return the folder of the Jinja templates."""
    return root() / "templates"


EXPONENT = re.compile(r"[-+]?\d[\d_]*(\.\d*)?[eE][-+]?\d+$")
BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, in C where there is one, with the numbers and booleans of YAML 1.2.

    ``1e-4`` is a number and ``off`` a text, which PyYAML reads the other way round.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML looks for it on the class
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


Loader.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, list("-+0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", BOOLEAN, list("tTfF"))


def load(path: Path) -> Any:
    """Return a YAML file, read safely. Raises yaml.YAMLError with marks if it is not YAML."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)  # noqa: S506 - a safe loader
