"""JSON records of the OpenMMLab family: which session, epoch and step each belongs to, most of them read in bulk."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from diagnose.reader.builder import RunBuilder
from diagnose.reader.bulk import Bulk, Item
from diagnose.reader.openmmlab import absent, bare_key, flat, points
from diagnose.reader.room import ABSURD
from diagnose.records import dataclass, field
from diagnose.scan import Condition, Shapes, Slot, Walk, engine, json_row, line_texts
from diagnose.sources import Line, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diagnose.reader.bulk import Position

    Floats = NDArray[np.float64]

COUNTERS = frozenset({"epoch", "iter", "step", "mode"})
SPLITS = ("train", "val", "test")
MOST_SHAPES = 200
"""Shapes of records that are read in bulk: a log that has more of them prints texts that change."""
SHORT = 64
"""Epochs after which it no longer matters that two neighbours among them were logged: each is shorter than a record."""
NOWHERE = (-math.inf, -math.inf)
MISSING = -1.0
"""What COCO prints where there is nothing to measure."""


class Record:
    """One JSON line: the line, its values, and whether it tells of training."""

    __slots__ = ("line", "split", "values")

    def __init__(self, line: Line, values: dict[str, Any]) -> None:
        """Take the object that a line holds."""
        self.line, self.values = line, values
        mode = values.get("mode")
        if isinstance(mode, str):
            self.split = mode if mode in SPLITS else ""
        elif "env_info" in values or "hook_msgs" in values:
            self.split = "meta"
        else:
            trained = {"lr", "base_lr", "epoch", "iter"} & values.keys() or any(
                key.startswith("train/") or key.endswith("/lr") for key in values
            )
            self.split = "train" if trained else "val"

    def count(self, key: str) -> float:
        """Return a counter, NaN where there is none."""
        value = self.values.get(key)
        return float(value) if isinstance(value, int | float) and abs(value) < ABSURD else math.nan

    @property
    def counter(self) -> str:
        """What counts its iterations."""
        return "step" if "step" in self.values else "iter"

    @property
    def at(self) -> tuple[float, float]:
        """Epoch and iteration; 0 where the record has none."""
        epoch, inner = self.count("epoch"), self.count(self.counter)
        return (0.0 if math.isnan(epoch) else epoch, 0.0 if math.isnan(inner) else inner)

    def numbers(self) -> Iterator[tuple[str, float]]:
        """Yield what the record measured."""
        for key, value in self.values.items():
            if key not in COUNTERS:
                yield from flat(key, value)


@dataclass(slots=True)
class _Session:
    """What is known of the session so far.

    Attributes:
        begun, headed: whether it holds any record, and whether the first one tells of the program.
        counter: what counts the iterations of its training; empty before the first record of it.
        by_epoch: whether its training counts epochs.
        waiting: validations before any training, which tells what their steps count.
        first: epoch and iteration of the first record of the last epoch.
        seen: line, epoch and iteration of each training record that was not read in bulk.
        epochs: epochs among them.
        validated: iterations that validations tell.
        late: lines at whose points epoch and iteration stand for a step that the whole session tells.
        mixed: whether some of its training tells steps, though its first record does not.
        settled: whether it is known how many steps an epoch has, or that it cannot be known.
        per_epoch: steps of an epoch by which iterations must be moved.
    """

    begun: bool = False
    headed: bool = False
    counter: str = ""
    by_epoch: bool = True
    waiting: list[Record] = field(default_factory=list)
    first: tuple[float, float] = (math.nan, math.nan)
    seen: array[float] = field(default_factory=lambda: array("d"))
    epochs: int = 0
    validated: list[float] = field(default_factory=list)
    late: dict[int, tuple[float, float]] = field(default_factory=dict)
    mixed: bool = False
    settled: bool = False
    per_epoch: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether steps are known at its end only: mmcv counts iterations within the epoch, or through the run."""
        return self.counter == "iter"

    def step(self, epoch: float, inner: float) -> float:
        """Return the step of an iteration."""
        return inner + (max(epoch, 1.0) - 1) * self.per_epoch if self.per_epoch else inner


