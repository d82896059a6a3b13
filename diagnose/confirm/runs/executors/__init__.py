"""Where runs are started: this machine, a Ray cluster, Slurm."""

from __future__ import annotations

from collections.abc import Mapping

from diagnose.confirm.runs.executors.kinds import ENDED, LOST, RUNNING, Executor
from diagnose.errors import SettingsError, did_you_mean

NAMES = ("local", "ray", "slurm")

__all__ = ["ENDED", "LOST", "NAMES", "RUNNING", "Executor", "open_executor"]


def open_executor(
    name: str, *, folder: str = ".", slots: int = 0, address: str = "", options: Mapping[str, str] | None = None
) -> Executor:
    """Return an executor by name.

    Args:
        name: one of ``NAMES``.
        folder: where Slurm's own files go; every node must see it.
        slots: most runs at once; 0: what the machines hold (Slurm: 32).
        address: of a Ray cluster; empty: what ``RAY_ADDRESS`` names, else one of this machine alone.
        options: for Slurm, parameters of submitit (``slurm_partition``, ``timeout_min``); ``cluster=local`` runs them
            on this machine.

    Raises:
        SettingsError: for an unknown name.
        ExtraMissingError: if what the executor needs is not installed.
    """
    if name == "local":
        from diagnose.confirm.runs.executors.local import Local

        return Local(slots)
    if name == "ray":
        from diagnose.confirm.runs.executors.ray import Ray

        return Ray(address, slots)
    if name == "slurm":
        from diagnose.confirm.runs.executors.slurm import Slurm

        return Slurm(folder, slots, options or {})
    raise SettingsError(f"unknown executor {name!r}", mend=did_you_mean(name, NAMES) or f"one of {', '.join(NAMES)}")
