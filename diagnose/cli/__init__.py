"""The command line: one file per command."""

import gc

# A start allocates much and frees nothing: collecting every 700 objects costs a quarter of a short run.
gc.set_threshold(100_000, 50, 50)
