"""From the name of a rule or mechanism, and perhaps a log, to what its experiment shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from diagnose.errors import SettingsError
from diagnose.records import dataclass, replace

if TYPE_CHECKING:
    from diagnose.model import Run
    from diagnose.probes.result import Result
    from diagnose.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be reproduced, and how.

    Attributes:
        word: a mechanism, or the code or name of a rule.
        log: a log or folder whose numbers count; empty for the defaults.
        before: the log or folder of the run before, for numbers that the mechanism compares with.
        format: read the logs as this format.
        device: ``auto``, ``cpu`` or ``cuda``.
        replicas: of each arm, 8 or more; 0 for what suits the device.
        given: texts ``NAME=VALUE`` that win over log and defaults.
        vary: also take each suspected cause away alone; None: if there is a log.
        timed: measure a plain loop over replicas, too.
        watch: called with the name of each arm before it runs, and the seconds that it and those to come may take (0
            until that can be told).
        warn: called with why a mechanism of a rule is left out, where others of the rule can be tried.
    """

    word: str
    log: str = ""
    before: str = ""
    format: str = ""
    device: str = "auto"
    replicas: int = 0
    seed: int = 0
    given: tuple[str, ...] = ()
    vary: bool | None = None
    timed: bool = True
    watch: Callable[[str, float], None] = lambda _, __: None
    warn: Callable[[str], None] = lambda _: None


def reproduce(wish: Wish, rules: Sequence[Rule]) -> list[Result]:
    """Run the mechanism that is wished for, or all that a rule suspects.

    Raises:
        SettingsError: for unknown names and values, and too few replicas.
        ExtraMissingError: without torch.
        DiagnoseError: if the log cannot be read.
    """
    from diagnose.probes import device as devices
    from diagnose.probes import parameters
    from diagnose.probes.registry import link, wanted
    from diagnose.probes.result import FEWEST

    if 0 < wish.replicas < FEWEST:
        raise SettingsError(f"{wish.replicas} replicas tell nothing, whatever they show: {FEWEST} are the least")
    mechanisms = wanted(wish.word, rules)
    given = parameters.given_for(mechanisms, wish.given)
    if wish.before and not any(parameter.earlier_of for one in mechanisms for parameter in one.PARAMETERS):
        raise SettingsError(f"{mechanisms[0].NAME} compares with no run before", mend="leave out --before")
    run = read(wish.log, wish.format) if wish.log else None
    earlier = read(wish.before, wish.format) if wish.before else None
    resolved, refused = [], []
    for mechanism in mechanisms:
        segment, before = (parameters.about(mechanism, one) if one is not None else None for one in (run, earlier))
        try:
            resolved.append((mechanism, parameters.resolve(mechanism, segment, given[mechanism.NAME], before)))
        except SettingsError as error:
            refused.append(error)
    if refused and not resolved:
        raise refused[0]
    for reason in refused:
        wish.warn(f"left out: {reason}")
    for mechanism, _ in resolved if wish.vary else ():
        if not mechanism.FACTORS:
            wish.warn(f"{mechanism.NAME}: --vary has nothing to take apart, as only one cause is suspected")
    device = devices.pick(wish.device)

    from diagnose.probes.experiment import Experiment

    replicas = wish.replicas or devices.REPLICAS[device.type]
    vary = bool(wish.log) if wish.vary is None else wish.vary
    return [
        replace(
            Experiment(mechanism, values, device, replicas, wish.seed, wish.watch).run(vary=vary, timed=wish.timed),
            link=link(mechanism, wish.word, rules),
            log=bool(wish.log),
        )
        for mechanism, values in resolved
    ]


def read(path: str, format: str = "") -> Run:
    """Return the run that a file or folder holds.

    Raises:
        SourceError: if it cannot be read, is of no known format, or holds several.
    """
    from diagnose.engine.expect.bench import read_arm
    from diagnose.engine.inputs import collect
    from diagnose.engine.lint import Options
    from diagnose.sources import MAX_BYTES

    return read_arm("log", path, collect([path], limit=MAX_BYTES), Options(rules=(), format=format)).run
