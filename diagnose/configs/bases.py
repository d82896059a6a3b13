"""Files that a config builds upon: ``_BASE_`` of detectron2 and Paddle, ``defaults`` lists of Hydra."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from diagnose.configs.files import Files
from diagnose.configs.reading import Reading, Remark
from diagnose.configs.tree import Node, Text, merged
from diagnose.errors import OutsideError, SourceError
from diagnose.model import UnknownValue
from diagnose.patterns import lazy
from diagnose.records import dataclass, field, replace

BASES = ("_BASE_", "_base_", "__base__")
SUFFIXES = (".yaml", ".yml")
MOST_FILES = 200
DEEPEST = 20
ABOVE = 5
"""Folders above a config in which the root of a Hydra tree is looked for."""
PACKAGE = lazy(r"^[^\S\n]*#\s*@package[:\s]\s*([\w.${}-]+)", re.MULTILINE)
ENTRY = lazy(r"(?P<marks>(?:(?:override|optional)\s+)*)(?P<group>[^@\s]*)(?:@(?P<package>\S*))?\s*")


@dataclass(slots=True)
class Bases:
    """Reads what a config builds upon, and lays the config over it.

    Attributes:
        reading: takes remarks, the paths read, and whether a part is missing.
        compose: reads the text of one file.
        open: files being read.
    """

    files: Files
    reading: Reading
    compose: Callable[[Text], Node]
    open: list[str] = field(default_factory=list)
    chosen: dict[str, Node] = field(default_factory=dict)

    def whole(self, root: Node) -> Node:
        """Return a config with everything that it builds upon.

        Raises:
            SourceError: if files lead to one another in a circle, or out of the tree.
        """
        root = self._on_bases(root)
        if defaults_of(root) is None:
            return root
        before = replace(self.reading, remarks=[*self.reading.remarks], paths=[*self.reading.paths])
        layers = self._layers(root, "", "")
        if self.chosen:  # an override holds for what is listed before it, too
            self.reading.remarks[:], self.reading.paths[:] = before.remarks, before.paths
            self.reading.partial = before.partial
            layers = self._layers(root, "", "")
        found = Node({}, root.text, root.at, root.start, root.end)
        for package, layer in layers:
            found = merged(found, _wrapped(layer, package))
        return found

    def _on_bases(self, root: Node) -> Node:
        named = next((node for key in BASES if (node := root.members().get(key)) is not None), None)
        if named is None:
            return root
        below: Node | None = None
        for item in named.items() or [named]:
            name = item.value
            if not isinstance(name, str):
                continue
            base = self._base(name, item, named)
            if base is not None:
                below = base if below is None else merged(below, base)
        return root if below is None else merged(below, root)

    def _base(self, name: str, item: Node, named: Node) -> Node | None:
        if "://" in name or "${" in name or name.endswith(".py"):
            self._lacks(name, item.text, named.at, "not a file of the same kind in this tree")
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(item.text.path), name))  # noqa: PTH118, PTH120
        try:
            base = self._read(path, item.text, named.at)
        except _MissingError as error:
            self._lacks(name, item.text, named.at, str(error))
            return None
        self.open.append(path)
        base = self._on_bases(base)
        self.open.pop()
        return base

    def _read(self, path: str, text: Text, at: int) -> Node:
        """Return the root of a file.

        Raises:
            _MissingError: if it is not there.
            SourceError: if it is outside of the tree, being read already, or damaged.
        """
        if path in self.open or path == os.path.normpath(text.path):
            raise text.fault(f"{path} builds upon itself", at, "remove one of the references")
        if len(self.open) >= DEEPEST or len(self.reading.paths) >= MOST_FILES:
            raise text.fault(f"builds upon more than {MOST_FILES} files, or {DEEPEST} levels of them", at)
        try:
            content = self.files.read(path)
        except OutsideError as error:
            raise text.fault(f"{path}: {error.message}", at, "copy the file into the tree") from None
        except SourceError as error:
            raise _MissingError(error.message) from None
        root = self.compose(Text(content, path))
        if path not in self.reading.paths:
            self.reading.paths.append(path)
        return root

    def _lacks(self, name: str, text: Text, at: int, why: str) -> None:
        self.reading.partial = True
        message = f"{name} was not read: {why}"
        self.reading.remarks.append(Remark("base-not-read", name, message, text.place(at)))

    # Hydra

    def _layers(self, root: Node, group: str, package: str) -> list[tuple[str, Node]]:
        """Return what a config with a defaults list is made of, in the order in which later parts win."""
        listed = defaults_of(root)
        if listed is None:
            return [(package, root)]
        own = {key: node for key, node in root.members().items() if key != "defaults"}
        this = (package, Node(own if self.open else own | _choices(listed), root.text, root.at, root.start, root.end))
        entries = [entry for item in listed.items() for entry in _entries(item)]
        for entry in entries:
            if "override" in entry.marks:
                self.chosen.setdefault(entry.group_in(group), entry.node)
        met = {entry.group_in(group) for entry in entries if "override" not in entry.marks}
        layers: list[tuple[str, Node]] = []
        placed = False
        for entry in entries:
            if entry.option == "_self_":
                layers.append(this)
                placed = True
            elif "override" not in entry.marks:
                layers += self._chosen(entry, group, package, root.text)
            elif entry.group_in(group) not in met and not self.open:
                self.reading.partial = True  # an experiment on its own: what it overrides is listed elsewhere
                layers += self._chosen(entry, group, package, root.text)
        return layers if placed else [*layers, this]

    def _chosen(self, entry: _Entry, group: str, package: str, text: Text) -> list[tuple[str, Node]]:
        inside = entry.group_in(group)
        if inside.split("/")[0] == "hydra":
            return []
        node = self.chosen.get(inside, entry.node) if entry.group else entry.node
        options = [item.value for item in node.items()] if isinstance(node.value, list) else [node.value]
        layers: list[tuple[str, Node]] = []
        for option in options:
            if option is None:
                continue
            name = f"{inside}/{option}" if inside else f"{option}"
            if isinstance(option, UnknownValue) or "${" in name or "???" in name:
                self._lacks(name, text, node.at, "which one it is cannot be told without running it")
                continue
            layers += self._option(name, entry, package, node, text)
        return layers

    def _option(self, name: str, entry: _Entry, package: str, node: Node, text: Text) -> list[tuple[str, Node]]:
        top = os.path.dirname(self.open[0] if self.open else text.path)  # noqa: PTH120 - as the user wrote it
        path = ""
        for above in range(ABOVE if name.startswith("/") or entry.absolute or "override" in entry.marks else 1):
            folder = os.path.join(top, *[".."] * above)  # noqa: PTH118
            for suffix in ("",) if name.endswith(SUFFIXES) else SUFFIXES:
                path = os.path.normpath(os.path.join(folder, name.lstrip("/") + suffix))  # noqa: PTH118
                try:
                    below = self._read(path, text, node.at)
                except _MissingError:
                    continue
                except SourceError:
                    if above:
                        continue  # the search for the root of the tree has left it
                    raise
                group = name.strip("/").rpartition("/")[0]
                header = PACKAGE.search(below.text.text[:2000])
                within = _package(entry.package or (header[1] if header else ""), entry.own_group(group), package)
                self.open.append(self.open[0] if self.open else text.path)
                try:
                    return self._layers(below, group, within)
                finally:
                    self.open.pop()
        if "optional" not in entry.marks:
            self._lacks(name, text, node.at, "no such file")
        return []


class _MissingError(Exception):
    """A file that is not there."""


@dataclass(slots=True)
class _Entry:
    """One line of a defaults list: ``optional override /group@package: option``."""

    node: Node
    option: object
    group: str = ""
    package: str = ""
    marks: str = ""
    absolute: bool = False

    def group_in(self, group: str) -> str:
        """Return the group, seen from the root of the tree."""
        if self.absolute:
            return self.group
        return f"{group}/{self.group}".strip("/")

    def own_group(self, group: str) -> str:
        """Return the group that names the package: as written, not as seen from the root."""
        if self.group:
            return self.group
        return str(self.option).strip("/").rpartition("/")[0] if "/" in str(self.option) else ""


def defaults_of(root: Node) -> Node | None:
    """Return the defaults list of a Hydra config; None if there is none."""
    listed = root.members().get("defaults")
    if listed is None or not listed.items():
        return None
    fits = (isinstance(item.value, str) or len(item.members()) == 1 for item in listed.items())
    return listed if all(fits) else None


def _entries(item: Node) -> list[_Entry]:
    if isinstance(item.value, str):
        return [_Entry(item, item.value.strip(), absolute=item.value.startswith("/"))]
    found = []
    for key, node in item.members().items():
        parts = ENTRY.fullmatch(key.strip())
        if parts is not None:
            group = parts["group"]
            marks, package = parts["marks"], parts["package"] or ""
            found.append(_Entry(node, node.value, group.strip("/"), package, marks, group.startswith("/")))
    return found


def _choices(listed: Node) -> dict[str, Node]:
    """Return the choices of a defaults list as settings: ``defaults.optimizer``."""
    found: dict[str, Node] = {}
    for index, item in enumerate(listed.items()):
        for entry in _entries(item):
            if entry.option != "_self_":
                found[entry.group or str(index)] = entry.node
    return {"defaults": Node(found, listed.text, listed.at, listed.start, listed.end)} if found else {}


def _package(written: str, group: str, outer: str) -> str:
    """Return the absolute package of a file."""
    if written.startswith("_global_"):
        return written.removeprefix("_global_").strip(".")
    inner = "" if written == "_here_" else written.replace("_group_", group.replace("/", "."))
    if not written:
        inner = group.replace("/", ".")
    return f"{outer}.{inner}".strip(".")


def _wrapped(node: Node, package: str) -> Node:
    for part in reversed(package.split(".") if package else []):
        node = Node({part: node}, node.text, node.at, node.start, node.end)
    return node
