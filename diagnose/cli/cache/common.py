"""What the commands about the cache share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnose.cli.arguments import Linting, build_request

if TYPE_CHECKING:
    from diagnose.engine.cache import Store


def store(config: tuple[str, ...], *, isolated: bool) -> Store:
    """Return the cache that the settings of the working directory name, or the usual one."""
    from diagnose.api.session import Session
    from diagnose.engine.cache import Store, usual_folder

    settings = Session(build_request(Linting(config=config, isolated=isolated))).settings()
    return Store(settings.cache_dir or usual_folder())
