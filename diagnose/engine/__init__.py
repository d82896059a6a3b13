"""The trip of a finding, one step per file: inputs, reading, rules, folding, quoting, advice, suppression."""

from diagnose.engine.lint import Options, lint, steps

__all__ = ["Options", "lint", "steps"]
