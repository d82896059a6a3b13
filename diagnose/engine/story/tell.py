"""Readings to the story that a report shows: chapters by run, then what to do next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath

import numpy as np

from diagnose.engine.diff.side import Side
from diagnose.engine.fixplan import FixPlan
from diagnose.engine.lint import Options
from diagnose.engine.story import curves, settings
from diagnose.engine.story.commands import command_of
from diagnose.engine.story.criteria import criteria
from diagnose.engine.story.expected import compared, expectations
from diagnose.engine.story.expectfile import expect_file
from diagnose.engine.story.formulas import formulas
from diagnose.engine.story.lessons import lessons
from diagnose.engine.story.limits import limits
from diagnose.engine.story.reading import Reading
from diagnose.engine.story.recovery import recovery
from diagnose.engine.story.summary import summary
from diagnose.engine.story.suspicions import suspicions
from diagnose.engine.story.timeline import timeline
from diagnose.engine.story.told import best, best_until, judge_of, place, shared_epoch
from diagnose.model import Change, Comparison, Finding, Result, Run, Segment
from diagnose.model.finding import SEVERITIES
from diagnose.model.story import UNTESTED, Chapter, Statement, Story
from diagnose.names import traits
from diagnose.records import dataclass, field, replace
from diagnose.text.wording import plural

GRAVE = ("error", "warning")
GENERIC = frozenset(
    (
        "results.csv",
        "results.txt",
        "metrics.csv",
        "output.log",
        "trainer_state.json",
        "None.log.json",
        "log.txt",
        "train.log",
        "training.log",
        "scalars.json",
        "history.csv",
        "nohup.out",
    )
)
"""File names of which every run has one."""
CERTAIN = 3.5
"""Weight of a suspect from which on a run is not called healthy though no rule warns of it alone: several signs agree.

