"""From two configs and a training command to a verdict on what changed between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from diagnose.api.session import Request, Session
from diagnose.confirm.arrange import Arrangement, arrange
from diagnose.confirm.confirmation import Asked, Confirmation, Planned
from diagnose.confirm.drive import PILOT, drive, pilots, say_nothing
from diagnose.confirm.evidence import Evidence
from diagnose.confirm.jobs import Jobs
from diagnose.confirm.model import Outcome, Trial
from diagnose.confirm.prefix import read_cut
from diagnose.confirm.record import check_place, earlier, place_of, write_record
from diagnose.confirm.replay import known_of, replay, rows_of
from diagnose.confirm.runs.batch import Bench
from diagnose.confirm.runs.budget import Spent
from diagnose.confirm.runs.environment import same_in_all
from diagnose.confirm.runs.executors import open_executor
from diagnose.confirm.runs.executors.local import Local
from diagnose.confirm.runs.folder import writing
from diagnose.confirm.runs.job import Job
from diagnose.confirm.runs.ledger import Ledger
from diagnose.confirm.runs.row import Row
from diagnose.confirm.silent import AGAIN, NOTHING, points, runs_in
from diagnose.confirm.spec import AUTO, Spec
from diagnose.confirm.studies.result import STEPS, StepRecord, StudyResult
from diagnose.confirm.studies.study import StudyOptions, plan, study
from diagnose.confirm.symptom import Question, question
from diagnose.confirm.template import typed
from diagnose.confirm.terms import Terms
from diagnose.confirm.terms import terms as terms_of
from diagnose.confirm.variants import ours_alone
from diagnose.engine.catalogue import catalogue
from diagnose.engine.expect.bench import read_arm
from diagnose.engine.inputs import collect
from diagnose.engine.lint import Options
from diagnose.engine.today import today
from diagnose.errors import DiagnoseError, SettingsError, SourceError
from diagnose.model import Run
from diagnose.rules import Rule
from diagnose.sources import MAX_BYTES
from diagnose.text.secrets import masked_words
from diagnose.text.wording import plural

PILOT_SEED = 20_000
"""How far from the first seed that of the first runs is: no step of a study uses it."""
MOST_AHEAD = 4
"""Probes of the search that are planned at once; more would be wasted on what the first ones settle."""
Watch = Callable[[Trial, Outcome | None], None]


class Confirmer(Session):
    """Settles one suspicion."""

    def __init__(self, request: Request, spec: Spec, watch: Watch = lambda *_: None) -> None:
        """Take what is to be settled.

        Args:
            request: paths of baseline and suspect, and the settings.
            spec: what the user asks.
            watch: told of each run that begins (None) or has ended (its outcome).

        Raises:
            SettingsError: for settings that are not valid.
        """
        super().__init__(request)
        self.spec, self.watch = spec, watch
        if spec.cut != AUTO:
            read_cut(spec.cut)
        todo = self.plan(spec.suspect)
        self.limit = todo.settings.max_size or MAX_BYTES
        self.options: Options = todo.options
        self.rules: tuple[Rule, ...] = catalogue(todo.settings.rules)
        question(spec.symptom, spec.metric, spec.better, None, self.options, self.rules)
        self.made: Arrangement = arrange(spec, self.limit)
        self.jobs = Jobs(spec, self.made.template, self.made.variants, self.made.folder / "runs")

    # --- before anything is run ---------------------------------------------------------------------------------------

    def planned(self) -> Planned:
        """Return what would be run, without running or writing anything.

        Raises:
            DiagnoseError: for what cannot be asked.
        """
        evidence = self._given_evidence()
        rows = rows_of(self.made.folder / "ledger.sqlite", self._again())
        pilots = 0
        if self._needs_pilots(evidence):
            pilots, evidence = self._known_pilots(rows)
        first = self._needs_pilots(evidence)
        terms = terms_of(self.spec, evidence, self.options, self.rules) if not first else self._open_terms()
        options = self._study_options(terms)
        steps = study(tuple(self.made.varied), self.made.prior, options)
        whole = tuple(sorted(self.made.varied))
        seeds = options.control_seeds[: options.looks[0]] if "control" not in options.skip else ()
        sure = [Trial(parts, seed) for parts in (whole, ()) for seed in seeds]
        known, complete = (0, False) if first else replay(steps, rows, self._judged_as(terms), self.jobs.found, sure)
        took = [row.outcome.seconds for row in rows.values() if row.outcome.seconds > 0]
        example = self.jobs.example(Trial(whole, self.spec.seed))
        return Planned(
            asked=self._asked(terms, open=first),
            plan=plan(tuple(self.made.varied), options),
            seconds=median(took) if took else None,
            basis=f"median of {plural(len(took), 'run')} in the ledger" if took else "",
            slots=self._slots(),
            gpus=self.spec.gpus,
            example=typed(masked_words(example)),
            pilots=2 if first or pilots else 0,
            known=known + pilots,
            complete=complete,
        )

    def _known_pilots(self, rows: Mapping[str, Row]) -> tuple[int, Evidence | None]:
        """Return how many first runs are known, and what they tell if both are."""
        jobs = [self.jobs.found(trial) for trial in self._first() if known_of(trial, rows, self.jobs.found)]
        logs = [max(runs_in(job), key=points, default=None) for job in jobs if job is not None]
        if len(logs) < 2 or logs[0] is None or logs[1] is None:
            return len(jobs), None
        return len(jobs), Evidence(logs[0], logs[1], from_pilots=True)

    # --- the study ----------------------------------------------------------------------------------------------------

    def confirm(self) -> Confirmation:
        """Run the study to its end, going on where an earlier session ended.

        A record that can no longer be written at its end is told in what is returned.

        Raises:
            DiagnoseError: for what cannot be asked, started or written.
        """
        evidence = self._given_evidence()
        made, spec = self.made, self.spec
        with writing(str(made.folder)):
            ours_alone(made.folder)
            self._keep_out_of_git()
        check_place(made.id, spec.suspect)
        with Ledger(made.folder / "ledger.sqlite", made.id, spec.executor) as ledger:
            options = {**spec.options}
            executor = open_executor(
                spec.executor,
                folder=str(made.folder / "cluster"),
                slots=spec.slots,
                address=spec.address,
                options=options,
            )
            try:
                bench = Bench(
                    ledger,
                    executor,
                    self.jobs,
                    say_nothing,
                    PILOT,
                    budget=spec.budget,
                    again=self._again(),
                    watch=self.watch,
                )
                if self._needs_pilots(evidence):
                    evidence = self._pilots(bench)
                    if evidence is None:
                        return self._nothing_asked(ledger.spent())
                terms = terms_of(self.spec, evidence, self.options, self.rules)
                bench.judge, bench.judged_as = terms.question, self._judged_as(terms)
                atoms = tuple(made.varied)
                result, outcomes = drive(study(atoms, made.prior, self._study_options(terms)), bench)
                spent = ledger.spent()
                checked = same_in_all(*ledger.circumstances({self.jobs(one.trial).key() for one in outcomes}))
            finally:
                executor.close()
        result = replace(result, not_varied=(*result.not_varied, checked, *made.not_varied))
        asked = self._asked(terms)
        asked = replace(asked, notes=(*asked.notes, *made.variants.notes))
        pilots = 2 if evidence is not None and evidence.from_pilots else 0
        said, stays = earlier(made.id, spec.suspect, result)
        asked = replace(asked, notes=(*asked.notes, said)) if said else asked
        found = Confirmation(asked=asked, result=result, outcomes=tuple(outcomes), spent=spent, pilots=pilots)
        try:
            kept = place_of(made.id, spec.suspect) if stays else write_record(found, spec.suspect, today().isoformat())
        except DiagnoseError as error:
            why = f"{error}. Without this record the id is worth nothing to a waiver."
            return replace(found, asked=replace(asked, notes=(*asked.notes, why)), unwritten=why)
        return replace(found, record=str(kept))

    def _nothing_asked(self, spent: Spent) -> Confirmation:
        """Return what a study has come to whose budget does not reach for the runs that tell what to ask."""
        skip = self.spec.skip
        result = StudyResult(
            "undecided",
            "The budget was spent before the two first runs, which tell what to ask. Say --symptom or --metric to do "
            "without them, or give more.",
            steps=tuple(StepRecord(name, "skipped" if name in skip else "not-reached") for name in STEPS),
            not_varied=self.made.not_varied,
        )
        terms = self._open_terms()
        asked = self._asked(replace(terms, question=replace(terms.question, symptom="")), open=True)
        return Confirmation(asked=asked, result=result, outcomes=(), spent=spent, pilots=spent.runs)

    def _again(self) -> frozenset[str]:
        return frozenset({"failed", "timeout"} if self.spec.again else ())

    def _judged_as(self, terms: Terms) -> str:
        return " ".join((terms.question.text, *self.spec.read))

    def _first(self) -> list[Trial]:
        """Return the first runs, which tell what to ask."""
        seed = self.spec.seed + PILOT_SEED
        return [Trial(tuple(sorted(self.made.varied)), seed), Trial((), seed)]

    def _pilots(self, bench: Bench) -> Evidence | None:
        """Return what the first runs tell; None if the budget does not reach for them."""
        trials = self._first()
        logs = pilots(trials, bench)
        if logs is None:
            return None
        bad, good = logs
        if bad is None or good is None:
            which = "suspect" if bad is None else "baseline"
            log = self.jobs(trials[0 if bad is None else 1]).folder
            mend = f"look at {log}/console.log; {NOTHING}; {AGAIN}"
            raise SourceError(
                f"nothing that could be read was logged by the first run of the {which} config", mend=mend
            )
        return Evidence(bad, good, from_pilots=True)

    def _keep_out_of_git(self) -> None:
        ignore = Path(self.spec.folder) / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")

    # --- what is asked ------------------------------------------------------------------------------------------------

    def _given_evidence(self) -> Evidence | None:
        bad = self._log(self.spec.suspect_run) or self._own_log(self.spec.suspect)
        good = self._log(self.spec.baseline_run) or self._own_log(self.spec.baseline)
        return Evidence(bad, good) if bad is not None else None

    def _log(self, path: str) -> Run | None:
        if not path:
            return None
        return read_arm("run", path, collect([path], limit=self.limit), self.options).run

    def _own_log(self, path: str) -> Run | None:
        """Return the log of a side that is a run and no mere config."""
        side = self.made.new if path == self.spec.suspect else self.made.old
        if not any(part.series for part in side.fits):
            return None
        return self._log(path)

    def _needs_pilots(self, evidence: Evidence | None) -> bool:
        return evidence is None and not self.spec.symptom and not (self.spec.metric and self.spec.metric != "none")

    def _open_terms(self) -> Terms:
        """Return terms for a dry run whose first runs would tell what to ask."""
        later = "taken from two first runs, one with each config"
        return Terms(Question("true", "", "", None, Options(())), {"symptom": later})

    def _study_options(self, terms: Terms) -> StudyOptions:
        spec, asked = self.spec, terms.question
        return _valid(
            symptom=bool(asked.symptom),
            metric=bool(asked.metric),
            better=asked.better or None,
            suspects=self.made.suspects,
            fix=bool(self.made.variants.fix),
            skip=spec.skip,
            seed=spec.seed,
            sesoi=spec.sesoi,
            parallel=min(MOST_AHEAD, self._slots()),
            merged=tuple(id for id, one in self.made.varied.items() if len(one.keys) > 1),
            aside=self.made.aside,
            seeded=not spec.unseeded,
        )

    def _slots(self) -> int:
        if self.spec.executor == "local":
            return max(1, Local(self.spec.slots).most(Job((), "", gpus=self.spec.gpus, cpus=self.spec.cpus)))
        return self.spec.slots or MOST_AHEAD

    def _asked(self, terms: Terms, *, open: bool = False) -> Asked:
        made = self.made
        return Asked(
            id=made.id,
            comparison=made.comparison,
            diff=made.diff,
            varied=made.varied,
            prior=made.prior,
            question=terms.question,
            command=typed(masked_words(made.template.words)),
            origins=terms.origins,
            notes=(*made.notes, *terms.notes),
            budget=self.spec.budget,
            executor=self.spec.executor,
            open=open,
            aside=made.aside,
        )


def _valid(**given: Any) -> StudyOptions:
    """Return the options. Raises SettingsError for what makes no study."""
    try:
        return StudyOptions(**given)
    except ValueError as error:
        raise SettingsError(str(error)) from None
