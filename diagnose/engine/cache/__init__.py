"""Parsed runs, kept between calls: a log that has not changed is not read again."""

from diagnose.engine.cache.kept import Cache
from diagnose.engine.cache.store import Store, usual_folder

__all__ = ["Cache", "Store", "usual_folder"]
