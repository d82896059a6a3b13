"""A hook of mmengine: gradient norms of every part of the model, and conflict between its losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import is_grad_enabled

from diagnose.errors import SettingsError
from diagnose.live.conflict import gradient_conflicts
from diagnose.live.grouping import REST, Groups, named, optimizer_groups, prefix_groups
from diagnose.live.norms import gradient_norms


class DiagnoseGradientHook(Hook):  # type: ignore[misc]
    """Logs ``gradient_norm/<part>``, ``gradient_share/<part>`` and, with *losses*, ``gradient_cosine/<pair>``.

    mmengine clears the gradients before any hook runs after an iteration. Norms are therefore taken as the optimizer
    wrapper is about to step: the gradients of all accumulated batches, before clipping, with the loss scale taken out.
    The cosines are taken where the model adds up its losses (``parse_losses``), before the backward pass.

    Args:
        interval: steps of the optimizer between two measurements of the norms; 0: none.
        by: parts of the parameters' names or prefixes (``prefix_groups``), or ``"optimizer"`` for its groups.
        losses: which losses to compare, as ``{name: pattern or patterns}`` of the model's own loss names; several under
            one name are added up. ``True`` takes every loss for itself. Nothing: no comparison.
        losses_interval: iterations between two comparisons, each as many backward passes as there are losses.
        shared: prefixes of the parameters to compare on; nothing: those that both losses of a pair reach.
    """

    def __init__(
        self,
        interval: int = 10,
        by: int | str | Sequence[str] = 1,
        losses: bool | Mapping[str, str | Sequence[str]] | None = None,
        losses_interval: int = 50,
        shared: Sequence[str] | None = None,
    ) -> None:
        """Check the intervals; the model is looked at when training begins."""
        if interval < 0 or losses_interval < 1:
            raise SettingsError(f"intervals of {interval} and {losses_interval}", mend="at least 0 and at least 1")
        self.interval, self.by = interval, by
        self.losses, self.losses_interval, self.shared = losses, losses_interval, shared
        self.steps = self.batches = 0

    def before_train(self, runner: Any) -> None:
        """Put the measurements in front of the optimizer's step and of the sum of the losses."""
        model = unwrapped(runner.model)
        if self.interval:
            if not hasattr(runner.optim_wrapper, "optimizer"):
                raise SettingsError("DiagnoseGradientHook with several optimizers", mend="interval=0, losses=...")
            self._before_step(runner, self._groups(runner.optim_wrapper.optimizer, model))
        if self.losses:
            groups = prefix_groups(model, self.shared) if self.shared else {"": named(model)}
            groups.pop(REST, None)
            self._before_sum(runner, model, groups)

    def after_train(self, runner: Any) -> None:
        """Take the measurements away again."""
        vars(runner.optim_wrapper).pop("step", None)
        vars(unwrapped(runner.model)).pop("parse_losses", None)

    def _groups(self, optimizer: Any, model: Any) -> Groups:
        return optimizer_groups(optimizer, model) if self.by == "optimizer" else prefix_groups(model, self.by)

    def _before_step(self, runner: Any, groups: Groups) -> None:
        wrapper = runner.optim_wrapper
        step = wrapper.step

        def measured(*args: Any, **kwargs: Any) -> Any:
            self.steps += 1
            scale = _scale(wrapper)
            if self.steps % self.interval == 0 and scale > 0:  # a run that overflows on and on halves it down to 0
                found = gradient_norms(groups, scale=scale).metrics()
                if wrapper.clip_grad_kwargs:
                    found.pop("grad_norm", None)  # mmengine logs it where it clips
                _log(runner, found)
            return step(*args, **kwargs)

        wrapper.step = measured

    def _before_sum(self, runner: Any, model: Any, groups: Groups) -> None:
        parse = model.parse_losses

        def compared(losses: Mapping[str, Any]) -> Any:
            if not is_grad_enabled():  # a loss of the validation
                return parse(losses)
            self.batches += 1
            if self.batches == 1:
                self._chosen(losses)  # a wrong name shows at once
            scale = _scale(runner.optim_wrapper)
            if self.losses and self.batches % self.losses_interval == 0 and scale > 0:
                chosen = self._chosen(losses)
                try:
                    _log(runner, gradient_conflicts(chosen, groups, scale=scale).metrics())
                except (RuntimeError, SettingsError) as problem:  # checkpointing, memory: the training is worth more
                    runner.logger.warning("DiagnoseGradientHook compares no more losses: %s", problem)
                    self.losses = None
            return parse(losses)

        model.parse_losses = compared

    def _chosen(self, losses: Mapping[str, Any]) -> dict[str, Any]:
        """Return the losses to compare, each one scalar, as ``parse_losses`` makes it."""
        scalars = {name: _scalar(value) for name, value in losses.items() if "loss" in name}
        if not isinstance(self.losses, Mapping):
            return scalars
        found: dict[str, Any] = {}
        for title, patterns in self.losses.items():
            wanted = [patterns] if isinstance(patterns, str) else list(patterns)
            parts = [value for name, value in scalars.items() if any(fnmatchcase(name, each) for each in wanted)]
            if not parts:
                raise SettingsError(
                    f"no loss is called {', '.join(wanted)}", mend=f"the model has {', '.join(scalars)}"
                )
            found[title] = sum(parts[1:], parts[0])
        return found


def unwrapped(model: Any) -> Any:
    """Return the model inside DistributedDataParallel and its like."""
    return model.module if is_model_wrapper(model) else model


def _scale(wrapper: Any) -> float:
    """Return the loss scale of mixed precision, 1 without."""
    scaler = getattr(wrapper, "loss_scaler", None)
    return float(scaler.get_scale()) if scaler is not None else 1.0


def _scalar(value: Any) -> Any:
    return sum(part.mean() for part in value) if isinstance(value, list | tuple) else value.mean()


def _log(runner: Any, metrics: Mapping[str, float]) -> None:
    for name, value in metrics.items():
        runner.message_hub.update_scalar(f"train/{name}", value)
