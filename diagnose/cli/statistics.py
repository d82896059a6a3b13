"""How often each rule was reported, in place of the findings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from diagnose.errors import SettingsError
from diagnose.model import SEVERITIES

if TYPE_CHECKING:
    from diagnose.model import Report


def statistics(report: Report, output: str) -> str:
    """Return the counts as a table, or as JSON if that is the output.

    Raises:
        SettingsError: if the output cannot hold them.
    """
    if output == "json":
        from diagnose.text.escape import json

        return json(_rows(report), indent=2) + "\n"
    if output not in ("full", "concise", "grouped"):
        raise SettingsError(f"--statistics does not go with the output {output!r}", mend="use concise or json")
    lines = []
    for row in _rows(report):
        count = f"{row['count']:6}  {row['code']:10}{row['severity']:9}{row['name']}"
        lines.append(f"{count} ({row['files']} files)" if row["files"] != 1 else count)
    return "".join(f"{line}\n" for line in lines) or "No findings.\n"


def _rows(report: Report) -> list[dict[str, str | int]]:
    counts = Counter((finding.code, finding.name) for finding in report.findings)
    rows: list[dict[str, str | int]] = []
    for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        findings = [finding for finding in report.findings if finding.code == code]
        worst = min((finding.severity for finding in findings), key=SEVERITIES.index)
        files = len({finding.place.path for finding in findings})
        rows.append({"code": code, "name": name, "severity": worst, "count": count, "files": files})
    return rows
