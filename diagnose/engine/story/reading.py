"""One input read and judged for a report: the run itself is kept, and a baseline stands beside each of its parts."""

from __future__ import annotations

from diagnose import logs
from diagnose.engine.diff.run import BASELINE, compares
from diagnose.engine.enrich import enrich
from diagnose.engine.inputs import Input
from diagnose.engine.lint import Options, lint_run, reviewed, sifted
from diagnose.engine.merge import merge
from diagnose.engine.quote import Quotes
from diagnose.engine.story.settings import changed
from diagnose.engine.summarised import with_its_runs
from diagnose.errors import SourceError
from diagnose.model import Change, FileReport, Finding, Place, Run, Segment
from diagnose.patterns import lazy
from diagnose.records import dataclass, field, replace
from diagnose.sources import Source

NOTHING = "nothing a report could tell of"
NUMBER = lazy(r"(?<=\d)/\d+|\W+")
"""What does not count in the name of a part: signs, and of how many it is one."""


@dataclass(slots=True)
class Reading:
    """A run, what was found in it, and what it is compared with.

    Attributes:
        baseline: by the index of a segment, the one of the baseline that it is compared with.
        beside: the same without a run: the old side of a config diff, whose settings alone are known.
    """

    run: Run
    file: FileReport
    sources: dict[str, Source]
    findings: list[Finding] = field(default_factory=list)
    suppressed: int = 0
    baseline: dict[int, Segment] = field(default_factory=dict)
    beside: dict[int, Segment] = field(default_factory=dict)

    @property
    def quotes(self) -> Quotes:
        """Looks up lines of this run and of its baseline."""
        return Quotes(self.sources)


def read(given: Input, format: str = "", *, frames: bool = False) -> Reading:
    """Return a run that has been read and not yet judged; with *frames*, with every state of its progress bars.

    Raises:
        SourceError: if it cannot be read, is empty, of no known format, or holds no run.
    """
    if given.error is not None:
        raise given.error
    place = Place(given.path)
    if all(not source.head for source in given.sources):
        mend = "check where the program logs to"
        raise SourceError(f"the file is empty: {NOTHING}", place=place, mend=mend)
    sources = [replace(source, frames=frames) for source in given.sources]
    runs = [run for source in sources if (run := logs.read(source, format)) is not None]
    if not runs:
        mend = "name it with --format, see `diagnose formats list`"
        raise SourceError("no known format matched", place=place, mend=mend)
    run = enrich(runs[0] if len(runs) == 1 else merge(runs))
    if not any(one.series or one.events or one.facts or one.config for one in run.segments):
        mend = "name the log of a training run, a results file, or the folder of a run"
        raise SourceError(f"{run.format} with no record in it: {NOTHING}", place=place, mend=mend)
    run, more = with_its_runs(run, given.sources[0].limit)
    file = FileReport(given.path, covers=tuple(more))
    return Reading(run, file, {source.path: source for source in given.sources} | more)


def judge(reading: Reading, options: Options, changes: tuple[Change, ...] | None = None) -> None:
    """Fill in the findings: those of the run itself, then those that a baseline or a config diff shows.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    run, file = reading.run, reading.file
    found = lint_run(run, file, _only(options, compared=False), reading.sources)
    ran, skipped = set(file.ran), dict(file.skipped)
    others = reading.baseline or reading.beside
    seen: set[tuple[str, str, str]] = set()
    for segment in run.segments if others else ():
        before = others.get(segment.index)
        if before is None:
            continue
        differ = changes
        if differ is None and segment.config and before.config:
            differ = changed(segment, before)[0]
        pair = [replace(segment, changes=differ), replace(before, name=BASELINE, index=len(run.segments))]
        told = FileReport(file.path)
        for one in lint_run(
            Run(run.path, run.format, pair, run.paths), told, _only(options, compared=True), reading.sources
        ):
            if (one.code, one.subject, one.message) not in seen:  # a config diff is the same for every segment
                seen.add((one.code, one.subject, one.message))
                found.append(one)
        ran |= told.ran
        skipped |= told.skipped
    file.ran, file.skipped = ran, {name: lack for name, lack in skipped.items() if name not in ran}
    file.runs, file.format = len(run.segments), run.format
    kept, dropped = sifted(reviewed(found, run, file, options, reading.sources), options)
    reading.findings += kept
    reading.suppressed += dropped + file.suppressed


def stand_beside(reading: Reading, baseline: Reading) -> None:
    """Pair the segments of a run with those of its baseline: by name, else by position, else with the last one."""
    reading.sources |= {path: source for path, source in baseline.sources.items() if path not in reading.sources}
    mine, others = reading.run.segments, baseline.run.segments
    named = {_slug(segment.name): segment for segment in others}
    for segment in mine:
        if _slug(segment.name) in named:
            reading.baseline[segment.index] = named[_slug(segment.name)]
        elif len(mine) == len(others):
            reading.baseline[segment.index] = others[mine.index(segment)]
        elif len(mine) == 1 and others:
            reading.baseline[segment.index] = others[-1]


def _slug(name: str) -> str:
    return NUMBER.sub(" ", name.lower()).strip()


def _only(options: Options, *, compared: bool) -> Options:
    return replace(options, rules=[rule for rule in options.rules if compares(rule) == compared])
