"""The kernel under AddressSanitizer and UBSan, where the compiler has them: a minute in CI, some seconds elsewhere."""

import os
import subprocess
from pathlib import Path

import fuzz
import pytest


def test_sanitizers_find_nothing(tmp_path: Path):
    try:
        done = fuzz.run(60 if os.environ.get("CI") else 5, tmp_path)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no compiler with sanitizers: {error}")

    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-4000:]
    assert "rounds" in done.stdout
    assert int(done.stdout.split()[0]) > 10
