"""The statistics of experiments, in numpy and the standard library: see ``docs/confirm-statistics.md``."""

from diagnose.confirm.studies.stats.effects import badness, chance_above, cohen_d, middle
from diagnose.confirm.studies.stats.holm import holm, spending
from diagnose.confirm.studies.stats.intervals import bootstrap_difference, clopper_pearson, newcombe, paired_difference
from diagnose.confirm.studies.stats.permutation import label_permutation, sign_flip

__all__ = [
    "badness",
    "bootstrap_difference",
    "chance_above",
    "clopper_pearson",
    "cohen_d",
    "holm",
    "label_permutation",
    "middle",
    "newcombe",
    "paired_difference",
    "sign_flip",
    "spending",
]
