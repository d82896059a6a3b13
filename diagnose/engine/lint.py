"""All inputs through all steps: the one function behind ``diagnose lint``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from diagnose import logs
from diagnose.engine.apply import apply
from diagnose.engine.enrich import enrich
from diagnose.engine.fingerprint import fingerprint
from diagnose.engine.fold import fold
from diagnose.engine.gate import Gate
from diagnose.engine.gather import gather
from diagnose.engine.hit import Hit
from diagnose.engine.inputs import Input
from diagnose.engine.policy import policy_events
from diagnose.engine.quick import Quick
from diagnose.engine.quote import Quotes
from diagnose.engine.shortlist import Shortlist
from diagnose.engine.summarised import baseline_of, with_its_runs
from diagnose.engine.suspects import suspects
from diagnose.engine.thinned import told_of_thinning
from diagnose.engine.together import Work, together
from diagnose.engine.view import View
from diagnose.engine.wording import advice, words
from diagnose.errors import DiagnoseError, RuleError, SourceError
from diagnose.language import LanguageError, MissingError
from diagnose.model import SEVERITIES, Event, FileReport, Finding, Place, Report, Run, Segment
from diagnose.records import dataclass, field, replace
from diagnose.rules import Rule
from diagnose.sources import Source, text_of

if TYPE_CHECKING:
    from diagnose.engine.cache import Cache


@dataclass(slots=True)
class Options:
    """How to lint.

    Attributes:
        rules: the selected rules.
        severity: severity of a rule by name, in place of its own.
        thresholds: parameters of a rule by name; ``{"metrics": {name: {...}}}`` inside holds those of one metric.
        format: read every input as this format instead of detecting it.
        frames: read every state of a progress bar, not only the last one of each epoch.
        keep: a last word on each finding, such as a baseline; findings it refuses are counted as suppressed.
        gate: what permits findings in configs, and the policy; None heeds neither.
        strict: raise the error of a rule that is at fault; else the file's ``detail`` names it and the others go on.
        causes: weigh causes once the findings are there, into ``Report.causes``.
        cache: what is known of logs that were read before.
    """

    rules: Sequence[Rule]
    severity: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    format: str = ""
    frames: bool = False
    keep: Callable[[Finding], bool] = lambda _: True
    gate: Gate | None = None
    strict: bool = False
    causes: bool = False
    cache: Cache | None = None
    _shortlist: Shortlist | None = field(default=None, init=False, repr=False, compare=False)
    _quick: Quick | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def shortlist(self) -> Shortlist:
        """The rules that are applied to segments; causes are weighed once all findings are there."""
        if self._shortlist is None:
            self._shortlist = Shortlist(rule for rule in self.rules if not rule.is_cause)
        return self._shortlist

    @property
    def quick(self) -> Quick:
        """The same rules, made ready for segments that are alike."""
        if self._quick is None:
            self._quick = Quick(self.shortlist, self.thresholds)
        return self._quick


def lint(inputs: Iterable[Input], options: Options) -> Report:
    """Lint inputs one after the other; what goes wrong with one does not touch the others.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    report = Report()
    for given in inputs:
        together([steps(given, options, report)])
    return report


