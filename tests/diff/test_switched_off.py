"""A part of the loss that is switched off is not told with the danger of switching it on."""

from pathlib import Path

from diagnose.engine.diff.compare import compare
from diagnose.engine.diff.side import read_side

LIMIT = 1 << 20


def test_off_has_a_reason_of_its_own(tmp_path: Path) -> None:
    on, off = tmp_path / "on.yaml", tmp_path / "off.yaml"
    on.write_text("lr: 0.1\nbatch_size: 8\nlambda1: 0.3\n")
    off.write_text("lr: 0.1\nbatch_size: 8\nlambda1: 0.0\n")
    with_it, without = (read_side(str(path), LIMIT).config for path in (on, off))

    (switched_on,) = compare(without, with_it)
    (switched_off,) = compare(with_it, without)

    assert "Switched on" in " ".join(switched_on.because)
    assert switched_off.because == ("switched off: what it did for training is missing now",)
