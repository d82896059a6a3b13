"""Where and with what code runs are made, as far as it can be told without running theirs."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

SHORT = 12
NAMED = 3
TOLD = ("CUDA_VISIBLE_DEVICES", "CONDA_DEFAULT_ENV", "VIRTUAL_ENV", "SLURM_JOB_ID", "PYTHONHASHSEED")


def environment() -> dict[str, str]:
    """Return host, system, Python and the variables that decide what a command finds."""
    found = {"host": socket.gethostname(), "system": platform.platform(), "python": sys.version.split()[0]}
    return found | {name: os.environ[name] for name in TOLD if name in os.environ}


def commit_of(folder: str) -> str:
    """Return the commit checked out in a folder, with ``+`` where files differ from it; empty if none is."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return ""
    return commit + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def same_in_all(commits: Collection[str], hosts: Collection[str]) -> str:
    """Return in a sentence what is known of the code and the machines of some runs.

    Args:
        commits: as ``commit_of`` gives them.
        hosts: names, which are not repeated: reports travel.
    """
    known = sorted({*commits} - {""})
    if not known or "" in commits:
        code = "The command was started in no git repository, so whether its code stayed the same was not checked"
    elif len(known) > 1:
        named = ", ".join(f"{one[:SHORT]}{' with changes' * one.endswith('+')}" for one in known[:NAMED])
        more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
        code = f"The code was not the same in all runs: they were made at {named}{more}"
    else:
        dirty = ", with changes that are not committed and may have differed" if known[0].endswith("+") else ""
        code = f"All runs were made at commit {known[0][:SHORT]}{dirty}"
    count = len({*hosts} - {""})
    return f"{code}; {'on one machine' if count == 1 else f'on {count} machines' if count else 'where is not known'}."


def _git(folder: str, *words: str) -> str:
    where = Path(folder).absolute()
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(where), *words]
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=env)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if not done.returncode else ""