class _Plan(NamedTuple):
    """How lines of one template are read in bulk."""

    record: Record
    items: list[Item]
    parts: dict[str, int]
    forbids: bool


class Records:
    """Sorts records into sessions and reports them to a builder."""

    def __init__(self, source: Source, build: RunBuilder, meta: Callable[[Record, RunBuilder], None]) -> None:
        """Report to *build*; *meta* is called with a record that tells of a program start."""
        self._shapes = Shapes("openmmlab-json")
        self.walk = Walk(source, self._shapes, None)
        self._build, self._bulk, self._meta = build, Bulk(build, self.walk), meta
        self._texts = line_texts(source)
        self._plans: dict[int, _Plan | None] = {}
        self._in_bulk: set[int] = set()
        self._is_plain = engine().name == "lark"
        self._begin()

    def _begin(self) -> None:
        self._session = _Session()
        self._in_bulk.clear()
        self._here = self.walk.counters = NOWHERE
        self._last: tuple[float, float] | None = None

    def take(self, record: Record) -> None:
        """Take the next record that is not read in bulk."""
        if (at := self.walk.counters) != self._here:
            self._passed(*at)
        begins = record.split == "meta" or (record.split == "train" and record.at <= self._here)
        if self._session.begun and begins:
            self._end()
            self._build.close()
            self._build.forget("steps_per_epoch")
            self._begin()
        self._session.begun = True
        if record.split == "meta":
            self._session.headed = True
            self._meta(record, self._build)
        elif record.split == "train":
            self._train(record)
        elif record.split and not self._session.counter:
            self._session.waiting.append(record)
        elif record.split:
            self._validate(record)
            self._enable(record)

    def finish(self) -> None:
        """Report what is left."""
        if (at := self.walk.counters) != self._here:
            self._passed(*at)
        self._end()

    def _passed(self, epoch: float, inner: float) -> None:
        """Training records were read in bulk, up to this one."""
        self._here = self._last = (epoch, inner)
        if epoch >= 1:
            self._build.current_epoch = epoch
        self._build.current_step = inner

    # Records one by one

    def _train(self, record: Record) -> None:
        session, build, number = self._session, self._build, record.line.number
        if not session.counter:
            session.counter, session.by_epoch = record.counter, "epoch" in record.values
            self._release()
        if "epoch" in record.values and not session.by_epoch:
            self._bulk.finish()
            session.by_epoch = True
        epoch, step = record.count("epoch"), record.count("step")
        if epoch >= 1:
            build.epoch(epoch, number)
        self._last = None
        if math.isnan(step):
            step = record.count("iter")
            if session.moves:
                self._last = session.late[number] = (epoch, step)
        elif session.moves:
            session.mixed = True
            self.walk.disable()
        build.current_step = step
        points(build, record.numbers(), number, record.split)
        if not session.settled:
            self._count(record, epoch)
        self._here = self.walk.counters = record.at
        self._enable(record)

    def _count(self, record: Record, epoch: float) -> None:
        """Note where an epoch begins, and what that tells of its length."""
        session, inner = self._session, record.count(self._session.counter)
        session.seen.extend((record.line.number, epoch, inner))
        before, first = session.first
        if math.isnan(epoch) or epoch == before:
            return
        session.first = (epoch, inner)
        session.epochs += 1
        if session.moves:
            return
        if session.epochs <= SHORT:
            self._bulk.finish()  # rows are those of one epoch so far
        if epoch - before == 1:
            session.settled = True
            session.seen = array("d")
            if inner > first:
                self._state(inner - first, record.line.number, record.line.text)

    def _release(self) -> None:
        waiting, self._session.waiting = self._session.waiting, []
        for record in waiting:
            self._validate(record)

    def _validate(self, record: Record) -> None:
        session, number, values = self._session, record.line.number, record.values
        epoch, step = record.count("epoch"), record.count("step")
        own = None
        if math.isnan(epoch) and session.by_epoch and step >= 1:
            epoch = step  # the step of a validation is the epoch
        elif not session.by_epoch and not math.isnan(step):
            own = step
        if own is None and self._last is not None:
            session.late[number] = self._last
        if record.split == "val":
            session.validated.append(record.count("iter"))
        place = None if math.isnan(epoch) else epoch
        added = points(self._build, record.numbers(), number, record.split, epoch=place, step=own)
        if not added and record.split == "val" and "mode" in values:
            self._build.event(
                "validation_empty", number, record.line.text.strip(), epoch=epoch, message="validation without a metric"
            )

    # The end of a session

    def _end(self) -> None:
        session = self._session
        self._release()
        if session.counter and not session.settled:
            self._settle()
        self._bulk.finish()
        if session.per_epoch:
            self._build.correct_steps({line: session.step(*place) for line, place in session.late.items()})

    def _settle(self) -> None:
        """Find the steps of an epoch in all records of the session."""
        import numpy as np

        session = self._session
        rows = [np.array(session.seen, dtype=np.float64).reshape(-1, 3)]
        for template in self._in_bulk:
            held, plan = self._bulk.held(template), self._plans[template]
            if plan is not None and plan.record.split == "train":
                rows.append(held[:, :3].copy())
                if "epoch" not in plan.parts:
                    rows[-1][:, 1] = math.nan
            elif plan is not None and plan.record.split == "val" and "iter" in plan.parts and len(held):
                session.validated += held[:, 3 + list(plan.parts).index("iter")].tolist()
        seen = np.concatenate(rows)
        seen = seen[np.argsort(seen[:, 0], kind="stable")]
        session.per_epoch, total, line = steps_per_epoch(seen, session.counter, session.validated)
        if total:
            self._state(total, line, self._texts(line))

    def _state(self, steps: float, line: int, text: str) -> None:
        if not self._session.headed:  # the start of a program takes back what was known of the epochs
            self._build.fact("steps_per_epoch", steps, line, text.strip())

    # Records in bulk

    def _enable(self, record: Record) -> None:
        """Read records like this one in bulk from here on."""
        if self._is_plain:
            return
        session, plan = self._session, self._plan(record.line.text.strip())
        if plan is None or not plan.items:
            return
        if session.moves and (session.mixed or not session.by_epoch or not plan.parts.keys() >= {"epoch", "iter"}):
            return
        if plan.record.split != "train":
            self._bulk.enable(
                plan.items,
                self._place_of_validation(plan),
                plan.parts.values(),
                Condition(forbids_minus_one=plan.forbids),
            )
        elif plan.record.counter == session.counter in plan.parts:
            epoch = plan.parts.get("epoch", -1)
            waits = not (session.moves or session.settled or session.epochs > SHORT)
            condition = Condition(
                epoch,
                plan.parts[session.counter],
                epoch if waits else -1,
                record.count("epoch"),
                forbids_minus_one=plan.forbids,
            )
            self._bulk.enable(plan.items, self._place_of_training(), (), condition)
        else:
            return
        self._in_bulk.add(self.walk.template)

    def _plan(self, text: str) -> _Plan | None:
        """Return how the line yielded last is read in bulk; if it has no template yet, it gets one."""
        template = self.walk.template
        if template in self._plans and "-1" not in text:
            return self._plans[template]
        found = json_row(text, literal=MISSING)
        if template < 0 or (found is not None and found[0].parts != self._shapes.templates[template].parts):
            if found is not None and len(self._shapes.templates) < MOST_SHAPES:
                self._shapes.add(found[0])
            return None
        if template not in self._plans:
            self._plans[template] = None if found is None else _plan(found[1])
        return self._plans[template]

    def _place_of_training(self) -> Position:
        session = self._session

        def position(rows: Floats) -> tuple[Floats, Floats]:
            epoch, inner = rows[:, 0], rows[:, 1]
            return _counted_from_one(epoch), _steps(session, epoch, inner)

        return position

    def _place_of_validation(self, plan: _Plan) -> Position:
        """Rows hold where training was, then what the validation itself counts."""
        session = self._session
        columns = {key: 2 + at for at, key in enumerate(plan.parts)}

        def position(rows: Floats) -> tuple[Floats, Floats]:
            import numpy as np

            trained, step = _counted_from_one(rows[:, 0]), _steps(session, rows[:, 0], rows[:, 1])
            if "epoch" not in columns and session.by_epoch and "step" in columns:
                own = rows[:, columns["step"]]
                return np.where(own >= 1, own, trained), step
            if not session.by_epoch and "step" in columns:
                step = rows[:, columns["step"]]
            return rows[:, columns["epoch"]] if "epoch" in columns else trained, step

        return position


