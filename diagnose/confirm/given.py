"""What other commands wrote, as the source of a study: a plan, a comparison or a report in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnose.errors import SourceError
from diagnose.model import Place

SCHEMAS = ("diagnose/plan-v1", "diagnose/findings-v1", "diagnose/report-v1")
LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """What a file names.

    Attributes:
        baseline, suspect: the configs that were compared.
        suspect_run, baseline_run: the logs that were told of; empty if none was.
        named: settings that findings and causes speak of.
    """

    baseline: str
    suspect: str
    suspect_run: str = ""
    baseline_run: str = ""
    named: tuple[str, ...] = ()


def read_given(path: str) -> Given:
    """Return what a file of another command names.

    Raises:
        SourceError: if it is none, or names no pair of configs.
    """
    try:
        data = Path(path).read_bytes()
        raw = json.loads(data) if len(data) <= LARGEST else None
    except OSError as error:
        raise SourceError(error.strerror or "cannot be read", place=Place(path)) from None
    except (ValueError, RecursionError):
        raw = None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema not in SCHEMAS or not isinstance(raw, dict):
        mend = "name BASELINE and SUSPECT, or the JSON of `diagnose diff --fix-plan`, `diff` or `report`"
        raise SourceError("names no two configs", place=Place(path), mend=mend)
    try:
        found = _read(raw, str(schema))
    except (KeyError, TypeError, AttributeError, IndexError):
        raise SourceError(f"damaged: not as {schema} should be", place=Place(path)) from None
    if found is None:
        mend = "name BASELINE and SUSPECT, or the JSON of `diagnose diff` or of `diagnose report --config-diff OLD NEW`"
        raise SourceError("no two configs were compared in it", place=Place(path), mend=mend)
    return found


def _read(raw: dict[str, Any], schema: str) -> Given | None:
    if schema == "diagnose/plan-v1":
        return Given(str(raw["old"]), str(raw["new"]))
    pairs = raw.get("comparisons") if schema == "diagnose/findings-v1" else raw["measured"]["comparisons"]
    if not pairs:  # ``diagnose lint`` writes findings and compares nothing
        return None
    old, new = str(pairs[0]["old"]), str(pairs[0]["new"])
    if schema == "diagnose/findings-v1":
        return Given(old, new, named=tuple(_named(raw["findings"])))
    runs = raw["measured"]["runs"]
    found = [finding for run in runs for finding in run["findings"]]
    return Given(old, new, str(runs[0]["path"]) if runs else "", str(raw["baseline"] or ""), tuple(_named(found)))


def _named(findings: Iterable[dict[str, Any]]) -> Iterable[str]:
    return dict.fromkeys(str(one["subject"]) for one in findings if one.get("subject"))
