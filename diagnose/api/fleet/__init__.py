"""Many inputs at once: processes forked from this one read side by side, and what they find comes in input order."""

from diagnose.api.fleet.cpus import cpus
from diagnose.api.fleet.pool import Answer, Pool, can_fork

__all__ = ["Answer", "Pool", "can_fork", "cpus"]