def _counted_from_one(epoch: Floats) -> Floats:
    import numpy as np

    return np.where(epoch >= 1, epoch, np.nan)


def _steps(session: _Session, epoch: Floats, inner: Floats) -> Floats:
    import numpy as np

    return inner + (np.maximum(epoch, 1.0) - 1) * session.per_epoch if session.per_epoch else inner


def _plan(row: dict[str, Any]) -> _Plan | None:
    """Return how records like one whose numbers are slots are read in bulk; None if they are not."""
    record = Record(Line(0, ""), row)
    parts: dict[str, int] = {}
    for key in ("epoch", "iter", "step"):
        if isinstance(value := record.values.get(key), Slot):
            parts[key] = value.part
        elif key in record.values:
            return None
    items: list[Item] = []
    names = [(bare_key(key, record.split), value) for key, value in record.numbers()]
    has_lr = any(key == "lr" for key, _ in names)
    for key, value in names:
        if key and value == MISSING and not isinstance(value, Slot) and (said := absent(key)):
            if said == "all":
                return None
        elif key:
            name = "base_lr" if key == "base_lr" and has_lr else ""
            items.append(Item(key, record.split, getattr(value, "part", -1), name, value))
    return _Plan(record, items, parts, any(absent(item.printed) for item in items))


def steps_per_epoch(seen: Floats, counter: str, validated: list[float]) -> tuple[float, float, int]:
    """Return the iterations of an epoch as far as the training records of a session tell.

    Args:
        seen: line, epoch and iteration of each, in the order of lines; epochs do not fall.
        counter: what counts the iterations: ``step`` counts through the run, ``iter`` perhaps within the epoch.
        validated: the iterations that validations print.

    Returns:
        By how much iterations move from epoch to epoch, 0 where they count through the run; the steps of an epoch,
        0 if unknown, and the line that tells them.
    """
    import numpy as np

    lost = np.isnan(seen[:, 1])
    known = seen[~lost]
    if not len(known):
        return 0.0, 0.0, 0
    starts = np.flatnonzero(np.diff(known[:, 1], prepend=math.nan) != 0)
    firsts = known[starts]
    gaps, rises = np.diff(firsts[:, 1]), np.diff(firsts[:, 2])
    if len(gaps) and (counter == "step" or (rises > 0).all()):
        # Counted through: the first records of neighbouring epochs lie one epoch apart. Short epochs are skipped over.
        beside = np.flatnonzero(gaps == 1)[:1]
        if len(beside) and rises[beside[0]] > 0:
            return 0.0, float(rises[beside[0]]), int(firsts[beside[0] + 1, 0])
        return 0.0, 0.0, 0
    if counter == "step":
        return 0.0, 0.0, 0
    lasts = known[np.append(starts[1:], len(known)) - 1]
    begun = np.concatenate([firsts[:, 0], seen[lost, 0]])
    ends = np.concatenate([lasts, seen[lost]])[np.argsort(begun, kind="stable")]
    ends = ends[~np.isnan(ends[:, 2])]
    if not len(ends):
        return 0.0, 0.0, 0
    longest = float(ends[:, 2].max())
    if len(firsts) < 2 and not validated:
        return longest, 0.0, 0  # nothing shows that the epoch had ended
    # mmcv before 1.3 gives the validation the iteration of training; later it is the validation's own.
    total = max((count for count in validated if longest <= count < longest * 1.1), default=longest)
    return total, total, int(ends[ends[:, 2] == longest][0, 0])
