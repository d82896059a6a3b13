"""diagnose: a linter and diagnostician for machine-learning training runs."""

__version__ = "0.1.0"
