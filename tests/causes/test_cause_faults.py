"""Files of causes at fault: every one is told."""

from pathlib import Path

import pytest
import yaml

from diagnose.rules.check import check
from diagnose.rules.load import builtin

SOUND = next(rule for rule in builtin() if rule.name == "too-little-trainable").path


def told(**changed: object) -> str:
    raw = {**yaml.safe_load(SOUND.read_text(encoding="utf-8")), **changed}
    kept = {key: value for key, value in raw.items() if value is not None}
    return "\n".join(map(str, check(Path("r.yaml"), yaml.safe_dump(kept))))


def test_the_sound_one_is_sound() -> None:
    assert told() == ""


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"refutation": None}, "`refutation` is missing"),
        ({"supports": None}, "`supports` is missing"),
        ({"supports": []}, "nothing speaks for"),
        ({"supports": [{"when": "epochs > 1"}]}, "when, weight, text, at"),
        ({"supports": [{"when": "epochs > 1", "weight": 0}]}, "weight above 0"),
        ({"supports": [{"when": "epochs > 1", "weight": 50}]}, "weight above 0"),
        ({"supports": [{"when": "epochs >", "weight": 1}]}, "ends too early"),
        ({"against": [{"when": "epoks > 1", "weight": 1}]}, "unknown name `epoks`"),
        ({"against": [{"when": "epochs > 1", "weight": 1, "at": "frst(val/loss)"}]}, "unknown function `frst`"),
        ({"against": [{"when": "epochs > 1", "weight": 1, "text": 3}]}, "expressions as `at`"),
        ({"least": "much"}, "`least` is a number"),
        ({"explains": [3]}, "`explains` is a text"),
        ({"folds": ["x"], "colour": "red"}, "unknown key `colour`"),
    ],
)
def test_a_fault_is_told(changed: dict[str, object], fault: str) -> None:
    assert fault in told(**changed)


def test_a_finding_has_no_arguments() -> None:
    path = next(rule for rule in builtin() if rule.name == "overfitting").path
    raw = {**yaml.safe_load(path.read_text(encoding="utf-8")), "least": 2}

    assert "unknown key `least`" in "\n".join(map(str, check(Path("r.yaml"), yaml.safe_dump(raw))))
