"""What `diagnose diff` says of real pairs of configs against what really happened, as a Markdown table.

    python benchmarks/risk_of_pairs.py CORPUS/config_pairs

Every folder holds ``baseline/``, ``changed/`` and ``pair.json`` with the verdict of whoever ran both.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from diagnose.api import Request
from diagnose.api.differ import Differ
from diagnose.model import SEVERITIES, Finding

BAD = ("collapsed", "failed")
"""Verdicts that must be stopped."""
OUTCOME = frozenset({"series-scale-differs"})
"""Rules that look at what came of a change, which nobody knows before a run."""


def main(folder: Path) -> int:
    """Print the table and what it comes to; return how many bad pairs are not at error level."""
    seen: Counter[tuple[str, str]] = Counter()
    print("| pair | changed | worst risk | worst finding | what happened |")
    print("|---|---|---|---|---|")
    for pair in sorted(path for path in folder.iterdir() if (path / "pair.json").is_file()):
        verdict = json.loads((pair / "pair.json").read_text(encoding="utf-8"))["verdict"]
        if not (pair / "baseline").is_dir() or not (pair / "changed").is_dir():
            print(f"| {pair.name} | - | - | no files to compare | {verdict} |")
            continue
        changed, risk, worst, rules = _told(pair)
        seen[verdict, worst] += 1
        print(f"| {pair.name} | {changed} | {risk} | {worst}{f' ({rules})' if rules else ''} | {verdict} |")
    levels = (*SEVERITIES, "none")
    print("\n| what happened | " + " | ".join(levels) + " |\n|---|" + "---|" * len(levels))
    for verdict in dict.fromkeys(name for name, _ in sorted(seen)):
        print(f"| {verdict} | " + " | ".join(str(seen[verdict, level] or "") for level in levels) + " |")
    return sum(number for (verdict, level), number in seen.items() if verdict in BAD and level != "error")


def _told(pair: Path) -> tuple[int, str, str, str]:
    differ = Differ(Request(paths=(str(pair / "baseline"), str(pair / "changed")), isolated=True))
    report = differ.paths().report
    if not report.comparisons:
        return 0, "-", "not compared", "; ".join(file.detail for file in report.files)
    changes = [change for change in report.comparisons[0].changes if change.risk != "none"]
    found = [finding for finding in report.findings if _before(finding)]
    worst = next((level for level in SEVERITIES if any(one.severity == level for one in found)), "none")
    rules = ", ".join(dict.fromkeys(finding.name for finding in found if finding.severity == worst))
    return len(changes), changes[0].risk if changes else "none", worst, rules


def _before(finding: Finding) -> bool:
    return finding.code.startswith(("DIFF", "CFG")) and finding.name not in OUTCOME


def _arguments(words: list[str]) -> Any:
    return Path(words[1]) if len(words) > 1 else sys.exit(str(__doc__))


if __name__ == "__main__":
    sys.exit(main(_arguments(sys.argv)))
