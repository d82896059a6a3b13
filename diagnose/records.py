"""``dataclass`` as in the standard library, for a tenth of its price.

``dataclasses.dataclass`` compiles up to six methods as text for each class, about a millisecond: for the hundred
classes of a short run that was as much as all of numpy. Here only ``__init__`` is compiled, and that when ``FEW``
instances were made: half the classes of a short run never have more. To type checkers it is the standard one, and
``fields`` and ``replace`` work as ever; that nothing sets the attributes of a *frozen* one is left to them to watch.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, field, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "fields", "replace"]

FEW = 3
"""Instances of a class that are filled field by field, which takes longer and compiles nothing."""

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, **options):
        """Make a dataclass of a class, with the options of ``dataclasses.dataclass``; its objects are not ordered."""
        if cls is None:
            return lambda cls: dataclass(cls, frozen=frozen, eq=eq, **options)
        cls.__doc__ = cls.__doc__ or cls.__name__  # else it is made of a signature, which is not known yet
        cls = dataclasses.dataclass(cls, init=False, repr=False, eq=False, **options)

        few = iter(range(FEW))

        def first_init(self, *args, **given):
            if next(few, None) is None or not _filled(cls, self, args, given):
                cls.__init__ = _init(cls)
                cls.__init__(self, *args, **given)

        cls.__init__, cls.__repr__ = first_init, _repr
        if eq:
            compared = [one.name for one in fields(cls) if one.compare]
            _compare(cls, attrgetter(*compared) if compared else lambda _: (), frozen=frozen)
        return cls


def _filled(cls: type, self: Any, args: tuple[Any, ...], given: dict[str, Any]) -> bool:
    """Set the attributes of a new object; return False where the compiled method is to say what is wrong."""
    known = fields(cls)
    values = dict(zip([one.name for one in known if one.init and not one.kw_only], args, strict=False))
    if len(values) < len(args) or not values.keys().isdisjoint(given):
        return False
    values |= given
    if not values.keys() <= {one.name for one in known if one.init}:
        return False
    for one in known:
        if one.name in values:
            value = values[one.name]
        elif one.default is not MISSING:
            value = one.default
        elif one.default_factory is not MISSING:
            value = one.default_factory()
        elif one.init:
            return False
        else:
            continue
        setattr(self, one.name, value)
    if hasattr(cls, "__post_init__"):
        self.__post_init__()
    return True


def _init(cls: type) -> Any:
    """Return the method that a dataclass would have, which sets attributes the plain way."""
    places: list[str] = []
    names: list[str] = []
    body: list[str] = ["pass"]
    known: dict[str, Any] = {"MISSING": MISSING}
    for one in fields(cls):
        value, given = one.name, one.name
        if one.default is not MISSING:
            known[f"default_{one.name}"] = one.default
            given += f"=default_{one.name}"
        elif one.default_factory is not MISSING:
            known[f"new_{one.name}"] = one.default_factory
            given += "=MISSING"
            value = f"new_{one.name}() if {one.name} is MISSING else {one.name}"
        if one.init:
            (names if one.kw_only else places).append(given)
        elif given != one.name:
            value = f"new_{one.name}()" if given.endswith("=MISSING") else f"default_{one.name}"
        else:
            continue
        body.append(f"self.{one.name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(["self", *places, *(["*", *names] if names else [])])
    exec(f"def __init__({parameters}):\n " + "\n ".join(body), known)  # noqa: S102 - names of fields, as dataclasses do
    return known["__init__"]


def _compare(cls: Any, values: Any, *, frozen: bool) -> None:
    def equal(self: Any, other: Any) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(values(self))

    cls.__eq__ = equal
    cls.__hash__ = hashed if frozen else None


def _repr(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"
