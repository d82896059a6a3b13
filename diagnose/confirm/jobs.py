"""A trial becomes a job: its config is written, its command filled in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from diagnose.confirm.model import Trial
from diagnose.confirm.runs.job import Job, out_of
from diagnose.confirm.spec import Spec
from diagnose.confirm.template import CONFIG, SET, Template
from diagnose.confirm.variants import Variants


@dataclass(frozen=True, slots=True)
class Jobs:
    """Makes jobs.

    Attributes:
        folder: where the folders of runs go, absolute.
    """

    spec: Spec
    template: Template
    variants: Variants
    folder: Path

    def example(self, trial: Trial) -> tuple[str, ...]:
        """Return the command of a trial, without writing its config."""
        paths = self.variants.paths(trial.parts, trial.seed)
        settings = self.variants.settings(trial.parts, trial.seed) if SET in self.template.names else {}
        return self.template.filled(str(paths[0]), trial.seed, out_of(str(self.folder / "...")), settings)

    def __call__(self, trial: Trial) -> Job:
        """Return the job of a trial; the same trial gives the same key.

        Raises:
            DiagnoseError: if its config cannot be written.
        """
        return self._job(trial, self.variants.write(trial.parts, trial.seed) if CONFIG in self.template.names else ())

    def found(self, trial: Trial) -> Job | None:
        """Return the job of a trial without writing anything; None if its config was never written.

        Raises:
            DiagnoseError: if its config cannot be told.
        """
        if CONFIG not in self.template.names:
            return self._job(trial, ())
        paths = self.variants.written(trial.parts, trial.seed)
        return None if paths is None else self._job(trial, paths)

    def _job(self, trial: Trial, paths: tuple[Path, ...]) -> Job:
        settings = self.variants.settings(trial.parts, trial.seed) if SET in self.template.names else {}
        config = str(paths[0]) if paths else ""

        def made(folder: Path) -> Job:
            out = out_of(str(folder))
            return Job(
                argv=self.template.filled(config, trial.seed, out, settings),
                folder=str(folder),
                cwd=os.getcwd(),  # noqa: PTH109 - as the user's shell has it, links and all
                seed=trial.seed,
                repeat=trial.repeat,
                inputs=tuple(map(str, paths)),
                env=self.spec.env,
                read=self.spec.read,
                limits=self.spec.limits,
                gpus=self.spec.gpus,
                cpus=self.spec.cpus,
            )

        return made(self.folder / made(self.folder / "new").key()[:16])
