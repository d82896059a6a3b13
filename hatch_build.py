"""Build hook: compiles the kernels, and writes what can be made in advance into the wheel (see ``diagnose/packs.py``).

A kernel is any ``_*.c`` of the package. Without a compiler, or with ``DIAGNOSE_PURE=1``, the install goes on without.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds kernels and ``diagnose/_assets/packed`` to wheels; editable installs get kernels beside their sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build from the tree that is being packaged."""
        if self.target_name != "wheel":
            return
        self.kernels(build_data, editable=version == "editable")
        if version != "editable":
            self.packs(build_data)

    def packs(self, build_data: dict[str, Any]) -> None:
        """Add what reading rules, grammars and tables comes to."""
        sys.path.insert(0, self.root)
        from diagnose import packs

        folder = Path(tempfile.mkdtemp())
        for number, (name, text) in enumerate(packs.build()):
            file = folder / str(number)
            file.write_text(text, encoding="utf-8", newline="\n")
            build_data["force_include"][str(file)] = f"diagnose/_assets/packed/{name}"

    def kernels(self, build_data: dict[str, Any], *, editable: bool) -> None:
        """Compile the kernels; the wheel is then one for this platform and any later Python."""
        root = Path(self.root)
        sources = [path.relative_to(root) for path in sorted((root / "diagnose").rglob("_*.c"))]
        if not sources or os.environ.get("DIAGNOSE_PURE"):
            return
        folder = Path(tempfile.mkdtemp())
        try:
            made = compiled(root, sources, folder)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a compiler or its absence may raise
            self.app.display_warning(f"diagnose: no kernel was compiled, logs are read more slowly ({error})")
            return
        for name, file in made.items():
            if editable:
                replaced(root / name, file.read_bytes())
            else:
                build_data["force_include"][str(file)] = name
        if not editable:
            build_data["pure_python"] = False
            build_data["tag"] = f"cp311-abi3-{platform()}"


def compiled(root: Path, sources: list[Path], folder: Path) -> dict[str, Path]:
    """Compile extension modules into a folder; return them by their path in the package."""
    from setuptools import Distribution, Extension

    modules = {source.with_suffix("").as_posix().replace("/", "."): source for source in sources}
    optimize = ["/O2"] if sys.platform == "win32" else ["-O3"]
    extensions = [
        Extension(name, [str(root / source)], py_limited_api=True, extra_compile_args=optimize)
        for name, source in modules.items()
    ]
    command = Distribution({"name": "diagnose", "ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(folder / "made"), str(folder)
    command.ensure_finalized()
    command.run()
    files = {name: Path(command.get_ext_fullpath(name)) for name in modules}
    return {source.with_name(files[name].name).as_posix(): files[name] for name, source in modules.items()}


def replaced(file: Path, content: bytes) -> None:
    """Write a file at once: a program that runs may have mapped the old one."""
    new = file.with_name(f"{file.name}.new")
    new.write_bytes(content)
    new.replace(file)


def platform() -> str:
    """Return the platform tag of what is compiled here, for this machine's own use."""
    from packaging.tags import sys_tags

    return next(tag.platform for tag in sys_tags() if not tag.platform.startswith(("manylinux", "musllinux")))
