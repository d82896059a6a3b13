"""The closed table of functions of the condition language, one module per topic."""

import importlib
from collections.abc import Iterator, Mapping
from functools import cached_property

from diagnose import assets
from diagnose.language.functions.registry import Function

__all__ = ["TABLE", "Function", "homes"]


def homes() -> dict[str, str]:
    """Return the module of each function. Raises ValueError if two have one name."""
    import pkgutil  # a wheel knows them

    found: dict[str, str] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for name in module.function.calls if hasattr(module, "function") else ():
            if name in found:
                raise ValueError(f"two functions are called {name!r}")
            found[name] = info.name
    return found


class _Table(Mapping[str, Function]):
    """Every function by name; the module of each is imported when it is looked up: a log needs half of them."""

    def __init__(self) -> None:
        self._known: dict[str, Function] = {}

    @cached_property
    def _homes(self) -> Mapping[str, str]:
        return assets.packed("functions") or homes()

    def __getitem__(self, name: str) -> Function:
        known = self._known.get(name)
        if known is None:
            module = importlib.import_module(f"{__name__}.{self._homes[name]}")
            known = self._known[name] = module.function.described(name)
        return known

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


TABLE: Mapping[str, Function] = _Table()
