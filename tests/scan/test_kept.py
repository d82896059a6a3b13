"""Templates and tables that are kept between calls are those that would be made again."""

import json

import pytest

from diagnose.kit.snapshot import describe
from diagnose.logs import read
from diagnose.reader import learning
from diagnose.scan import shapes
from diagnose.scan.engine import engine
from diagnose.sources import from_bytes

LOG = "".join(
    f"2024/03/02 10:{at // 60:02d}:{at % 60:02d} - mmengine - INFO - "
    f"Epoch(train)  [{1 + at // 50}][{at % 50 + 1:>3}/50]"
    f"  lr: {at / 7:.4e}  eta: 0:{at:02d}:09  my_own_loss: {5 / (at + 1):.4f}  other: {at}.5\n"
    for at in range(100)
).encode()


class Dictionary:
    def __init__(self):
        self.entries = {}

    def load(self, name):
        return json.loads(self.entries[name]) if name in self.entries else None

    def save(self, name, data):
        self.entries[name] = json.dumps(data)


@pytest.fixture
def _afresh(monkeypatch):
    monkeypatch.setattr(learning, "_all_shapes", {})
    monkeypatch.setattr(learning, "_next_time", [0.0])
    learning._line_parser.cache_clear()
    yield
    learning._line_parser.cache_clear()


def lint(keeper):
    learning._all_shapes.clear()
    learning._line_parser.cache_clear()
    learning._next_time[0] = 0.0
    with learning.keeping(keeper):
        return describe(read(from_bytes("a.log", LOG), "mmengine"))


@pytest.mark.usefixtures("_afresh")
def test_what_was_learned_is_not_learned_again(monkeypatch):
    if engine().name == "lark":
        pytest.skip("nothing is learned")
    keeper = Dictionary()
    first = lint(keeper)
    assert {"shapes/mmengine", "lines/mmengine"} <= set(keeper.entries)
    kept = dict(keeper.entries)

    monkeypatch.setattr(learning, "tables", lambda _: pytest.fail("compiled again"))
    monkeypatch.setattr(shapes, "learn", lambda *_: pytest.fail("learned again"))
    assert lint(keeper) == first
    assert keeper.entries == kept


@pytest.mark.usefixtures("_afresh")
@pytest.mark.parametrize(
    "damage", ["{}", "[]", '{"templates": {"x": [1]}, "habits": [7]}', '{"templates": 3, "habits": []}']
)
def test_what_is_damaged_is_made_again(damage):
    keeper = Dictionary()
    first = lint(keeper)
    keeper.entries["shapes/mmengine"] = damage

    assert lint(keeper) == first


@pytest.mark.usefixtures("_afresh")
def test_nothing_is_kept_where_nobody_keeps():
    keeper = Dictionary()
    lint(keeper)
    keeper.entries.clear()
    learning._all_shapes.clear()

    read(from_bytes("a.log", LOG), "mmengine")

    assert keeper.entries == {}