def steps(given: Input, options: Options, report: Report) -> Work[None]:
    """Lint an input step by step, and enter what is found into a report; the gate counts in the last step alone.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    file = FileReport(given.path)
    report.files.append(file)
    try:
        if given.error is not None:
            raise given.error
        findings = yield from _lint_one(given, file, options, report)
    except RuleError:
        raise  # only where the options are strict
    except DiagnoseError as error:
        file.status, file.detail = "error", _told(error, given.path)
        return
    kept, dropped = sifted(findings, options)
    report.findings += kept
    report.suppressed += dropped + file.suppressed


def sifted(findings: list[Finding], options: Options) -> tuple[list[Finding], int]:
    """Return the distinct findings that the last word on each lets pass, and how many it does not."""
    found = list(_distinct(findings))
    kept = [finding for finding in found if options.keep(finding)]
    return kept, len(found) - len(kept)


def _told(error: DiagnoseError, path: str) -> str:
    """Return an error with its line, which may stand in another file (a base), and with how to mend it."""
    where = ""
    if error.place is not None and (error.place.line > 1 or error.place.path not in ("", path)):
        at = error.place
        where = f"line {at.line}: " if at.path == path else f"{at.path}:{at.line}: "
    return f"{where}{error.message}" + (f" ({error.mend})" if error.mend else "")


def _lint_one(given: Input, file: FileReport, options: Options, report: Report) -> Work[list[Finding]]:
    if all(not source.head for source in given.sources):
        file.detail = "the file is empty: nothing was ever written to it (check where the program logs to)"
        path = given.sources[0].path
        return lint_run(Run(path, "empty", [Segment("", 0, path, 1, 1)], [path]), file, options, {})
    read = options.cache.read if options.cache is not None else logs.read
    sources = [replace(source, frames=True) for source in given.sources] if options.frames else given.sources
    runs = [run for source in sources if (run := read(source, options.format)) is not None]
    if not runs:
        file.status, file.detail = (
            "unknown",
            "no known format matched (name it with --format, see `diagnose formats list`)",
        )
        return []
    if len(runs) > 1:
        from diagnose.engine.merge import merge

        runs = [merge(runs)]
    run = enrich(runs[0])
    if not run.segments and options.format:
        file.status, file.detail = "unknown", f"nothing in it could be read as {options.format}"
        return []
    if not run.segments:
        run.segments = [Segment("", 0, run.path, 1, 1)]  # nothing was read, and a rule says so
    run, more = with_its_runs(run, given.sources[0].limit)
    file.covers = tuple(more)
    known = {source.path: source for source in given.sources} | more
    yield
    found = yield from _found(run, file, options, known)
    findings = reviewed(found, run, file, options, known)
    weigh_causes(run, findings, report, options, known)
    report.notes += told_of_thinning(run)
    return findings


def weigh_causes(
    run: Run, findings: Sequence[Finding], report: Report, options: Options, sources: Mapping[str, Source]
) -> None:
    """Add the causes that the findings in a run speak for to the report, if the options ask for them.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    if options.causes:
        from diagnose.engine.causes import causes_of

        thresholds, strict = options.thresholds, options.strict
        report.causes += causes_of(run, findings, options.rules, thresholds=thresholds, sources=sources, strict=strict)


def lint_run(run: Run, file: FileReport, options: Options, sources: Mapping[str, Source]) -> list[Finding]:
    """Return the findings in a run that has been read, and fill in its file report.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    (findings,) = together([_found(run, file, options, sources)])
    return findings


def _found(run: Run, file: FileReport, options: Options, sources: Mapping[str, Source]) -> Work[list[Finding]]:
    """Do what ``lint_run`` does, step by step."""
    run = _with_policy(run, options)
    file.format, file.runs = run.format, len(run.segments)
    file.epochs = sum(segment.epochs for segment in run.segments)
    file.series = len({name for segment in run.segments for name in segment.series})
    yield
    by_segment = _hits(run, file, options)
    by_segment = chain([next(by_segment, [])], by_segment)
    yield
    # Worded segment by segment: what a hit was found with is as large as the segment.
    findings = gather([_findings(hits, file, options) for hits in by_segment])
    yield
    quotes = Quotes(sources)
    quotes.fetch(place for finding in findings for place in _places(finding))
    return [_quoted(finding, quotes) for finding in findings]


def reviewed(
    findings: list[Finding], run: Run, file: FileReport, options: Options, sources: Mapping[str, Source]
) -> list[Finding]:
    """Return the findings without those that a comment or a waiver permits, and with those about permits.

    Args:
        findings: all that was found in the run, also by several calls of ``lint_run``.
        run: what was linted; of a comparison, the new side alone, whose segment has the changes.
        file: its report; what was suppressed is counted there.
        options: as for ``lint_run``.
        sources: what was read.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    if options.gate is None:
        return findings

    def read(path: str) -> str:
        from diagnose.configs.files import LARGEST, tree_of

        source, main = sources.get(path), sources.get(run.path)
        if source is not None:
            if source.size > LARGEST:
                raise SourceError("too large for a config", place=Place(path))
            return text_of(source)
        return main.beside(path) if main is not None and main.beside is not None else tree_of(run.path).read(path)

    kept, events = options.gate.review(findings, run, file, read)
    return kept + judged(events, run.path, file, options)


