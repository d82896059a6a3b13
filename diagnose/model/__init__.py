"""The nouns of the program: plain data without I/O, known to every layer."""

from diagnose.model.cause import Argument, Cause
from diagnose.model.change import Change
from diagnose.model.comparison import Comparison, Result
from diagnose.model.config import UNKNOWN, Config, Setting, UnknownValue
from diagnose.model.finding import SEVERITIES, Evidence, FileReport, Finding, Report, Suspect
from diagnose.model.place import Place
from diagnose.model.run import Event, Fact, Run, Segment
from diagnose.model.series import Point, Series
from diagnose.model.sweep import STATUSES, Group, Importance, Link, Sweep, Trial

__all__ = [
    "SEVERITIES",
    "STATUSES",
    "UNKNOWN",
    "Argument",
    "Cause",
    "Change",
    "Comparison",
    "Config",
    "Event",
    "Evidence",
    "Fact",
    "FileReport",
    "Finding",
    "Group",
    "Importance",
    "Link",
    "Place",
    "Point",
    "Report",
    "Result",
    "Run",
    "Segment",
    "Series",
    "Setting",
    "Suspect",
    "Sweep",
    "Trial",
    "UnknownValue",
]
