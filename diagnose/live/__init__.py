"""Tools for the user's own training: gradient norms, conflict between losses, weight schedules, early stop.

Nothing here knows the rest of the program, and nothing starts it. torch is imported where a gradient is looked at, not
before; schedules and early stops need no torch at all. The same as hooks of mmengine: ``diagnose.live.mmengine``.
"""

from diagnose.live.conflict import Conflict, Conflicts, gradient_conflicts
from diagnose.live.early_stop import EarlyStop, Plateau, Stop, Threshold
from diagnose.live.grouping import optimizer_groups, prefix_groups
from diagnose.live.norms import GradientNorms, GroupNorm, gradient_norms
from diagnose.live.schedule import WeightSchedule

__all__ = [
    "Conflict",
    "Conflicts",
    "EarlyStop",
    "GradientNorms",
    "GroupNorm",
    "Plateau",
    "Stop",
    "Threshold",
    "WeightSchedule",
    "gradient_conflicts",
    "gradient_norms",
    "optimizer_groups",
    "prefix_groups",
]
