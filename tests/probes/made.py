"""Results made by hand, for the tests of what is said of them."""

from typing import Any

from diagnose.probes.result import Outcome, Result, Used


def outcome(
    name: str, shown: int | tuple[bool, ...], of: int = 64, *, diverged: int = 0, title: str = "", **given: Any
) -> Outcome:
    """Return an arm in which the first replicas show the symptom (or those that are named) and the last diverged."""
    flags = shown if isinstance(shown, tuple) else tuple(replica < shown for replica in range(of))
    ruined = tuple(replica >= len(flags) - diverged for replica in range(len(flags)))
    return Outcome(name, title, flags, {}, ruined, 0.1, **{"changed": {}, **given})


def result(*arms: Outcome, parameters: tuple[Used, ...] = (), **given: Any) -> Result:
    """Return a result with these arms."""
    return Result(
        mechanism="m", title="T", symptom="s", proxy="p", device="cpu", device_name="CPU", replicas=arms[0].replicas,
        seed=0, parameters=parameters, arms=arms, torch="2",
        **{"varied": (), "none_left": None, "steps": 10, "rate": 50.0, "loop_rate": 10.0, "seconds": 1.0, **given},
    )  # fmt: skip


def of_counts(suspect: int, control: int, fix: int, of: int = 64) -> Result:
    """Return a result of which only the counts matter; arms overlap as far as they can."""
    return result(outcome("suspect", suspect, of), outcome("control", control, of), outcome("fix", fix, of))