def judged(events: list[Event], path: str, file: FileReport, options: Options) -> list[Finding]:
    """Return what the rules about permits find in the events of a review.

    Raises:
        RuleError: if a rule is at fault and the options are strict.
    """
    if not events:
        return []
    from diagnose.engine.waive import about_permits

    rules = [rule for rule in options.rules if about_permits(rule)]
    told = FileReport(path)
    run = Run(path, file.format, [Segment("", 0, path, 1, 1, events=events)], [path])
    findings = lint_run(run, told, replace(options, rules=rules, gate=None), {})
    file.ran |= told.ran
    file.detail = file.detail or told.detail
    file.skipped = {name: lack for name, lack in file.skipped.items() if name not in told.ran}
    return findings


def _with_policy(run: Run, options: Options) -> Run:
    """Return the run with events that tell where it leaves the policy."""
    if options.gate is None:
        return run
    policy = options.gate.policy
    more = [policy_events(segment, policy) for segment in run.segments]
    if not any(more):
        return run
    pairs = zip(run.segments, more, strict=True)
    return replace(run, segments=[replace(segment, events=segment.events + events) for segment, events in pairs])


def _places(finding: Finding) -> Iterable[Place]:
    return (finding.place, *(evidence.place for evidence in finding.evidence), *finding.places)


def _quoted(finding: Finding, quotes: Quotes) -> Finding:
    """Return a finding with the lines that it points at."""
    return replace(
        finding,
        place=quotes.place(finding.place),
        evidence=tuple(quotes.evidence(evidence) for evidence in finding.evidence),
        places=tuple(quotes.place(place) for place in finding.places),
    )


def _hits(run: Run, file: FileReport, options: Options) -> Iterator[list[Hit]]:
    baseline = baseline_of(run)
    for segment in run.segments:
        if segment is baseline:
            continue
        view = View(run, segment, baseline)
        hits: list[Hit] = []
        todo, lacks, settled = options.quick.of(view)
        file.skipped = {**lacks, **file.skipped}
        file.ran |= settled
        for rule, ready, holds in todo:
            try:
                found = apply(rule, view, options.thresholds.get(rule.name, {}), ready, holds=holds)
            except MissingError as error:
                file.skipped.setdefault(rule.name, error.what)
                continue
            except (LanguageError, RuleError) as error:
                _at_fault(rule, error, file, options)
                continue
            file.ran.add(rule.name)
            for hit in found:
                hit.severity = options.severity.get(rule.name, hit.severity)
            hits += found
        yield fold(hits)
    for name in file.ran:
        file.skipped.pop(name, None)


def _at_fault(rule: Rule, error: DiagnoseError, file: FileReport, options: Options) -> None:
    """Raise the fault of a rule, or note it with the file."""
    if options.strict:
        raise RuleError(f"rule {rule.name}: {error.message}", place=Place(str(rule.path))) from None
    file.detail = file.detail or f"the rule {rule.name} is at fault and was left out: {error.message}"


def _findings(hits: list[Hit], file: FileReport, options: Options) -> list[Finding]:
    findings = []
    found = {hit.rule.name: hit for hit in hits}
    for hit in hits:
        try:
            findings.append(_finding(hit, found))
        except (LanguageError, RuleError) as error:
            _at_fault(hit.rule, error, file, options)
    return sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), finding.place.line))


def _finding(hit: Hit, found: Mapping[str, Hit]) -> Finding:
    rule, segment = hit.rule, hit.segment.name
    return Finding(
        rule.code,
        rule.name,
        hit.severity,
        words(rule.message, hit.scope),
        hit.place,
        segment,
        hit.subject,
        tuple(hit.evidence),
        suspects(hit, found),
        words(rule.why, hit.scope),
        advice(rule.advice, hit.scope),
        tuple(dict.fromkeys(hit.folded)),
        fingerprint(rule.code, hit.subject, segment, hit.place.path),
    )


def _distinct(findings: list[Finding]) -> Iterable[Finding]:
    """Yield findings with fingerprints of their own: the second of equals gets ``:2``."""
    seen: dict[str, int] = {}
    for finding in findings:
        number = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        yield finding if number == 1 else replace(finding, fingerprint=f"{finding.fingerprint}:{number}")
