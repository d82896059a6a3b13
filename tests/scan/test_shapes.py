"""How many templates a grammar may have, and what comes beyond them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.scan import LineParser, Shapes, shapes
from diagnose.scan.engine import engine

ROOT = Path(__file__).parents[2]
LINT = """
import sys
from diagnose.scan import shapes
shapes.MOST = 2
from diagnose.cli.main import main
main(["lint", "--isolated", "--no-cache", "--jobs", sys.argv[1], *sys.argv[2:]])
"""


def lines():
    """Yield training lines of an mmengine log with ever more losses."""
    for at in range(100):
        losses = "".join(f"  loss_{'abcde'[kind]}: {at / 7:.{at % 3 + 2}f}" for kind in range(at // 20 + 1))
        yield f"2024/03/02 10:00:{at % 60:02d} - mmengine - INFO - Epoch(train)  [1][{at + 1}/100]  lr: 1e-3{losses}\n"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_command_says_when_there_are_too_many_shapes(jobs, tmp_path):
    if engine().name == "lark":
        pytest.skip("there are no templates")
    for name in "ab":
        (tmp_path / f"{name}.log").write_text("".join(lines()))
    done = subprocess.run(
        [sys.executable, "-c", LINT, jobs, "a.log", "b.log"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )

    assert "diagnose: mmengine: more than 2 shapes of lines" in done.stderr


def test_words_that_never_end_are_not_learned_for_ever(monkeypatch):
    learned = []
    monkeypatch.setattr(shapes, "learn", lambda text, *_: learned.append(text))
    known = Shapes("any")
    known.enough = 1
    for number in range(1000):
        name = "".join("abcdefghij"[int(digit)] for digit in str(number))
        known.note(f"{name} 5", ("row", (("NAME", 0, len(name)),)))
    known.note("other 5/6", ("row", (("NAME", 0, 5),)))

    assert len(learned) == shapes.MANY + 1
    assert learned[-1] == "other 5/6"


def test_beyond_the_cap_lines_are_parsed(monkeypatch, caplog):
    monkeypatch.setattr(shapes, "MOST", 3)
    from diagnose.parsers import tables

    read = LineParser(tables("yolo_csv"))
    known = Shapes("yolo_csv", read)
    known.enough = 1
    for count in range(2, 12):
        line = ",".join(["0.5"] * count)
        if known.match(line) is None:
            known.note(line, read(line))

    assert len(known.templates) == 3
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert known.match("0.5,0.25") is not None
    assert known.match(",".join(["1"] * 9)) is None
