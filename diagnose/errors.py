"""Errors that are meant for the user: a message, a place, and how to mend it."""

from collections.abc import Iterable

from diagnose.model.place import Place


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean x?`` for the known word nearest to *word*, whatever its case; empty if none is near."""
    import difflib

    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=1)
    return f"did you mean {folded[near[0]]}?" if near else ""


class DiagnoseError(Exception):
    """Work that could not be done. Printed without a traceback; the exit status is 2."""

    def __init__(self, message: str, *, place: Place | None = None, mend: str = "") -> None:
        """Say what went wrong, where, and what the user can do about it."""
        super().__init__(message)
        self.message, self.place, self.mend = message, place, mend

    def __str__(self) -> str:
        where = ""
        if self.place is not None:
            where = f"{self.place.path}:{self.place.line}: " if self.place.line else f"{self.place.path}: "
        return f"{where}{self.message}" + (f" ({self.mend})" if self.mend else "")


class SourceError(DiagnoseError):
    """A file that cannot be read: missing, unreadable, binary, too large, damaged."""


class OutsideError(SourceError):
    """A file that an input names and that is outside of what may be read for it."""


class RuleError(DiagnoseError):
    """A rule file that is not valid."""


class SettingsError(DiagnoseError):
    """Settings or options that are not valid."""


class ExtraMissingError(DiagnoseError):
    """A feature whose optional dependency is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        """Name the feature and the extra that brings it."""
        super().__init__(f"{feature} needs an optional dependency", mend=f"pip install 'diagnose-ml[{extra}]'")
