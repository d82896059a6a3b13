"""The story of one or several runs as plain data: what a report shows."""

from diagnose.engine.story.reading import Reading, judge, read, stand_beside
from diagnose.engine.story.tell import Given, Pair, governed, of_config, tell

__all__ = ["Given", "Pair", "Reading", "governed", "judge", "of_config", "read", "stand_beside", "tell"]
