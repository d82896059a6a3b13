"""Killed with -9 at any moment: nothing outlives us, nothing finished is lost or repeated."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from confirm_runs import Place, judge, processes, until

from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.runs.batch import run
from diagnose.confirm.runs.ending import ending_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
ROOT = Path(__file__).parents[2]
TRIALS = [Trial(parts, seed) for seed in range(3) for parts in ((), ("bad",), ("deaf",))]
KILLS = 5


def place(folder: Path) -> Place:
    return Place(folder, epochs=8, pause=0.02, bad={"nan": 4}, deaf={"deaf": True, "helpers": 2})


def study(folder: Path) -> list[Outcome]:
    here = place(folder)
    with here.ledger() as ledger:
        print("ready", flush=True)
        return run(TRIALS, here.bench(ledger, judge=judge))


def ended(folder: Path) -> set[str]:
    """Return the runs that came to their end by themselves."""
    found = set()
    for file in (folder / "runs").glob("*/status.json"):
        ending = ending_of(str(file))
        if ending is not None and ending.by_itself:
            found.add(file.parent.name.removesuffix("-0").replace("-", " "))
    return found


def test_killed_again_and_again_it_goes_on(tmp_path: Path) -> None:
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]; from pathlib import Path\n"
    code += f"from test_killed import study; study(Path({str(tmp_path)!r}))"
    chance = random.Random(7)
    here, starts = place(tmp_path), Counter[str]()
    over: set[str] = set()
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n", process.communicate()
        time.sleep(chance.uniform(0.05, 1.2))
        process.kill()
        process.communicate()
        until(lambda: not processes(str(tmp_path)))
        now = Counter(here.noted("start"))
        assert not [name for name in over if now[name] > starts[name]], "a finished run was repeated"
        starts, over = now, ended(tmp_path)
    outcomes = study(tmp_path)
    now = Counter(here.noted("start"))
    assert not [name for name in over if now[name] > starts[name]], "a finished run was repeated"
    assert [outcome.symptom for outcome in outcomes] == [trial.parts == ("bad",) for trial in TRIALS]
    assert {outcome.status for outcome in outcomes} <= {"finished", "stopped"}
    with here.ledger() as ledger:
        assert {row.state for row in ledger.rows()} == {"finished"}
        assert repr(run(TRIALS, here.bench(ledger))) == repr(outcomes)  # NaN is not NaN
    assert Counter(here.noted("start")) == now


def test_what_a_killed_supervisor_and_a_killed_confirm_left_is_ended_by_the_next(tmp_path: Path) -> None:
    code = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
    code += " start_new_session=True)"
    here = place(tmp_path)
    with here.ledger() as ledger:
        identity = ledger.id
    env = {"DIAGNOSE_RUN": f"{identity}:key:1", "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert processes(identity)
    with here.ledger() as ledger:
        run(TRIALS[:1], here.bench(ledger))
    assert not processes(identity)
