"""Experiments that confirm or refute a suspected cause: plan, run, judge."""
