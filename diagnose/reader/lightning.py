"""How PyTorch Lightning names what it logs, whatever it logs it to."""

from __future__ import annotations

from collections.abc import Iterable

PLACEHOLDER = "hp_metric"
"""Lightning writes this tag with -1 when no metric was registered for the hyperparameters."""


def unforked(names: Iterable[str]) -> dict[str, str]:
    """Return for every logged name the name of its quantity.

    ``self.log("loss", on_step=True, on_epoch=True)`` forks into ``loss_step`` and ``loss_epoch``. The curve per epoch
    is what every other trainer calls ``loss``; the curve per step keeps its suffix unless it is the only one.
    """
    known = dict.fromkeys(names)  # in their order
    found = {}
    for name in known:
        base = name.removesuffix("_epoch")
        if base != name and base and base not in known:
            found[name] = base
            continue
        base = name.removesuffix("_step")
        alone = base != name and base and base not in known and f"{base}_epoch" not in known
        found[name] = base if alone else name
    return found
