"""A hook of mmengine: stop a run whose metric stays beyond a threshold or no longer improves."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from diagnose.live.early_stop import Better, EarlyStop, Plateau, Threshold


class DiagnoseEarlyStopHook(Hook):  # type: ignore[misc]
    """Looks at the metric after every validation of a training and ends it when its time is over.

    Validations outside of a training (``runner.val()``) are not counted: there is nothing to stop.

    mmengine's own ``EarlyStoppingHook`` stops when the goal is reached or nothing improves; this one also stops a run
    that has lost what it had. Its counts are saved with checkpoints and come back with ``resume``; a checkpoint that
    was written before the validation of its epoch (mmengine's default) lacks that one.

    Args:
        monitor: name of the metric, as the validation prints it.
        better: ``"higher"`` or ``"lower"``.
        threshold: stop when the metric is worse than this in *patience* validations in a row.
        patience: see *threshold*.
        grace: validations at the beginning that *threshold* does not count.
        plateau: stop when the best value is this many validations old.
        min_delta: by how much a value must be better to be a new best.
        finite: stop at once when the metric is NaN or infinite.
    """

    priority = "LOWEST"

    def __init__(
        self,
        monitor: str,
        better: Better,
        threshold: float | None = None,
        patience: int = 2,
        grace: int = 0,
        plateau: int | None = None,
        min_delta: float = 0.0,
        finite: bool = True,
    ) -> None:
        """Put the criteria together."""
        self.stop = EarlyStop(
            monitor,
            better,
            threshold=None if threshold is None else Threshold(threshold, patience, grace),
            plateau=None if plateau is None else Plateau(plateau, min_delta),
            finite=finite,
        )
        self.key = f"diagnose_early_stop/{monitor}"
        self.missing = False
        self.training = False

    def before_train(self, runner: Any) -> None:
        """Take up the counts of a checkpoint that is resumed."""
        self.training = True
        state = runner.message_hub.runtime_info.get(self.key)
        if state:
            self.stop.load_state_dict(state)

    def after_train(self, runner: Any) -> None:
        """Count no longer."""
        self.training = False

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Ask the criteria."""
        if not self.training:
            return
        value = (metrics or {}).get(self.stop.metric)
        if value is None:
            if not self.missing:
                # In the words of mmengine's own hook.
                runner.logger.warning(
                    "Skip early stopping process since the evaluation results (dict_keys(%s)) do not include `monitor` "
                    "(%s).",
                    list(metrics or ()),
                    self.stop.metric,
                )
            self.missing = True
            return
        decision = self.stop.update(value, runner.epoch)
        runner.message_hub.update_info(self.key, self.stop.state_dict())
        if decision is not None:
            runner.logger.info(decision.reason)
            runner.train_loop.stop_training = True
