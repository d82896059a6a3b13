"""How many processors this process may use."""

from __future__ import annotations

import os
from pathlib import Path

QUOTAS = (
    (Path("/sys/fs/cgroup/cpu.max"), None),
    (Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")),
)
"""Where a container's share of the processors stands: quota and period in one file, or in two."""


def cpus() -> int:
    """Return the processors this process may run on, or fewer where its container has a smaller share."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        allowed = os.cpu_count() or 1
    return max(1, min(allowed, _quota() or allowed))


def _quota() -> int:
    """Return the processors that the quota comes to, begun ones counted; 0 if there is none."""
    for file, other in QUOTAS:
        try:
            words = file.read_text().split() + (other.read_text().split() if other else [])
            quota, period = map(int, words)  # "max" and -1: no quota
        except (OSError, ValueError):
            continue
        if quota > 0 and period > 0:
            return -(-quota // period)
    return 0
