"""Sentences about a report that several outputs share, and the order in which they list findings."""

from __future__ import annotations

import math
import os
from collections import Counter
from pathlib import PurePath

from diagnose.digest import sha256
from diagnose.model import SEVERITIES, FileReport, Finding, Report, Suspect

LACKS_NAMED = 4


def plural(number: int, noun: str) -> str:
    """Return ``1 file``, ``2 files``, ``3 series``, ``4 info``."""
    return f"{number} {noun}" if number == 1 or noun in {"series", "info"} else f"{number} {noun}s"


def counts(findings: list[Finding]) -> str:
    """Return ``3 errors, 2 warnings``; empty if there are no findings."""
    tally = Counter(finding.severity for finding in findings)
    return ", ".join(plural(tally[severity], severity) for severity in SEVERITIES if tally[severity])


def found(report: Report) -> str:
    """Return the sentence that sums up a report, without the skipped rules."""
    unread = sum(file.status == "error" for file in report.files)
    unknown = sum(file.status == "unknown" for file in report.files)
    total = len(report.files)
    if report.findings:
        hit = len(_hit(report))
        where = f"{hit} of {plural(total, 'file')}" if 0 < hit < total else plural(total, "file")
        text = f"Found {counts(report.findings)} in {where}"
    elif total and unread + unknown == total:
        text = f"Nothing checked in {plural(total, 'file')}"
    else:
        text = f"No problems found in {plural(total, 'file')}"
    extra = [f"{unread} not readable"] * bool(unread) + [f"{unknown} of no known format"] * bool(unknown)
    extra += [f"{report.suppressed} suppressed"] * bool(report.suppressed)
    return ", ".join([text, *extra])


def _hit(report: Report) -> set[str]:
    """Return the inputs that findings are in: the file itself, or the closest folder whose files were read together."""
    inputs, hit = {file.path for file in report.files}, set()
    for path in {finding.place.path for finding in report.findings}:
        homes = [path] if path in inputs else map(str, PurePath(path).parents)
        hit.update([home for home in homes if home in inputs][:1])
    return hit


def lacks(report: Report) -> list[tuple[str, list[str]]]:
    """Return what skipped rules lacked, each with the names of these rules: most rules first."""
    groups: dict[str, list[str]] = {}
    for name, lack in sorted(report.skipped.items()):
        groups.setdefault(lack, []).append(name)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def skipped(report: Report) -> str:
    """Return ``12 rules skipped: no val/loss (8), no config (4)``; empty if none was."""
    groups = lacks(report)
    if not groups:
        return ""
    named = [f"{lack} ({len(names)})" for lack, names in groups[:LACKS_NAMED]]
    rest = sum(len(names) for _, names in groups[LACKS_NAMED:])
    if rest:
        named.append(f"others ({rest})")
    return f"{plural(len(report.skipped), 'rule')} skipped: {', '.join(named)}"


def read(file: FileReport) -> str:
    """Return what was read of a file: ``keras, 3 runs, 42 epochs, 8 series``."""
    parts = [file.format] if file.format else []
    parts += [plural(file.runs, "run")] * (file.runs > 1)
    parts += [plural(file.epochs, "epoch")] * bool(file.epochs) + [plural(file.series, "series")] * bool(file.series)
    return ", ".join(parts)


def problem(file: FileReport) -> str:
    """Return why a file was not (fully) checked; empty if it was."""
    if file.detail or file.status == "ok":
        return file.detail
    return "no known format" if file.status == "unknown" else "cannot be read"


def position(finding: Finding, path: str = "") -> str:
    """Return ``path:line:column``, or the path alone for a finding about the whole file."""
    path = path or finding.place.path
    return f"{path}:{finding.place.line}:{finding.place.column}" if finding.place.line else path


def score(suspect: Suspect) -> float:
    """Return a suspect's weight as a number from 0 to 1 with at most three digits."""
    return round(min(max(suspect.score, 0.0), 1.0), 3) if math.isfinite(suspect.score) else 0.0


def by_file(report: Report) -> list[tuple[FileReport, list[Finding]]]:
    """Return each file with its findings, in input order; places outside the inputs come last."""
    files = {file.path: file for file in report.files}
    groups: dict[str, list[Finding]] = {path: [] for path in files}
    for finding in report.findings:
        groups.setdefault(finding.place.path, []).append(finding)
    return [(files.get(path) or FileReport(path), found) for path, found in groups.items()]


def worst_first(findings: list[Finding]) -> list[Finding]:
    """Return findings from the worst severity to the mildest, otherwise in their order."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def fingerprints(findings: list[Finding]) -> list[str]:
    """Return one identity per finding, unique within the report and stable over shifts of lines."""
    seen: Counter[str] = Counter()
    result = []
    for finding in findings:
        key = (finding.code, finding.subject, finding.segment, finding.place.path.replace(os.sep, "/"))
        print_ = finding.fingerprint or hashed("\0".join(key))
        seen[print_] += 1
        result.append(print_ if seen[print_] == 1 else hashed(f"{print_}\0{seen[print_]}"))
    return result


def hashed(text: str) -> str:
    """Return 32 hexadecimal digits that stand for *text*."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
