"""The closed table of functions of the condition language, one module per topic."""

import importlib
from collections.abc import Iterator, Mapping

from diagnose.language.functions.registry import Function

__all__ = ["HOMES", "TABLE", "Function"]

HOMES = {
    "course": """
        denominator difference epoch_sizes epochs_of last_epoch last_record last_step records records_after saying
        says seen_before segments_with step_gap steps_of sum_of
    """,
    "findings": "found warned",
    "happenings": """
        count_of default end_of events first_event has last_event lines_after lower nearest_key one_column seen shares
        where_true
    """,
    "meaning": """
        base chance higher_is_better in_baseline kind main_loss main_score matching natural one_of other split
        upper_bound
    """,
    "network": """
        data_classes layer_before layers loss_name loss_on_logits output_activation output_units training_data
    """,
    "plan": """
        adam_family counts_epochs direction earliest latest nth number optimizer_name plain_sgd run_length warms_up
        warmup warmup_part
    """,
    "settings": """
        change_of changed changes factors is_number is_text is_truth role_of roles settings sibling slip_of slips
        spelt usual written
    """,
    "shape": """
        constant correlation distinct drop fall flat improved noise oscillates rise slope spike spread trend worsened
    """,
    "whole": """
        all any argbest best count first last longest max mean median min quantile share since_best std sum trailing
        worst
    """,
    "window": """
        abs after at_epoch before beside ceil cummax cummin delta exp floor head is_finite is_inf is_nan known lag log
        log10 per_epoch ratio rolling_mean smooth sqrt tail where
    """,
}
"""Modules, and the functions they hold."""
_HOME = {name: module for module, names in HOMES.items() for name in names.split()}


class _Table(Mapping[str, Function]):
    """Every function by name; the module of each is imported when it is looked up: a log needs half of them."""

    def __init__(self) -> None:
        self._known: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        known = self._known.get(name)
        if known is None:
            module = importlib.import_module(f"{__name__}.{_HOME[name]}")
            known = self._known[name] = module.function.described(name)
        return known

    def __contains__(self, name: object) -> bool:
        return name in _HOME

    def __iter__(self) -> Iterator[str]:
        return iter(_HOME)

    def __len__(self) -> int:
        return len(_HOME)


TABLE: Mapping[str, Function] = _Table()
