"""What the parameters of an experiment must be together, so that it is about one run and not about two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from diagnose.errors import SettingsError
from diagnose.probes.declare import Mechanism, Parameter
from diagnose.probes.sources import fact, optimizer_of, setting

if TYPE_CHECKING:
    from diagnose.model import Place, Segment
    from diagnose.probes.result import Used

OF_A_LOG = ("log", "derived")
WORDS = {"adam": "Adam", "sgd": "SGD"}
PLACES_OF_AN_OPTIMIZER = (fact("optimizer", optimizer_of), setting("optimizer", optimizer_of))


def check(mechanism: Mechanism, used: Mapping[str, Used], segment: Segment | None) -> None:
    """Refuse values that do not belong together.

    Raises:
        SettingsError: for lists of several lengths, a number of the log beside a default that it means nothing without,
            the learning rate of another optimizer, and what the mechanism itself refuses.
    """
    _lists(mechanism, used)
    _beside(mechanism, used)
    for parameter in mechanism.PARAMETERS:
        _optimizer(mechanism, parameter, used, segment)
    refuse = getattr(mechanism, "refuse", None)
    if refuse is not None and (why := refuse({name: one.value for name, one in used.items()})):
        raise SettingsError(f"{mechanism.NAME}: {why}")


def _lists(mechanism: Mechanism, used: Mapping[str, Used]) -> None:
    groups: dict[str, list[Used]] = {}
    for parameter in mechanism.PARAMETERS:
        one = used[parameter.name]
        if isinstance(one.value, tuple) and not any(one.value):
            raise SettingsError(f"{one.name} has no number above 0", place=_place(one))
        if parameter.alike:
            groups.setdefault(parameter.alike, []).append(one)
    for lists in groups.values():
        if len({len(one.value) for one in lists}) > 1:
            told = ", ".join(f"{one.name} has {len(one.value)} ({_origin(one)})" for one in lists)
            odd = [one.name for one in lists if one.origin == "default"] or [one.name for one in lists]
            mend = "give " + " ".join(f"--set {name}=..." for name in odd)
            raise SettingsError(f"{mechanism.NAME} takes lists with one number for each class: {told}", mend=mend)
        if len(lists[0].value) < 2:
            raise SettingsError(f"{lists[0].name} needs a number for each of at least two classes")


def _beside(mechanism: Mechanism, used: Mapping[str, Used]) -> None:
    missing = [
        (parameter, used[other])
        for parameter in mechanism.PARAMETERS
        if (other := parameter.beside or parameter.earlier_of)
        and used[parameter.name].origin == "default"
        and used[other].origin in OF_A_LOG
    ]
    if not missing:
        return
    first, told = missing[0]
    earlier = ", or the log of that run with --before" if first.earlier_of else ""
    raise SettingsError(
        f"{mechanism.NAME}: the log has {told.name} = {_number(told.value)}, but no {first.name} ({first.meaning}), "
        "and a default would be another run's",
        place=_place(told),
        mend="give " + " ".join(f"--set {one.name}=..." for one, _ in missing) + earlier,
    )


def _optimizer(mechanism: Mechanism, parameter: Parameter, used: Mapping[str, Used], segment: Segment | None) -> None:
    rate = used[parameter.name]
    if not parameter.optimizer:
        return
    trains = used.get("optimizer")
    name = str(trains.value) if trains is not None else parameter.optimizer
    if rate.origin == "default" and name != parameter.optimizer:
        raise SettingsError(
            f"{mechanism.NAME}: it is to train with {WORDS[name]}, but {rate.name} = {_number(rate.value)} by default "
            f"is a rate of {WORDS[parameter.optimizer]}",
            place=_place(trains) if trains is not None else None,
            mend=f"give a rate of {WORDS[name]} with --set {rate.name}=...",
        )
    if segment is None or rate.origin not in OF_A_LOG:
        return
    found = next((one for source in PLACES_OF_AN_OPTIMIZER if (one := source(segment)) is not None), None)
    if found is not None and found.value != name:
        raise SettingsError(
            f"{mechanism.NAME}: {rate.name} = {_number(rate.value)} of the log is a rate of {WORDS[found.value]}, and "
            f"this experiment trains with {WORDS[name]}",
            place=_place(rate),
            mend=f"give a rate of {WORDS[name]} with --set {rate.name}=...",
        )


def _place(used: Used) -> Place | None:
    return used.places[0] if used.places else None


def _origin(used: Used) -> str:
    line = used.places[0].line if used.places else 0
    words = {"given": "given", "default": "by default"}.get(used.origin, "log")
    return f"{words}, line {line}" if line else words


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
