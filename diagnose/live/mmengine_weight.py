"""A hook of mmengine: the weight of a loss, brought in slowly."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Literal

from mmengine.hooks import Hook

from diagnose.errors import SettingsError, did_you_mean
from diagnose.live.mmengine_gradients import unwrapped
from diagnose.live.schedule import Shape, WeightSchedule


class DiagnoseWeightHook(Hook):  # type: ignore[misc]
    """Sets a number in the model before every iteration, and logs it as ``weight/<attribute>``.

    What it sets must be read in every forward pass, as mmdet's losses read their ``loss_weight``. Nothing has to be
    saved: a resumed run is at the same iteration and so at the same weight.

    Args:
        attribute: where the number is, from the model on: ``bbox_head.loss_macl.loss_weight``, ``lambda1``.
        shape, start, end, begin, until: see ``WeightSchedule``.
        by: what *begin* and *until* count: epochs, in fractions, or iterations.
    """

    def __init__(
        self,
        attribute: str,
        shape: Shape = "linear",
        start: float = 0.0,
        end: float = 1.0,
        begin: float = 0.0,
        until: float = 0.0,
        by: Literal["epoch", "iter"] = "epoch",
    ) -> None:
        """Check the numbers; the model is looked at when training begins."""
        if by not in ("epoch", "iter"):
            raise SettingsError(f"a schedule by {by}", mend="by 'epoch' or 'iter'")
        self.attribute, self.by = attribute, by
        self.schedule = WeightSchedule(shape, start, end, begin=begin, until=until)

    def before_train(self, runner: Any) -> None:
        """Make sure that there is such a number."""
        owner, name = self._owner(runner)
        old = _get(owner, name)
        number = isinstance(old, int | float) and not isinstance(old, bool)
        buffer = getattr(old, "ndim", None) == 0 and not getattr(old, "requires_grad", True)
        if not number and not buffer:
            raise SettingsError(f"{self.attribute} is no number but {type(old).__name__}", mend="name a number")
        self._set(runner)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Set the weight of this iteration."""
        self._set(runner)

    def _set(self, runner: Any) -> None:
        point = runner.iter / len(runner.train_dataloader) if self.by == "epoch" else runner.iter
        weight = self.schedule.at(point)
        owner, name = self._owner(runner)
        if isinstance(owner, MutableMapping):
            owner[name] = weight
        elif hasattr(getattr(owner, name), "fill_"):
            getattr(owner, name).fill_(weight)
        else:
            setattr(owner, name, weight)
        runner.message_hub.update_scalar(f"train/weight/{self.attribute}", weight)

    def _owner(self, runner: Any) -> tuple[Any, str]:
        """Return what has the number, and under which name."""
        owner = unwrapped(runner.model)
        *path, last = self.attribute.split(".")
        for name in path:
            owner = self._inside(owner, name)
        self._inside(owner, last)
        return owner, last

    def _inside(self, owner: Any, name: str) -> Any:
        found = _get(owner, name)
        if found is None:
            known = owner if isinstance(owner, MutableMapping) else [*vars(owner), *getattr(owner, "_modules", ())]
            raise SettingsError(
                f"the model has no {self.attribute}: there is no {name}", mend=did_you_mean(name, known)
            )
        return found


def _get(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, MutableMapping) else getattr(owner, name, None)
