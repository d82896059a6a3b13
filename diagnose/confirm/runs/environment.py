"""Where and with what code runs are made, as far as it can be told without running theirs."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

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


def _git(folder: str, *words: str) -> str:
    where = Path(folder).absolute()
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(where), *words]
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=env)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if not done.returncode else ""
