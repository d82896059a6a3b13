"""What is kept between calls: runs, so that a log that has not changed is not read again, and templates of lines."""

from diagnose.engine.cache.kept import Cache
from diagnose.engine.cache.store import Store, usual_folder

__all__ = ["Cache", "Store", "usual_folder"]
