"""How our own YAML files are read. Apart from ``assets``, since PyYAML costs a short run a tenth of its time."""

import re

import yaml

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
