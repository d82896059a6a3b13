"""Our ``dataclass`` does what the one of the standard library does, but for what it leaves to type checkers."""

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from diagnose.records import FEW, dataclass, field, fields, replace


@dataclass(frozen=True, slots=True)
class Spot:
    path: str
    line: int = 0
    told: list[str] = field(default_factory=list, compare=False)
    seen: int = field(default=3, init=False, repr=False)


@dataclass(slots=True, kw_only=True)
class Options:
    width: int
    height: int = 2


@dataclass(slots=True, kw_only=True)
class More(Options):
    depth: int = 1
    volume: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.volume = self.width * self.height * self.depth


@dataclass(slots=True, eq=False)
class Thing:
    name: str


def test_what_is_not_given_has_its_default() -> None:
    spot = Spot("a.log", told=["x"])
    assert (spot.path, spot.line, spot.told, spot.seen) == ("a.log", 0, ["x"], 3)
    assert Spot("a").told is not Spot("a").told


def test_equal_if_all_is_equal_that_is_compared() -> None:
    assert Spot("a", 1, ["x"]) == Spot("a", 1, ["y"]) != Spot("b", 1)
    assert len({Spot("a"), Spot("a"), Spot("b")}) == 2
    assert Spot("a") != "a"


def test_what_may_change_has_no_hash_and_what_is_not_compared_is_itself_alone() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Options(width=1))
    assert Thing("a") != Thing("a")
    assert hash(Thing("a"))


def test_shown_like_a_call() -> None:
    assert repr(Spot("a", 2)) == "Spot(path='a', line=2, told=[])"


def test_fields_of_a_base_and_what_follows_from_them() -> None:
    more = More(width=3, depth=5)
    assert (more.height, more.volume) == (2, 30)
    assert replace(more, height=1).volume == 15
    assert [one.name for one in fields(more)] == ["width", "height", "depth", "volume"]


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1,), {}), ((), {"width": 1, "size": 2})])
def test_wrong_arguments_are_refused(given: Any, named: Any) -> None:
    for _ in range(FEW + 2):  # some are refused before the method is compiled
        with pytest.raises(TypeError):
            Options(*given, **named)


def test_those_made_early_are_like_those_made_late() -> None:
    @dataclass(slots=True)
    class Base:
        name: str
        told: list[int] = field(default_factory=list)

    @dataclass(slots=True)
    class Derived(Base):
        count: int = 2

        def __post_init__(self) -> None:
            self.told.append(self.count)

    made = [Derived("a", count=3) for _ in range(FEW + 2)]
    assert [(one.name, one.told, one.count) for one in made] == [("a", [3], 3)] * len(made)
    assert all(one == made[0] for one in made)


def test_the_standard_library_takes_it_for_its_own() -> None:
    spot = Spot("a", 1, ["x"])
    assert dataclasses.is_dataclass(Spot)
    assert dataclasses.asdict(spot) == {"path": "a", "line": 1, "told": ["x"], "seen": 3}
    assert copy.deepcopy(spot) == pickle.loads(pickle.dumps(spot)) == spot
    assert not hasattr(spot, "__dict__")


def test_one_of_the_standard_library_is_taken_as_well() -> None:
    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int
        y: int = 2

    assert [one.name for one in fields(Point)] == ["x", "y"]
    assert replace(Point(1), y=3) == Point(1, 3)


def test_the_standard_library_is_told_the_types_of_fields():
    assert [one.type for one in dataclasses.fields(More)] == [int] * 4
