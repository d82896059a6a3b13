"""The rules that commands other than ``lint`` speak of: the built-in ones and those of the settings here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diagnose.cli.arguments import with_environment
from diagnose.errors import SettingsError

if TYPE_CHECKING:
    from diagnose.engine.plan import Plan
    from diagnose.rules import Rule
    from diagnose.settings import Settings


def settings_here(config: Sequence[str] = (), *, isolated: bool = False) -> Settings:
    """Return the settings of the working directory."""
    return settings_of(".", config, isolated=isolated)


def settings_of(path: str, config: Sequence[str] = (), *, isolated: bool = False) -> Settings:
    """Return the settings of a file or folder."""
    from diagnose.api.governing import Governor

    return Governor(with_environment(config, isolated=isolated), isolated).settings(path)


def known_rules(config: Sequence[str] = (), *, isolated: bool = False) -> tuple[Rule, ...]:
    """Return the built-in rules and those of the settings of the working directory, by code."""
    from diagnose.engine.catalogue import catalogue

    return catalogue(settings_here(config, isolated=isolated).rules)


def checked(settings: Settings) -> Plan:
    """Return what these settings mean, with every name in them checked; the baseline is not read.

    Raises:
        SettingsError: as for linting.
    """
    from diagnose.cli.outputs import from_settings
    from diagnose.engine.baseline import Baseline
    from diagnose.engine.plan import plan

    from_settings(settings)
    return plan(settings, baseline=Baseline(settings.baseline) if settings.baseline else None)


def rule_files(paths: Sequence[str], settings: Settings) -> list[Path]:
    """Return the rule files under some paths; by default one's own, and the built-in ones if there are none.

    Raises:
        SettingsError: if a path does not exist, or holds no rules.
    """
    from diagnose import assets

    if not paths and not settings.rules:
        return list(assets.rule_files())
    files = []
    for path in map(Path, paths or map(str, settings.rules)):
        if path.is_dir():
            found = sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")])
            if not found:
                raise SettingsError(f"no rules (*.yaml) in {path}")
            files += found
        elif path.is_file():
            files.append(path)
        else:
            raise SettingsError(f"no such file or folder: {path}")
    return files
