"""The nouns of the program: plain data without I/O, known to every layer."""

from diagnose.model.config import Config, Setting
from diagnose.model.finding import SEVERITIES, Evidence, FileReport, Finding, Report, Suspect
from diagnose.model.place import Place
from diagnose.model.run import Event, Fact, Run, Segment
from diagnose.model.series import Point, Series

__all__ = [
    "SEVERITIES",
    "Config",
    "Event",
    "Evidence",
    "Fact",
    "FileReport",
    "Finding",
    "Place",
    "Point",
    "Report",
    "Run",
    "Segment",
    "Series",
    "Setting",
    "Suspect",
]
