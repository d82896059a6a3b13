"""Kernels built with AddressSanitizer and UBSan, for scripts that feed them at random."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
FLAGS = ["-O1", "-g", "-shared", "-fPIC", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def run(script: str, source: Path, seconds: float, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``script --inside LIBRARY SECONDS`` in a process that the sanitizers' runtime is loaded into first.

    Raises:
        CalledProcessError, FileNotFoundError: without a compiler that has sanitizers.
    """
    target = folder / f"{source.stem}.abi3.so"
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run(["cc", *FLAGS, include, str(source), "-o", str(target)], check=True, capture_output=True)
    runtime = [
        subprocess.run(["cc", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    environment = os.environ | {
        "LD_PRELOAD": " ".join(runtime),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "PYTHONPATH": str(ROOT),
        "PYTHONMALLOC": "malloc",
    }
    command = [sys.executable, script, "--inside", str(target), str(seconds)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def loaded(library: str) -> ModuleType:
    """Import a kernel from the file that ``run`` built."""
    name = Path(library).name.partition(".")[0]
    spec = importlib.util.spec_from_file_location(name, library)
    assert spec is not None
    assert spec.loader is not None
    kernel = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kernel)
    return kernel
