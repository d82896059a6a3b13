"""From findings to suspects: what speaks for a cause, what against it, and what would refute it."""

from diagnose.engine.causes.rank import HIGH, causes_of, under

__all__ = ["HIGH", "causes_of", "under"]
