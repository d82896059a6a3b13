"""A config together with the files it inherits from."""

from __future__ import annotations

import ast
import os.path
from pathlib import PurePath
from typing import TypeGuard

from diagnose.configs.files import Files, Nowhere
from diagnose.configs.python.expressions import attempt
from diagnose.configs.python.guard import refuse
from diagnose.configs.python.inheritance import merge
from diagnose.configs.python.oddities import note_unused
from diagnose.configs.python.scope import Scope
from diagnose.configs.python.statements import run
from diagnose.configs.python.text import Text, parse
from diagnose.configs.python.values import Budget, Function, Items, Slot, Symbol, Table, TooMuchError, inherited
from diagnose.configs.reading import Remark
from diagnose.errors import OutsideError, SourceError
from diagnose.model import UNKNOWN
from diagnose.records import dataclass, field

BASE = "_base_"
MOST_BASES = 100
"""Files that one config may read, each as often as it is named."""


@dataclass(slots=True)
class Loader:
    """Reads one config and its bases."""

    files: Files
    budget: Budget = field(default_factory=Budget)
    remarks: list[Remark] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    read: int = 0

    def load(self, text: Text, chain: tuple[str, ...] = ()) -> tuple[Scope, Table]:
        """Return the scope of a file and its names, with what it inherits.

        Raises:
            SourceError: if it, or a base, cannot be read, or does what no config should.
        """
        statements = parse(text)
        refuse(statements, text)
        chain = (*chain, os.path.normpath(text.path))
        scope = Scope(text, self.budget, remarks=self.remarks)
        named = [statement for statement in statements if _names_base(statement)]
        reads = any(isinstance(statement, ast.With) for statement in statements)
        if not reads:
            scope.variables = _variables(text.path)
        base = Table(inherited=True)
        if named:
            self._inherit(named[0], base, scope, chain)
        if not reads:
            stand_in = named[0].value if named else ast.Constant(None, lineno=1, col_offset=0)
            scope.names[BASE] = Slot(base, text, stand_in, False)
        rest = [statement for statement in statements if not _names_base(statement)]
        run(rest, scope, lambda statement, inner: self._import(statement, inner, chain))
        scope.used = note_unused(rest, scope) if len(chain) == 1 else None
        own = names_of(scope)
        try:
            return scope, merge(own, base, scope)
        except TooMuchError as error:
            raise SourceError(f"not a config: {error.what}", place=text.place(statements[0])) from None

    def _inherit(self, statement: ast.Assign, base: Table, scope: Scope, chain: tuple[str, ...]) -> None:
        value = attempt(statement.value, Scope(scope.text, self.budget, variables=scope.variables, open=True))
        slots = value.slots if isinstance(value, Items) else [scope.slot(value, statement.value)]
        unread = isinstance(value, Items) and value.open
        for slot in slots:
            name = slot.value
            if not isinstance(name, str):
                scope.remark("base-not-read", BASE, "the base cannot be told without running the config", slot.node)
                unread = True
                continue
            found = self._base(name, slot.node, scope, chain)
            if found is None:
                unread = True
                continue
            for key, inner in found.slots.items():
                if key in base.slots:
                    first, second = base.slots[key].place, inner.place
                    message = f"{key!r} stands in two bases, which is an error: {first.path} and {second.path}"
                    scope.remark("duplicate-key", str(key), message, slot.node)
                base.slots[key] = inner
            base.open |= found.open
        if unread:
            base.open = True
            if len(chain) == 1:
                base.slots[BASE] = scope.slot(value, statement.value)
        scope.open |= base.open

    def _base(self, name: str, node: ast.expr, scope: Scope, chain: tuple[str, ...]) -> Table | None:
        if "::" in name:
            package = name.partition("::")[0]
            scope.remark("base-not-read", name, f"base {name!r} belongs to another package, {package}", node)
            return None
        if name.endswith((".json", ".yaml", ".yml")):
            scope.remark("base-not-read", name, f"base {name!r} is no Python config", node)
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(scope.text.path), name))  # noqa: PTH118, PTH120
        found = self._file(path, name, node, scope, chain)
        return found[1] if found else None

    def _file(
        self, path: str, name: str, node: ast.expr | ast.stmt, scope: Scope, chain: tuple[str, ...]
    ) -> tuple[Scope, Table] | None:
        if isinstance(self.files, Nowhere):
            scope.remark("base-not-read", name, f"base {name!r} is not read: the config stands alone", node)
            return None
        if path in chain:
            around = " -> ".join([*chain[chain.index(path) :], path])
            raise scope.text.error(f"the config inherits from itself: {around}", node, "remove one of these bases")
        self.read += 1
        if self.read > MOST_BASES:
            raise scope.text.error(f"not a config: more than {MOST_BASES} bases", node)
        try:
            content = self.files.read(path)
        except OutsideError as error:
            mend = "name a base that stands in the tree of the config"
            raise scope.text.error(f"base {name!r}: {error.message}", node, mend) from None
        except SourceError as error:  # the rest of the config is read all the same
            scope.remark("base-missing", name, f"base {name!r} cannot be read: {error.message}", node)
            return None
        if path not in self.paths:
            self.paths.append(path)
        try:
            inner, found = self.load(Text(content, path), chain)
            found = inherited(found, self.budget)
        except TooMuchError as error:
            raise scope.text.error(f"base {name!r}: not a config: {error.what}", node) from None
        found.open |= inner.open
        return inner, found

    def _import(self, statement: ast.ImportFrom, scope: Scope, chain: tuple[str, ...]) -> None:
        """Bring in the names of a base: ``from .._base_.models.retinanet import *``."""
        module = statement.module or ""
        written = f"{'.' * statement.level}{module}"
        found: tuple[Scope, Table] | None = None
        if statement.level:
            up = [".."] * (statement.level - 1)
            folder = os.path.join(os.path.dirname(scope.text.path), *up)  # noqa: PTH118, PTH120
            path = os.path.normpath(os.path.join(folder, *module.split(".")) + ".py")  # noqa: PTH118
            found = self._file(path, written, statement, scope, chain)
        elif path := self._of_package(module, scope.text.path):
            found = self._file(path, written, statement, scope, chain)
        else:
            package = module.partition(".")[0]
            scope.remark("base-not-read", written, f"base {written!r} belongs to another package, {package}", statement)
        # What a base imports is handed on as well, but is no setting.
        hidden = {name: found[0].names[name] for name in found[0].imported & found[0].names.keys()} if found else {}
        known = {**(found[1].slots if found else {}), **hidden}
        for alias in statement.names:
            if alias.name == "*":
                scope.names.update(known)
                scope.imported = (scope.imported - known.keys()) | hidden.keys()
                scope.open |= found is None or found[1].open
                continue
            name = alias.asname or alias.name
            if alias.name in known:
                scope.names[name] = known[alias.name]
                if alias.name in hidden:
                    scope.imported.add(name)
                continue
            if found is not None and not found[1].open:
                message = f"{written} has no {alias.name!r}: the config would fail here"
                scope.remark("unresolved-reference", alias.name, message, statement)
            stand_in = ast.copy_location(ast.Constant(None), statement)
            scope.names[name] = Slot(UNKNOWN, scope.text, stand_in, False)

    def _of_package(self, module: str, path: str) -> str:
        """Return the file of a module of the package that the config itself stands in; empty if it does not."""
        first, *_ = parts = module.split(".")
        for folder in PurePath(os.path.normpath(path)).parents:
            if folder.name == first:
                candidate = str(folder.parent.joinpath(*parts)) + ".py"
                try:
                    self.files.read(candidate)
                except SourceError:
                    continue
                return candidate
        return ""


def names_of(scope: Scope) -> Table:
    """Return what a file defines, less its imports, functions and hidden names."""
    return Table(
        {
            name: slot
            for name, slot in scope.names.items()
            if name not in scope.imported
            and not name.startswith("__")
            and (name not in (BASE, "_deprecation_") or scope.text.printed)
            and not isinstance(slot.value, Function)
            and not (isinstance(slot.value, Symbol) and slot.value.dotted.startswith("builtins."))
        }
    )


def _names_base(statement: ast.stmt) -> TypeGuard[ast.Assign]:
    return isinstance(statement, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == BASE for target in statement.targets
    )


def _variables(path: str) -> dict[str, str]:
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    return {
        "fileDirname": folder.replace("\\", "/"),
        "fileBasename": name,
        "fileBasenameNoExtension": stem,
        "fileExtname": suffix,
    }
