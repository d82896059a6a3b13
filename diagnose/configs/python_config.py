"""Configs written as Python source (mmdet and its family), read statically: nothing is executed."""

from __future__ import annotations

from diagnose.configs.files import Files, Nowhere
from diagnose.configs.python.bases import Loader, names_of
from diagnose.configs.python.flat import MOST_SETTINGS, flat, is_open
from diagnose.configs.python.scope import Scope
from diagnose.configs.python.statements import run
from diagnose.configs.python.text import Text, parts
from diagnose.configs.python.values import Budget, TooMuchError
from diagnose.configs.reading import Reading
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN, Place, Setting

NOWHERE = Nowhere()


def read_python_config(text: str, path: str, files: Files = NOWHERE) -> Reading:
    """Return the settings of a Python config, by dotted key, with those that it inherits from its bases.

    What cannot be told without running the config is ``UNKNOWN``. Lists of plain values are one setting; a list that
    holds dictionaries is numbered (``train_pipeline.2.type``). An inherited setting has the place of the base.

    Args:
        text: the source.
        path: the file as the user named it.
        files: where the bases are.

    Raises:
        SourceError: if it is no Python, too large or deep, would execute code, or a base of it cannot be read.
    """
    try:
        loader = Loader(files)
        scope, table = loader.load(Text(text, path))
        reading = Reading(remarks=loader.remarks, partial=scope.open, paths=loader.paths)
        for name, slot in table.slots.items():
            try:
                for setting in flat(str(name), slot):
                    reading.settings[setting.key] = setting
                    if len(reading.settings) > MOST_SETTINGS:
                        raise SourceError(f"not a config: more than {MOST_SETTINGS} settings", place=slot.place)
            except TooMuchError as error:
                raise SourceError(f"not a config: {error.what}", place=slot.place) from None
        reading.partial |= is_open(table)
    except (RecursionError, MemoryError):
        raise SourceError("not a config: nested too deeply", place=Place(path)) from None
    return reading


def read_printed_config(text: str, path: str, *, first_line: int = 1) -> Reading:
    """Return the settings of a Python config that stands inside a log; what is damaged is left out.

    Args:
        text: the source, possibly cut or damaged.
        path: the log as the user named it.
        first_line: line of *path* at which *text* begins.
    """
    reading = Reading()
    budget = Budget()
    scope: Scope | None = None
    for statements, part in parts(text, path, first_line):
        scope = Scope(part, budget, open=True, names=scope.names if scope else {})
        run(statements, scope, lambda statement, inner: None)
    if scope is None:
        return reading
    for name, slot in names_of(scope).slots.items():
        try:
            found = list(flat(name, slot))
        except (TooMuchError, RecursionError):
            found = [Setting(name, UNKNOWN, slot.place)]
        for setting in found[: MOST_SETTINGS - len(reading.settings)]:
            reading.settings[setting.key] = setting
    return reading
