"""The value of each parameter: what the user gave, else what the log tells, else the default."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diagnose.errors import SettingsError, did_you_mean
from diagnose.probes import together
from diagnose.probes.declare import Found, Mechanism, Parameter, Source
from diagnose.probes.result import Used

if TYPE_CHECKING:
    from diagnose.model import Run, Segment


def resolve(
    mechanism: Mechanism, segment: Segment | None, given: Mapping[str, str], before: Segment | None = None
) -> tuple[Used, ...]:
    """Return every parameter of a mechanism with its origin.

    Args:
        mechanism: what is to be tried.
        segment: the run whose numbers count, if any.
        given: texts by name, which win over the log.
        before: the run before, whose numbers those that are ``earlier_of`` others are.

    Raises:
        SettingsError: for a name that is no parameter, or a value that does not fit it.
    """
    known = {parameter.name: parameter for parameter in mechanism.PARAMETERS}
    for name in given:
        if name not in known:
            mend = did_you_mean(name, known) or f"there are {', '.join(known)}"
            raise SettingsError(f"{mechanism.NAME} has no parameter {name!r}", mend=mend)
    found = {}
    for name, parameter in known.items():
        if not parameter.earlier_of:
            found[name] = _one(parameter, parameter.sources, segment, given)
            continue
        used = _one(parameter, known[parameter.earlier_of].sources, before, given)
        told = "; ".join(filter(None, (used.how, "of the run before")))
        found[name] = replace(used, how=told) if used.places else used
    together.check(mechanism, found, segment)
    return tuple(found.values())


def about(mechanism: Mechanism, run: Run) -> Segment | None:
    """Return the segment of a run that a mechanism is about: the first it names, else the first; None without any."""
    names: Callable[[Segment], bool] = getattr(mechanism, "segment", lambda _: True)
    return next(filter(names, run.segments), run.segments[0] if run.segments else None)


def given_for(mechanisms: Sequence[Mechanism], texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the ``NAME=VALUE`` texts for each mechanism that has such a parameter.

    Raises:
        SettingsError: for a text without ``=``, and a name that none of them has.
    """
    made: dict[str, dict[str, str]] = {mechanism.NAME: {} for mechanism in mechanisms}
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not sign:
            raise SettingsError(f"--set takes NAME=VALUE, not {text!r}")
        having = [one for one in mechanisms if any(parameter.name == name for parameter in one.PARAMETERS)]
        for mechanism in having or mechanisms[:1]:  # the first one says what there is
            made[mechanism.NAME][name] = value.strip()
    return made


def _one(parameter: Parameter, sources: Sequence[Source], segment: Segment | None, given: Mapping[str, str]) -> Used:
    if parameter.name in given:
        value = parse(parameter, given[parameter.name])
        check(parameter, value)
        return Used(parameter.name, value, "given", parameter.meaning)
    told = [found for source in sources if segment is not None and (found := source(segment)) is not None]
    found = next((one for one in told if _fits(parameter, one.value)), None)
    if found is None and told:
        found = _cut(parameter, told[0])
    if found is None:
        return Used(parameter.name, parameter.default, "default", parameter.meaning)
    origin = "derived" if found.how and found in told else "log"
    return Used(parameter.name, found.value, origin, parameter.meaning, found.places, found.how)


def _cut(parameter: Parameter, found: Found) -> Found:
    """Return a whole number that a log has beyond a bound as the bound itself.

    Raises:
        SettingsError: for any other value that does not fit: a default instead of it would be another run's.
    """
    value = found.value
    if isinstance(value, int):
        over = parameter.most is not None and value > parameter.most
        bound, word = (parameter.most, "cut") if over else (parameter.least, "raised")
        how = f"{value} there, {word} to {bound:g}" + (f"; {found.how}" if found.how else "")
        return Found(int(bound or 0), found.places, how)
    place = found.places[0] if found.places else None
    raise SettingsError(
        f"the log has {parameter.name} = {value}, outside {_bounds(parameter)}",
        place=place,
        mend=f"give another with --set {parameter.name}=...",
    )


def parse(parameter: Parameter, text: str) -> Any:
    """Return a text as the kind of value that the parameter's default is.

    Raises:
        SettingsError: if it is no such value.
    """
    default = parameter.default
    try:
        if isinstance(default, tuple):
            return tuple(float(part) for part in text.strip("[]() ").split(","))
        if isinstance(default, int):
            return _whole(text)
        return float(text) if isinstance(default, float) else text
    except ValueError:
        kind = (
            "numbers with commas"
            if isinstance(default, tuple)
            else "a whole number"
            if isinstance(default, int)
            else "a number"
        )
        raise SettingsError(f"{parameter.name} takes {kind}, not {text!r}") from None


def _whole(text: str) -> int:
    """Return a whole number, also one written as ``1e3``. Raises ValueError."""
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not value.is_integer():
            raise ValueError(text) from None
        return int(value)


def check(parameter: Parameter, value: Any) -> None:
    """Raise SettingsError for a value outside the parameter's bounds, or none of its words."""
    if parameter.choices and value not in parameter.choices:
        mend = did_you_mean(str(value), parameter.choices)
        raise SettingsError(f"{parameter.name} is {' or '.join(parameter.choices)}, not {value!r}", mend=mend)
    numbers = value if isinstance(value, tuple) else (value,)
    if any(isinstance(one, float) and not math.isfinite(one) for one in numbers):
        raise SettingsError(f"{parameter.name} takes finite numbers, not {value}")
    if not _fits(parameter, value):
        raise SettingsError(f"{parameter.name} = {value} is outside {_bounds(parameter)}")


def _bounds(parameter: Parameter) -> str:
    return "..".join("" if bound is None else f"{bound:g}" for bound in (parameter.least, parameter.most))


def _fits(parameter: Parameter, value: Any) -> bool:
    """Whether a value lies within the bounds of a parameter; for a list, each of its numbers."""
    if parameter.choices:
        return value in parameter.choices
    numbers = value if isinstance(value, tuple) else (value,)
    for one in numbers:
        if isinstance(one, str):
            continue
        if not math.isfinite(one):
            return False
        if parameter.least is not None and one < parameter.least:
            return False
        if parameter.most is not None and one > parameter.most:
            return False
    return bool(numbers)
