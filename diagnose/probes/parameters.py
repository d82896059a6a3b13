"""The value of each parameter: what the user gave, else what the log tells, else the default."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diagnose.errors import SettingsError, did_you_mean
from diagnose.probes.declare import Mechanism, Parameter
from diagnose.probes.result import Used

if TYPE_CHECKING:
    from diagnose.model import Run, Segment


def resolve(mechanism: Mechanism, segment: Segment | None, given: Mapping[str, str]) -> tuple[Used, ...]:
    """Return every parameter of a mechanism with its origin.

    Raises:
        SettingsError: for a name that is no parameter, or a value that does not fit it.
    """
    known = {parameter.name: parameter for parameter in mechanism.PARAMETERS}
    for name in given:
        if name not in known:
            mend = did_you_mean(name, known) or f"there are {', '.join(known)}"
            raise SettingsError(f"{mechanism.NAME} has no parameter {name!r}", mend=mend)
    return tuple(_one(parameter, segment, given) for parameter in known.values())


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


def _one(parameter: Parameter, segment: Segment | None, given: Mapping[str, str]) -> Used:
    if parameter.name in given:
        value = parse(parameter, given[parameter.name])
        check(parameter, value)
        return Used(parameter.name, value, "given", parameter.meaning)
    for source in parameter.sources if segment is not None else ():
        found = source(segment)  # type: ignore[arg-type]
        if found is None or not _fits(parameter, found.value):
            continue
        origin = "derived" if found.how else "log"
        return Used(parameter.name, found.value, origin, parameter.meaning, found.places, found.how)
    return Used(parameter.name, parameter.default, "default", parameter.meaning)


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
            return int(text)
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


def check(parameter: Parameter, value: Any) -> None:
    """Raise SettingsError for a value outside the parameter's bounds."""
    if not _fits(parameter, value):
        bounds = "..".join("" if bound is None else f"{bound:g}" for bound in (parameter.least, parameter.most))
        raise SettingsError(f"{parameter.name} = {value} is outside {bounds}")


def _fits(parameter: Parameter, value: Any) -> bool:
    """Whether a value lies within the bounds of a parameter; for a list, each of its numbers."""
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