Ours: of 94 healthy runs of the corpus none has such a suspect.
"""
HIDES_NAN = "loss-zero-hides-nan"
ALONE = 2
"""Changes from which on no single one can be blamed without a run of its own."""


@dataclass(slots=True)
class Pair:
    """Two configs whose difference is part of the report."""

    comparison: Comparison
    old: Side
    new: Side
    plan: FixPlan | None = None


@dataclass(slots=True)
class Given:
    """What a report is made of.

    Attributes:
        readings: each with the options it was judged with.
        baseline: the run that was compared with.
        pair: the configs that were compared.
        folder: where the files of the plan stand, or would.
        written: the same if they are written; empty if not.
    """

    readings: list[tuple[Reading, Options]] = field(default_factory=list)
    baseline: Reading | None = None
    pair: Pair | None = None
    folder: str = ""
    written: str = ""


def governed(reading: Reading, pair: Pair) -> None:
    """Put a run under the new config of a pair, unless its log tells its own; its baseline under the old one."""
    for segment in reading.run.segments:
        if not segment.config:
            segment.config = pair.new.config
    for index, segment in reading.baseline.items():
        if not segment.config:
            reading.baseline[index] = replace(segment, config=pair.old.config)
    reading.sources |= pair.old.sources | pair.new.sources
    if not reading.baseline and reading.run.segments:
        last = reading.run.segments[-1]
        reading.beside = {last.index: replace(pair.old.segment, name="baseline", index=len(reading.run.segments))}


def of_config(pair: Pair) -> Reading:
    """Return a new config on its own as a reading, for a report before any run."""
    from diagnose.model import FileReport

    segment = replace(pair.new.segment, name="", index=0)
    run = Run(pair.new.path, pair.new.format, [segment], [pair.new.path])
    return Reading(run, FileReport(pair.new.path), pair.old.sources | pair.new.sources)


def tell(given: Given) -> Story:
    """Return the story."""
    story = Story(_title(given))
    story.baseline = given.baseline.run.path if given.baseline else ""
    number = 0
    changes = given.pair.comparison.changes if given.pair else None
    for reading, options in given.readings:
        _take_for_nan(reading)
        ranked = sorted(reading.findings, key=lambda one: SEVERITIES.index(one.severity))
        found = [(number + at, finding) for at, finding in enumerate(ranked, 1)]
        number += len(found)
        story.findings += found
        story.files.append(reading.file)
        story.chapters.append(_chapter(reading, options, found, changes))
    story.comparisons = list(_comparisons(given))
    _what_next(story, given)
    return story


def _take_for_nan(reading: Reading) -> None:
    """Take losses of 0 for the NaN that they hide, where a rule has found that they do: they are no record low."""
    if not any(finding.name == HIDES_NAN for finding in reading.findings):
        return
    for segment in reading.run.segments:
        loss = segment.series.get("train/loss")
        if loss is not None:
            segment.series["train/loss"] = replace(loss, value=np.where(loss.value == 0, np.nan, loss.value))


def _title(given: Given) -> str:
    names = [named(reading.run.path) for reading, _ in given.readings]
    return names[0] if len(names) == 1 else f"{len(names)} runs"


def named(path: str) -> str:
    """Return what a run is called: its file, with the folder where the file is called like many others."""
    file = PurePath(path)
    return "/".join(file.parts[-2:]) if file.name in GENERIC and len(file.parts) > 1 else file.name or path


def _chapter(
    reading: Reading, options: Options, found: list[tuple[int, Finding]], changes: tuple[Change, ...] | None
) -> Chapter:
    run, healthy = reading.run, not any(finding.severity in GRAVE for _, finding in found)
    causes, judged = suspicions(reading, options, changes)
    if healthy and not (judged and causes[0].score >= CERTAIN):
        causes, judged = (), False
    healthy = healthy and not causes
    rows, more_series = curves.rows(run.segments)
    table, more_settings = settings.table(run.segments)
    expected, more_expected = expectations(run.segments, reading.baseline, found)
    return Chapter(
        reading.file,
        tuple(segment.name for segment in run.segments),
        summary(run, named(run.path), found, reading.baseline, reading.sources),
        tuple(found),
        causes,
        judged,
        timeline(run.segments, found, reading.quotes),
        curves.charts(run.segments, found, reading.baseline),
        rows,
        more_series,
        table,
        more_settings,
        expected,
        more_expected,
        healthy,
        formulas(run.segments),
    )


def _comparisons(given: Given) -> Iterator[Comparison]:
    if given.baseline is None:
        if given.pair is not None:
            yield given.pair.comparison
        return
    beside: list[Result] = []
    for reading, _ in given.readings:
        found: dict[str, Change] = {}
        same = 0
        results: list[Result] = []
        for segment in reading.run.segments:
            before = reading.baseline.get(segment.index)
            if before is None:
                continue
            if given.pair is None:
                differ, alike = settings.changed(segment, before)
                same = max(same, alike)
                for change in differ:
                    found.setdefault(change.key, change)
            results += _results(segment, before, named=len(reading.run.segments) > 1)
        beside += results
        ranked = tuple(sorted(found.values(), key=lambda change: change.rank))
        if given.pair is None and (ranked or results):
            yield Comparison(given.baseline.run.path, reading.run.path, ranked, tuple(results), same)
    if given.pair is not None:
        yield replace(given.pair.comparison, results=(*given.pair.comparison.results, *beside))


def _results(segment: Segment, before: Segment, *, named: bool) -> Iterator[Result]:
    series = judge_of(segment)
    other = before.series.get(series.name) if series is not None else None
    if series is None or other is None or (mine := best(series)) is None or (theirs := best(other)) is None:
        return
    now, then = float(series.value[mine]), float(other.value[theirs])
    verdict = compared(series.name, now, then)
    shared = shared_epoch(series, other)
    if shared is not None and (one := best_until(series, shared)) and (two := best_until(other, shared)):
        verdict = verdict if compared(series.name, one[0], two[0]) == verdict else "unequal length"
    name = f"{series.name} ({segment.name})" if named and segment.name else series.name
    yield Result(
        name, series.printed, traits(series.name).better, (then,), (now,), None, verdict,
        place(other, theirs), place(series, mine),
    )  # fmt: skip


def _what_next(story: Story, given: Given) -> None:
    """Add plan, scenarios, criteria and lessons, where anything is wrong or was changed."""
    sick = [at for at, chapter in enumerate(story.chapters) if not chapter.healthy]
    worse = any(one.verdict == "worse" for pair in story.comparisons for one in pair.results)
    story.untested = list(_untested(story, given, sick=bool(sick)))
    if not given.readings or (not sick and not worse and given.pair is None):
        return
    at = sick[0] if sick else 0
    chapter, (reading, _) = story.chapters[at], given.readings[at]
    fits, findings = reading.run.segments, [finding for _, finding in chapter.findings]
    plan = given.pair.plan if given.pair else None
    logged = [source for path, source in reading.sources.items() if path in (reading.run.path, *reading.run.paths)]
    framework = fits[-1].config.framework if fits else ""
    limit = limits(fits, findings, reading.baseline)
    story.recovery, story.scenarios, trials = recovery(
        chapter.causes,
        plan,
        command_of(reading.run, framework, logged),
        limit,
        run=reading.run.path,
        baseline=story.baseline,
        folder=given.folder,
    )
    explained = chapter.causes[0].explains if chapter.causes else ()
    story.criteria = list(criteria(fits, findings, reading.baseline, explained, limit.epochs))
    beside = os.path.relpath(story.baseline, given.written) if story.baseline and given.written else story.baseline
    story.expect = expect_file(named(reading.run.path), beside, story.criteria, trials)
    story.lessons = lessons(story.findings)


def _untested(story: Story, given: Given, *, sick: bool) -> Iterator[Statement]:
    if sick:
        yield Statement(
            "No suspect was tested: each rests on what was logged, and stays one until a run has removed it alone.",
            UNTESTED,
        )
    for comparison in story.comparisons:
        effective = [change for change in comparison.changes if change.risk != "none"]
        if len(effective) >= ALONE:
            yield Statement(
                f"{plural(len(effective), 'setting')} differ between {comparison.old} and {comparison.new}, and none "
                "was changed alone: the difference in the result belongs to all of them together.",
                UNTESTED,
            )
    if story.baseline and any(comparison.results for comparison in story.comparisons):
        yield Statement("One run on each side: how far two runs of the same settings lie apart is not known.", UNTESTED)
    if sick:
        for chapter in story.chapters:
            if not chapter.settings:
                yield Statement(f"{chapter.file.path} states no settings, so none of them was judged.", UNTESTED)
