"""``dataclass`` as in the standard library, for a twentieth of its price.

``dataclasses.dataclass`` examines every field at length and compiles up to six methods as text for each class, about a
millisecond: for the hundred classes of a short run that was as much as all of numpy. Here only ``__init__`` is
compiled, and that when ``FEW`` instances were made: half the classes of a short run never have more. What the standard
library wants to know of a class is made when it asks. To type checkers it is the standard one; that nothing sets the
attributes of a *frozen* one is left to them to watch.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "fields", "replace"]

FEW = 16
"""Instances of a class that are filled field by field, which takes longer and compiles nothing."""
MISSING: Any = object()

if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, replace
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, slots=False, kw_only=False):
        """Make a dataclass of a class, as ``dataclasses.dataclass`` with these options; its objects are not ordered."""
        if cls is None:
            return lambda cls: dataclass(cls, frozen=frozen, eq=eq, slots=slots, kw_only=kw_only)
        known = _declared(cls, kw_only)
        cls = _made(cls, known, slots=slots)
        cls.__doc__ = cls.__doc__ or cls.__name__
        cls.__record_fields__ = known
        cls.__dataclass_fields__ = _Standard(cls)
        cls.__match_args__ = tuple([one.name for one in known if one.init and not one.kw_only])

        few = iter(range(FEW))

        def first_init(self, *args, **given):
            if next(few, None) is None or not _filled(known, self, args, given):
                cls.__init__ = _init(cls)
                cls.__init__(self, *args, **given)

        cls.__init__, cls.__repr__ = first_init, _repr
        if eq:
            compared = [one.name for one in known if one.compare]
            _compare(cls, attrgetter(*compared) if compared else lambda _: (), frozen=frozen)
        return cls

    def field(*, default=MISSING, default_factory=MISSING, init=True, repr=True, compare=True):
        """Describe a field, as ``dataclasses.field`` with these options."""
        return Field("", default, default_factory, init, repr, compare)

    def fields(one):
        """Return the fields of a dataclass, of this kind or the standard one, or of one of its objects."""
        known = getattr(one, "__record_fields__", None)
        if known is None:
            import dataclasses

            known = dataclasses.fields(one)
        return known

    def replace(one, /, **changes):
        """Return an object like another one but for some attributes."""
        for own in fields(one):
            if own.init and own.name not in changes:
                changes[own.name] = getattr(one, own.name)
        return one.__class__(**changes)


class Field:
    """A field: a name, and what ``field`` was told of it."""

    __slots__ = ("compare", "default", "default_factory", "init", "kw_only", "name", "repr")

    def __init__(
        self, name: str, default: Any, default_factory: Any = MISSING, init: bool = True, repr: bool = True,
        compare: bool = True,
    ) -> None:  # fmt: skip
        self.name, self.default, self.default_factory = name, default, default_factory
        self.init, self.repr, self.compare, self.kw_only = init, repr, compare, False


class _Standard:
    """``__dataclass_fields__`` of a class until it is first asked for: what the standard library goes by."""

    def __init__(self, cls: Any) -> None:
        self._cls = cls

    def __get__(self, one: object, owner: type) -> dict[str, Any]:
        import dataclasses
        import inspect

        options = ("init", "repr", "compare", "kw_only", "default", "default_factory")
        types: dict[str, Any] = {}
        for base in reversed(self._cls.__mro__):
            types |= inspect.get_annotations(base)
        rows = []
        for own in self._cls.__record_fields__:
            given = {key: value for key in options if (value := getattr(own, key)) is not MISSING}
            rows.append((own.name, types[own.name], dataclasses.field(**given)))
        made: Any = dataclasses.make_dataclass("_", rows, init=False, repr=False, eq=False)
        found: dict[str, Any] = made.__dataclass_fields__
        self._cls.__dataclass_fields__ = found
        return found


def _declared(cls: Any, kw_only: bool) -> tuple[Field, ...]:
    """Return the fields of a class and of its bases, and leave only those defaults as attributes that are values."""
    known: dict[str, Field] = {}
    for base in cls.__mro__[-1:0:-1]:
        known |= {one.name: one for one in base.__dict__.get("__record_fields__", ())}
    for name in cls.__annotations__:
        default = cls.__dict__.get(name, MISSING)
        if isinstance(default, Field):
            own = default
            own.name = name
            if own.default is MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, own.default)
        else:
            own = Field(name, default)
        own.kw_only = kw_only
        known[name] = own
    return tuple(known.values())


def _made(cls: Any, known: tuple[Field, ...], *, slots: bool) -> Any:
    """Return a class that has places for its fields only, if it is to have *slots*."""
    if not slots:
        return cls
    body = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    for one in known:
        body.pop(one.name, None)
    inherited = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    body["__slots__"] = tuple([one.name for one in known if one.name not in inherited])
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _filled(known: tuple[Field, ...], self: Any, args: tuple[Any, ...], given: dict[str, Any]) -> bool:
    """Set the attributes of a new object; return False where the compiled method is to say what is wrong."""
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
    if hasattr(self, "__post_init__"):
        self.__post_init__()
    return True


def _init(cls: Any) -> Any:
    """Return the method that a dataclass would have, which sets attributes the plain way."""
    places: list[str] = []
    names: list[str] = []
    body: list[str] = ["pass"]
    known: dict[str, Any] = {"MISSING": MISSING}
    for one in cls.__record_fields__:
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
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in self.__record_fields__ if one.repr)
    return f"{type(self).__qualname__}({shown})"
