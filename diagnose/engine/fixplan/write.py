"""A plan becomes files: all of them or none, and never over others without being told."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from diagnose.engine.fixplan.model import FixPlan
from diagnose.errors import SettingsError
from diagnose.model import Place

NAMED = 5


def write(plan: FixPlan, folder: str | Path, *, apply: bool = False) -> list[Path]:
    """Write the files of a plan into a folder, which is made if it is not there.

    Args:
        plan: what is to be written.
        folder: where to.
        apply: replace files of the same names.

    Raises:
        SettingsError: if files are there and *apply* is not set, or the folder cannot be written to. Nothing is left
            behind then.
    """
    folder = Path(folder)
    paths = [folder / file.name for file in plan.files]
    for path in paths:
        if path.parent != folder or path.name in ("", ".", ".."):
            raise SettingsError(
                f"{path.name!r} is no name of a file in the folder of the plan", place=Place(str(folder))
            )
    if folder.exists() and not folder.is_dir():
        raise SettingsError("not a folder", place=Place(str(folder)), mend="name a folder that may be made")
    there = [path for path in paths if os.path.lexists(path)]
    if there and not apply:
        names = ", ".join(path.name for path in there[:NAMED]) + (", ..." if len(there) > NAMED else "")
        mend = "add --apply to replace them, or name another folder"
        raise SettingsError(f"would overwrite {names}", place=Place(str(folder)), mend=mend)
    if blocked := [path for path in there if path.is_dir()]:
        raise SettingsError(f"{blocked[0].name} is a folder", place=Place(str(folder)), mend="name another folder")
    waiting: list[Path] = []
    try:
        data = [file.data for file in plan.files]
        folder.mkdir(parents=True, exist_ok=True)
        for content in data:
            handle, name = tempfile.mkstemp(prefix=".plan-", dir=folder)
            waiting.append(Path(name))
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            waiting[-1].chmod(0o666 & ~_umask())
        for temporary, path in zip(waiting, paths, strict=True):
            temporary.replace(path)
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SettingsError(
            f"cannot write the plan: {said}", place=Place(str(folder)), mend="name another folder"
        ) from None
    finally:
        for temporary in waiting:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return paths


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
