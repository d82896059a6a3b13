"""The file by which `diagnose diff` knows what a waiver's ``confirmed-by`` was given for."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from diagnose.confirm.confirmation import Confirmation
from diagnose.confirm.studies.result import StudyResult
from diagnose.engine.confirm import FOLDER, SCHEMA, SETTLED
from diagnose.errors import DiagnoseError
from diagnose.model import Place
from diagnose.text import escape


def check_place(id: str, suspect: str) -> None:
    """Make sure that the record of a study can be written, before anything is run for it.

    Raises:
        DiagnoseError: if it cannot.
    """
    path = place_of(id, suspect)
    probe = path.with_name(f".{path.name}.{os.getpid()}")
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiagnoseError(f"cannot write the confirmation: {error.strerror}", place=Place(str(path))) from None


def write_record(found: Confirmation, suspect: str, day: str) -> Path:
    """Write what a study found to where waivers of the suspect config look for it, and return the file.

    Args:
        found: the study.
        suspect: path of the suspect config.
        day: when it ended.

    Raises:
        DiagnoseError: if it cannot be written.
    """
    path = place_of(found.asked.id, suspect)
    question = found.asked.question
    record = {
        "schema": SCHEMA,
        "id": found.asked.id,
        "diff": found.asked.diff,
        "verdict": found.verdict,
        "reason": found.result.reason,
        "culprits": [
            {
                "kind": one.kind,
                "atoms": list(one.atoms),
                "keys": found.asked.keys(one.atoms),
                "confirmed": one.confirmed,
            }
            for one in found.result.culprits
        ],
        "untested": list(found.asked.aside),
        "old": found.asked.comparison.old,
        "new": found.asked.comparison.new,
        "symptom": question.symptom or None,
        "metric": question.metric or None,
        "cut": question.cut.text if question.cut else None,
        "command": found.asked.command,
        "runs": found.result.runs,
        "not_varied": list(found.result.not_varied),
        "date": day,
    }
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = path.with_name(f".{path.name}.{os.getpid()}")
        waiting.write_text(escape.json(record, indent=1) + "\n", encoding="utf-8")
        waiting.replace(path)
    return path


def earlier(id: str, suspect: str, result: StudyResult) -> tuple[str, bool]:
    """Return in a sentence what an earlier study under the same id said, and whether its record is to stay.

    The sentence is empty unless a waiver may lean on that record and it said something else. It stays where the study
    at hand came to nothing for want of budget: that is no evidence against what was settled.

    Args:
        id: of the study.
        suspect: path of the suspect config.
        result: of the study at hand.
    """
    try:
        raw = json.loads(place_of(id, suspect).read_bytes())
        was, day = str(raw["verdict"]), str(raw["date"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "", False
    if was == result.verdict or was not in SETTLED:
        return "", False
    said = f"the record of this study said {was} on {escape.line(day)}, and"
    if result.verdict == "undecided" and any(step.state == "out-of-budget" for step in result.steps):
        return f"{said} stays: this time the budget was spent before", True
    return f"{said} says {result.verdict} now: look at the waivers that name it", False


def place_of(id: str, suspect: str) -> Path:
    """Return the file that is a study's record."""
    return home(suspect) / FOLDER / f"{id}.json"


def home(suspect: str) -> Path:
    """Return the folder whose ``.diagnose`` holds confirmations: the top of the repository, else here, else beside."""
    beside = Path(os.path.abspath(suspect)).parent  # noqa: PTH100 - links stay, as waivers look for it
    for above in (beside, *beside.parents):
        if (above / ".git").exists():
            return above
    here = Path.cwd()
    return here if beside.is_relative_to(here) else beside
