"""Two configs or runs: what differs, how dangerous it is, what came of it, and what to run next."""

from diagnose.engine.diff.compare import compare

__all__ = ["compare"]
