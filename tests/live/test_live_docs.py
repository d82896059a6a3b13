import re
from pathlib import Path

import pytest

DOC = Path(__file__).parents[2] / "docs" / "live.md"


def test_the_examples_run(capsys) -> None:
    pytest.importorskip("torch")
    blocks = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)
    names: dict = {}
    for block in blocks[:-1]:  # the last one is a config of mmengine
        exec(block, names)
    said = capsys.readouterr().out
    assert said.count('"gradient_norm/0"') == 3
    assert "loss_bbox loss_cls" in said
    assert "0.53 is less than 0.58" in said
