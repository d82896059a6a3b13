"""Experiments registered beforehand: read, evaluated against runs, and shown."""
