"""The weight of a loss over time: switched on, or brought in slowly."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

from diagnose.errors import SettingsError

Shape = Literal["constant", "linear", "cosine"]
SHAPES = get_args(Shape)


class WeightSchedule:
    """A weight that goes from *start* to *end* between two points of training.

    The points are steps or epochs, as the caller counts them; fractions of an epoch are welcome. Before *begin* the
    weight is *start*, from *until* on it is *end*. In between it follows a line or half a cosine; ``constant`` knows no
    between and is *end* from *begin* on.

    Example:
        >>> weight = WeightSchedule("linear", 0.0, 0.01, until=3)
        >>> [weight.at(epoch) for epoch in (0, 1.5, 3, 40)]
        [0.0, 0.005, 0.01, 0.01]
    """

    def __init__(self, shape: Shape, start: float, end: float, *, begin: float = 0.0, until: float = 0.0) -> None:
        """Check the numbers: a schedule that ends before it begins, or goes to infinity, is refused."""
        if shape not in SHAPES:
            raise SettingsError(f"no schedule is called {shape}", mend=f"one of {', '.join(SHAPES)}")
        if not all(math.isfinite(number) for number in (start, end, begin, until)):
            raise SettingsError(f"a weight from {start} to {end} between {begin} and {until}", mend="finite numbers")
        if shape != "constant" and until <= begin:
            raise SettingsError(f"a {shape} schedule from {begin} until {until}", mend="let it end after it begins")
        self.shape, self.start, self.end = shape, float(start), float(end)
        self.begin, self.until = float(begin), float(until)
        self.now = 0.0

    def at(self, point: float) -> float:
        """Return the weight at a step or epoch. Nothing is remembered."""
        if point < self.begin:
            return self.start
        if self.shape == "constant" or point >= self.until:
            return self.end
        part = (point - self.begin) / (self.until - self.begin)
        if self.shape == "cosine":
            part = (1.0 - math.cos(math.pi * part)) / 2.0
        return self.start + part * (self.end - self.start)

    @property
    def value(self) -> float:
        """The weight now: after as many calls of ``step`` as there were."""
        return self.at(self.now)

    def step(self, by: float = 1.0) -> float:
        """Go on by one step or epoch and return the weight that holds from here."""
        self.now += by
        return self.value

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedule stands and what it was made of."""
        return {
            "now": self.now, "shape": self.shape, "start": self.start, "end": self.end,
            "begin": self.begin, "until": self.until,
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a state stood. The shape stays this schedule's: a resumed run may change it on purpose."""
        self.now = float(state["now"])
