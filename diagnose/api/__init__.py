"""What other programs may call.

    from diagnose import api

    report = api.lint(["runs/exp3"], select=["LOSS", "zero-val-metric"])
    for finding in report.findings:
        print(finding.severity, finding.place.path, finding.place.line, finding.name, finding.message)

Settings files beside the linted files count as on the command line, unless ``isolated=True``. What goes wrong with one
file stands in ``report.files``; what makes the work as a whole impossible is raised as ``DiagnoseError``.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path

from diagnose.api.linter import Linter
from diagnose.api.session import Outcome, Request
from diagnose.errors import DiagnoseError
from diagnose.model import Evidence, FileReport, Finding, Place, Report, Suspect

__all__ = [
    "DiagnoseError",
    "Evidence",
    "FileReport",
    "Finding",
    "Linter",
    "Outcome",
    "Place",
    "Report",
    "Request",
    "Suspect",
    "lint",
]


def lint(
    paths: Iterable[str | PathLike[str]] | str | PathLike[str] = ".",
    *,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
    extend_select: Iterable[str] = (),
    min_severity: str | None = None,
    format: str = "",
    config: str | PathLike[str] | None = None,
    isolated: bool = False,
    baseline: str | PathLike[str] | None = None,
    max_size: int | None = None,
    frames: bool | None = None,
    jobs: int | str = 1,
) -> Report:
    """Lint logs and folders of runs.

    Args:
        paths: one or more files or folders.
        select: rules that run, in place of those of the settings: codes, prefixes, names or ``ALL``.
        ignore: rules that do not run, in addition to those of the settings.
        extend_select: rules that run as well.
        min_severity: leave out what is milder than ``error``, ``warning``, ``info`` or ``hint``.
        format: read every file as this format instead of detecting it.
        config: a settings file in place of the closest one.
        isolated: heed no settings file at all.
        baseline: file of findings that are known and therefore left out.
        max_size: largest file that is read, in bytes.
        frames: read every state of a progress bar, not only the last one of each epoch; None leaves it to the settings.
        jobs: processes that read side by side, or ``auto``; they are forked, so give it where no thread is at work.

    Returns:
        The report: what became of every file, the findings in input order, and which rules were skipped and why.

    Raises:
        DiagnoseError: for unknown rules, formats and settings, and for invalid rules.
    """
    named = [paths] if isinstance(paths, str | PathLike) else list(paths)
    request = Request(
        paths=tuple(fspath(path) for path in named),
        options={
            "select": None if select is None else list(select),
            "ignore": list(ignore),
            "extend-select": list(extend_select),
            "min-severity": min_severity,
            "max-size": max_size,
            "frames": frames,
            "jobs": jobs,
            "baseline": None if baseline is None else fspath(baseline),
        },
        config=() if config is None else (fspath(Path(config)),),
        isolated=isolated,
        format=format,
    )
    return Linter(request).run().report
