"""What some settings and comments permit, looked at once all findings of a run are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from diagnose.configs.comments import syntax_of
from diagnose.errors import DiagnoseError
from diagnose.model import Event, FileReport, Finding, Run
from diagnose.records import dataclass, field
from diagnose.rules import Rule
from diagnose.settings import Policy

if TYPE_CHECKING:
    from diagnose.engine.waive import Permit

GLOB = frozenset("*?[!")


@dataclass(slots=True)
class Gate:
    """What some settings permit, and what was made of it over all files.

    Attributes:
        rules: all rules there are, selected or not.
        policy: of the settings.
        waivers: the permits of the settings.
        require_reasons: whether an ``ignore`` needs a reason.
        counts: suppressed findings, by the label of what permitted them.
    """

    rules: Sequence[Rule] = ()
    policy: Policy = field(default_factory=Policy)
    waivers: Sequence[Permit] = ()
    require_reasons: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def review(
        self, findings: Iterable[Finding], run: Run, file: FileReport, read: Callable[[str], str]
    ) -> tuple[list[Finding], list[Event]]:
        """Return the findings that stand, and events that tell of permits which do not do what they should.

        Args:
            findings: all findings about the run.
            run: what was linted; comments count in its files, and in those its settings stand in.
            file: its report: rules that ran; the suppressed findings are counted there.
            read: returns the text of a path; raises DiagnoseError or OSError where there is none.
        """
        findings = list(findings)
        settings = (setting for segment in run.segments for setting in segment.config.settings.values())
        paths = dict.fromkeys([run.path, *run.paths, *(setting.place.path for setting in settings)])
        inline = [permit for path in paths for permit in self._inline(path, run, read)]
        if not inline and not self.waivers:
            return findings, []
        from diagnose.engine.review import Review, is_for

        permits = [*inline, *(permit for permit in self.waivers if is_for(permit, paths))]
        return Review(self, run, permits, file).done(findings) if permits else (findings, [])

    def _inline(self, path: str, run: Run, read: Callable[[str], str]) -> Iterator[Permit]:
        syntax = syntax_of(path, run.format if path == run.path else "")
        if not syntax:
            return
        try:
            text = read(path)
        except (DiagnoseError, OSError, ValueError):
            return  # the reader of configs has said so
        from diagnose.configs.directives import directives
        from diagnose.engine.waive import from_directive

        for directive in directives(text, path, syntax):
            yield from_directive(directive, self.rules, self.policy, require_reasons=self.require_reasons)

    def leftover(self, *, whole: bool = False) -> list[Event]:
        """Return events for waivers of the settings that covered nothing in all that was linted.

        Args:
            whole: whether all files below the settings were linted; else only waivers of one named file are told.
        """
        found: list[Event] = []
        if not self.waivers:
            return found
        from diagnose.engine.review import unused

        for permit in self.waivers:
            literal = permit.globs and not any(GLOB & set(glob) for glob in permit.globs)
            idle = [word for word in permit.rules if word in permit.looked and word not in permit.used]
            if idle and (whole or literal) and "unused" not in permit.told:
                permit.told.add("unused")
                found.append(unused(permit, idle))
        return found
