"""How ``diagnose confirm`` fares on simulated studies, as Markdown tables.

    python benchmarks/simulate_confirm.py [STUDIES]            # prints
    python benchmarks/simulate_confirm.py [STUDIES] --write    # into docs/confirm-statistics.md
    python benchmarks/simulate_confirm.py 60 --only odd,fixes --write    # some of the tables

Nothing is trained: a world knows which settings are to blame, and a run is a draw. Every wrong verdict is a run that
looks like one of the other arm in symptom and in metric. See ``docs/confirm-statistics.md``.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from diagnose.confirm.model import FIX, Outcome, Trial
from diagnose.confirm.studies.result import StudyResult
from diagnose.confirm.studies.study import StudyOptions, study

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.level_and_power import head, intervals_table, line, tests_table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "confirm-statistics.md"

SETTINGS = 10
NOISE = 0.05
SHIFT = 3.0
"""Distance of the metric between good and bad runs, in deviations."""
KINDS = ("single", "and", "or")


@dataclass(frozen=True)
class World:
    """A diff and what it does.

    Attributes:
        settings: how many.
        kind: ``single``, ``and`` (all are needed), ``or`` (each is enough), ``none``: the diff changes nothing.
        members: numbers of the culprits.
        noise: share of wrong verdicts.
        always: share of runs that show the symptom if the diff changes nothing.
        deterministic: the same config and seed give the same run.
        fix: what the proposed fix does: ``cures``, ``helps`` (half of the runs) or ``nothing``.
        shared: how much of the spread of the metric is the seed's, the same in every config.
        shift: distance of the metric between good and bad runs, in deviations.
    """

    settings: int = SETTINGS
    kind: str = "single"
    members: tuple[int, ...] = (0,)
    noise: float = NOISE
    always: float = 0.0
    deterministic: bool = False
    fix: str = "cures"
    shared: float = 0.0
    shift: float = SHIFT

    @property
    def atoms(self) -> list[str]:
        """Names of the settings."""
        return [f"s{at:02}" for at in range(self.settings)]

    @property
    def culprit(self) -> tuple[str, ...]:
        """Names of those to blame."""
        return tuple(self.atoms[at] for at in sorted(self.members))

    def bad(self, trial: Trial) -> bool:
        """Return whether a config brings the symptom, noise aside."""
        if FIX in trial.parts and self.fix == "cures":
            return False
        on = [self.atoms[at] in trial.parts for at in self.members]
        return any(on) if self.kind == "or" else all(on)

    def run(self, trial: Trial, random: np.random.Generator, seeds: int) -> Outcome:
        """Return what comes of a trial."""
        if self.deterministic:
            words = f"{seeds} {trial.parts} {trial.seed}".encode()
            random = np.random.default_rng(int.from_bytes(hashlib.sha256(words).digest()[:8]))
        if self.kind == "none":
            shown = bool(random.random() < self.always)
        else:
            shown = self.bad(trial) ^ bool(random.random() < self.noise)
        if FIX in trial.parts and self.fix == "helps":
            shown &= bool(random.random() < 0.5)
        spread = float(random.normal())
        if self.shared:
            common = float(np.random.default_rng([seeds, trial.seed]).normal())
            spread = math.sqrt(self.shared) * common + math.sqrt(1 - self.shared) * spread
        return Outcome(trial, "finished", shown, spread + self.shift * shown, seconds=1.0)


@dataclass(frozen=True)
class Odd(World):
    """A world in which runs break down, effects add up, or numbers stay as they are.

    Attributes:
        crashes: share of the runs of any config that break down.
        breaks: share of the runs with the culprit that break down.
        silent: the culprit brings nothing but breakdowns.
        asked: whether it is asked of runs if they break down.
        second: what portion of the whole change a second setting brings, the last one; the culprit brings the rest.
        numbers: metrics of good and of bad runs that never change; none: they vary.
        left: share of the fixed runs that still show the symptom.
    """

    crashes: float = 0.0
    breaks: float = 0.0
    silent: bool = False
    asked: bool = False
    second: float = 0.0
    numbers: tuple[float, ...] = ()
    left: float = 0.0

    def run(self, trial: Trial, random: np.random.Generator, seeds: int) -> Outcome:
        """Return what comes of a trial."""
        bad = self.kind != "none" and self.bad(trial)
        broken = bool(random.random() < self.crashes) or (bad and bool(random.random() < self.breaks))
        if broken:
            return Outcome(trial, "failed", True if self.asked else None, seconds=1.0)
        if self.asked:
            return Outcome(trial, "finished", False, seconds=1.0)
        if self.numbers:
            return Outcome(trial, "finished", bad, self.numbers[bad], seconds=1.0)
        if self.second:
            moved = (1 - self.second) * bad + self.second * (self.atoms[-1] in trial.parts)
            return Outcome(trial, "finished", None, self.shift * moved + float(random.normal()), seconds=1.0)
        found = World.run(replace(self, noise=self.noise), trial, random, seeds) if not self.silent else None
        shown = bool(random.random() < self.noise) if found is None else bool(found.symptom)
        if FIX in trial.parts:
            shown = bool(random.random() < self.left)
        return Outcome(trial, "finished", shown, float(random.normal()) + self.shift * shown, seconds=1.0)


def simulate(world: World, prior: dict[str, float], options: StudyOptions, seed: int) -> StudyResult:
    """Return what a study of a world comes to."""
    random = np.random.default_rng(seed)
    steps = study(world.atoms, prior, options)
    trials = next(steps)
    while True:
        try:
            trials = steps.send([world.run(trial, random, seed) for trial in trials])
        except StopIteration as end:
            found: StudyResult = end.value
            return found


def weights(settings: int, kind: str) -> np.ndarray:
    """Return a prior: ``ranked`` is 1/rank, ``reversed`` the same upside down, ``flat`` even."""
    found = 1.0 / np.arange(1, settings + 1)
    if kind == "flat":
        found = np.ones(settings)
    if kind == "reversed":
        found = found[::-1].copy()
    return np.asarray(found / found.sum())


def draw(settings: int, count: int, seed: int) -> tuple[int, ...]:
    """Return culprits drawn by 1/rank."""
    random = np.random.default_rng(10_000 + seed)
    drawn = random.choice(settings, count, replace=False, p=weights(settings, "ranked"))
    return tuple(sorted(int(at) for at in drawn))


@dataclass
class Tally:
    """What studies of one kind came to."""

    studies: int = 0
    found: int = 0
    confirmed: int = 0
    wrong: int = 0
    runs: int = 0
    most: int = 0
    search: int = 0
    fixes: int = 0
    fixing: int = 0

    def add(self, world: World, result: StudyResult) -> None:
        """Count a study."""
        self.studies += 1
        self.runs += result.runs
        self.most = max(self.most, result.runs)
        self.fixing += result.step("fix").runs
        self.search += len(result.step("culprit").probes)
        named = result.culprits[0] if result.culprits else None
        right = named is not None and world.kind != "none" and named.atoms == world.culprit
        if named is not None and len(named.atoms) > 1:
            right &= named.kind in (world.kind, "set")
        confirmed = result.verdict == "confirmed"
        self.found += right
        self.confirmed += right and confirmed
        self.wrong += confirmed and not right
        self.fixes += result.fix_accepted is True

    def row(self, name: str) -> str:
        """Return the table row."""
        share = [
            f"{100 * count / self.studies:.1f} %" for count in (self.found, self.confirmed, self.wrong, self.fixes)
        ]
        mean = [f"{total / self.studies:.1f}" for total in (self.search, self.runs - self.fixing, self.runs)]
        return line(name, self.studies, *share[:3], *mean, self.most, share[3])


COLUMNS = (
    "studies of",
    "n",
    "right culprit",
    "and confirmed",
    "wrong one confirmed",
    "probes",
    "runs",
    "with fix check",
    "most",
    "fix accepted",
)


def many(
    world: World, studies: int, options: StudyOptions, prior: str = "ranked", kinds: Sequence[str] = (), start: int = 0
) -> tuple[Tally, Counter[str]]:
    """Return the tally over many studies, and the verdicts."""
    tally, verdicts = Tally(), Counter[str]()
    known = dict(zip(world.atoms, weights(world.settings, prior).tolist(), strict=True))
    for seed in range(start, start + studies):
        random = np.random.default_rng(20_000 + seed)
        kind = str(random.choice(kinds, p=[0.8, 0.1, 0.1])) if kinds else world.kind
        count = len(world.members) if not kinds else 1 if kind == "single" else 2
        this = replace(world, kind=kind, members=draw(world.settings, count, seed))
        result = simulate(this, known, options, seed)
        tally.add(this, result)
        verdicts[result.verdict] += 1
        verdicts["past the control"] += result.step("control").outcome == "reproduced"
    return tally, verdicts


def studies_table(studies: int) -> Iterator[str]:
    """Yield rows: how often studies find what is to blame, and what that takes."""
    symptom = StudyOptions(metric=False, fix=True, resamples=100)
    both = replace(symptom, metric=True, better="lower")
    base = World()
    yield from head(*COLUMNS)
    for name, world, options, prior, kinds in [
        ("mixed, symptom only", base, symptom, "ranked", KINDS),
        ("mixed, symptom and metric", base, both, "ranked", KINDS),
        ("one setting", base, symptom, "ranked", ()),
        ("two, both needed", replace(base, kind="and", members=(0, 1)), symptom, "ranked", ()),
        ("two, each enough", replace(base, kind="or", members=(0, 1)), symptom, "ranked", ()),
        ("three, all needed", replace(base, kind="and", members=(0, 1, 2)), symptom, "ranked", ()),
        ("mixed, flat prior", base, symptom, "flat", KINDS),
        ("mixed, reversed prior", base, symptom, "reversed", KINDS),
        ("mixed, no wrong verdicts", replace(base, noise=0.0), symptom, "ranked", KINDS),
        ("mixed, 10 % wrong verdicts", replace(base, noise=0.1), symptom, "ranked", KINDS),
        ("mixed, runs repeat exactly", replace(base, deterministic=True), both, "ranked", KINDS),
        ("mixed, 4 settings", replace(base, settings=4), symptom, "ranked", KINDS),
        ("mixed, 20 settings", replace(base, settings=20), symptom, "ranked", KINDS),
        ("mixed, 4 runs at once", base, replace(symptom, parallel=4), "ranked", KINDS),
        (
            "one setting, metric only, pairs correlated .9, 1 deviation apart",
            replace(base, noise=0.0, shared=0.9, shift=1.0),
            replace(both, symptom=False),
            "ranked",
            (),
        ),
        ("mixed, a fix that does nothing", replace(base, fix="nothing"), symptom, "ranked", KINDS),
        ("mixed, a fix that helps half", replace(base, fix="helps"), symptom, "ranked", KINDS),
    ]:
        tally, _ = many(world, studies, options, prior, kinds)
        yield tally.row(name)


HARD = ("world", "n", "confirmed", "another one", "refuted", "not reproduced", "also bad", "undecided", "runs")


def odd_table(studies: int) -> Iterator[str]:
    """Yield rows: what studies come to in worlds that are not as the design has them."""
    symptom = StudyOptions(metric=False, resamples=50)
    both = replace(symptom, metric=True, better="higher")
    metric = StudyOptions(symptom=False, better="lower", resamples=50)
    base = Odd(noise=0.05)
    added = replace(base, second=0.42, shift=12.0)
    yield from head(*HARD)
    for name, world, options, suspected in [
        ("one setting; one run in ten fails, of all configs", replace(base, crashes=0.1), symptom, ""),
        ("one setting; half of its runs fail", replace(base, breaks=0.5), symptom, ""),
        ("one setting that only makes half of its runs fail", replace(base, breaks=0.5, silent=True), symptom, ""),
        (
            "one setting that makes nine in ten fail, `--symptom failed`",
            replace(base, breaks=0.9, asked=True),
            symptom,
            "",
        ),
        ("nothing; one run in ten fails, of all configs", replace(base, kind="none", crashes=0.1), symptom, ""),
        ("two that add up, 58 : 42, metric only", added, metric, ""),
        ("the same, the lesser one suspected", added, metric, "last"),
        ("one setting, an innocent one suspected", base, symptom, "other"),
        ("the same, metric only", replace(added, second=1e-9), metric, "other"),
        ("one setting; .62318838 with it, 1 without, always", replace(base, numbers=(1.0, 0.62318838)), both, ""),
        ("the same, metric only", replace(base, numbers=(1.0, 0.62318838)), replace(both, symptom=False), ""),
        ("the seed is not read; .62318838 and .9123456", replace(base, numbers=(0.9123456, 0.62318838)), both, ""),
    ]:
        tally, verdicts = Tally(), Counter[str]()
        prior = dict(zip(world.atoms, weights(world.settings, "ranked").tolist(), strict=True))
        for seed in range(studies):
            this = replace(world, members=draw(world.settings - 1, 1, seed))
            other = next(atom for atom in this.atoms[1:-1] if atom not in this.culprit)
            suspects = {"last": (this.atoms[-1],), "other": (other,)}.get(suspected, ())
            result = simulate(this, prior, replace(options, suspects=suspects), seed)
            tally.add(this, result)
            verdicts[result.verdict] += 1
        shares = [
            f"{100 * count / tally.studies:.0f} %"
            for count in (
                tally.confirmed,
                tally.wrong,
                *(verdicts[one] for one in ("refuted", "not-reproduced", "reference-also-bad", "undecided")),
            )
        ]
        yield line(name, tally.studies, *shares, f"{tally.runs / tally.studies:.1f}")


def fixes_table(studies: int) -> Iterator[str]:
    """Yield rows: how often a fix is accepted that leaves some of the symptom."""
    steps = ("noise", "culprit", "confirmation", "path")
    yield from head("fixed runs that still show it", "n", "accepted", "runs of the fix check")
    for left in (0.0, 0.05, 0.25, 0.5, 1.0):
        tally = Tally()
        for seed in range(studies):
            options = StudyOptions(metric=False, fix=True, skip=steps, resamples=50)
            tally.add(Odd(), simulate(Odd(left=left), {}, options, seed))
        yield line(
            f"{100 * left:.0f} %",
            tally.studies,
            f"{100 * tally.fixes / studies:.0f} %",
            f"{tally.fixing / studies:.1f}",
        )


def empty_table(studies: int) -> Iterator[str]:
    """Yield rows: what studies of a diff that changes nothing come to."""
    symptom = StudyOptions(metric=False, resamples=100)
    both = replace(symptom, metric=True, better="lower")
    yield from head("A/A: the diff changes nothing", "n", "reproduced", "confirmed", "verdicts", "runs")
    for name, share, options in [
        ("symptom in 5 %", 0.05, symptom),
        ("symptom in 30 %", 0.3, symptom),
        ("symptom in 50 %", 0.5, symptom),
        ("symptom in 50 %, and metric", 0.5, both),
        ("metric only, direction known", 0.0, replace(both, symptom=False)),
        ("metric only, direction unknown", 0.0, replace(both, symptom=False, better=None)),
        ("metric only, pairs correlated .9", 0.0, replace(both, symptom=False)),
    ]:
        shared = 0.9 if "correlated" in name else 0.0
        tally, verdicts = many(World(kind="none", always=share, shared=shared), studies, options)
        reproduced = verdicts.pop("past the control")
        told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
        shares = [f"{100 * count / tally.studies:.1f} %" for count in (reproduced, verdicts["confirmed"])]
        yield line(name, tally.studies, *shares, told, f"{tally.runs / tally.studies:.1f}")


def main(words: Sequence[str]) -> int:
    """Print the tables, or write them between their marks in the documentation."""
    numbers = [int(word) for word in words if word.isdigit()]
    studies = numbers[0] if numbers else 100
    tables = {"studies": studies_table(studies), "odd": odd_table(studies), "fixes": fixes_table(studies)}
    tables |= {"empty": empty_table(4 * studies)}
    tables |= {"tests": tests_table(40 * studies), "intervals": intervals_table(10 * studies)}
    if "--only" in words:
        wanted = words[words.index("--only") + 1].split(",")
        tables = {name: rows for name, rows in tables.items() if name in wanted}
    text = PAGE.read_text(encoding="utf-8")
    for name, rows in tables.items():
        made = []
        for row in rows:
            print(row, flush=True)
            made.append(row)
        print(flush=True)
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        text = "\n".join(
            [f"{before}<!-- {name} -->", "", *made, "", f"<!-- end -->{rest.partition('<!-- end -->')[2]}"]
        )
    if "--write" in words:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
