"""Where replicas are trained: the processor, or a GPU if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnose.errors import ExtraMissingError, SettingsError

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")
REPLICAS = {"cpu": 64, "cuda": 512}
"""How many replicas an arm has unless told otherwise."""


def need_torch() -> None:
    """Make sure that torch can be imported.

    Raises:
        ExtraMissingError: if it cannot.
    """
    try:
        import torch  # noqa: F401
    except ImportError:
        raise ExtraMissingError("`diagnose reproduce`", "probes") from None


def pick(wish: str) -> torch.device:
    """Return the device of a wish: ``cpu``, ``cuda``, or ``auto`` for a GPU where there is one.

    Raises:
        ExtraMissingError: without torch.
        SettingsError: for a GPU that is not there.
    """
    need_torch()
    import torch

    there = torch.cuda.is_available()
    if wish == "cuda" and not there:
        raise SettingsError("no GPU that torch can use", mend="--device cpu does the same with fewer replicas")
    return torch.device("cuda" if there and wish != "cpu" else "cpu")


def describe(device: torch.device) -> str:
    """Return what the device is, for the record."""
    import torch

    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    count = torch.get_num_threads()
    return f"CPU, {count} thread{'s' * (count > 1)}"


def finished(device: torch.device) -> None:
    """Wait for the device to be done with what it was given, so that a clock tells the truth."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
