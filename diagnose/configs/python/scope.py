"""What is known while one file of a config is interpreted."""

from __future__ import annotations

import ast
from typing import Any

from diagnose.configs.python.text import Text
from diagnose.configs.python.values import Budget, Slot, Table, UnknownError
from diagnose.configs.reading import Remark
from diagnose.records import dataclass, field


@dataclass(slots=True)
class Scope:
    """The names of one file.

    Attributes:
        text: the file.
        names: what they stand for.
        imported: names that imports have brought, which are no settings.
        variables: what ``{{ fileDirname }}`` and the like stand for; empty where they are not replaced.
        remarks: what is odd, for all files of the config.
        open: whether names may exist that are not known here, since a base could not be read.
        repeating: how many loops are being run through: an expression then stands for several values.
        used: names that the file reads; None if that was not asked, as for bases.
    """

    text: Text
    budget: Budget
    names: dict[str, Slot] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    open: bool = False
    repeating: int = 0
    used: set[str] | None = None

    def slot(self, value: Any, node: ast.expr) -> Slot:
        """Return a value at the place of its expression."""
        return Slot(value, self.text, node, not self.repeating)

    def remark(self, category: str, key: str, message: str, node: ast.expr | ast.stmt) -> None:
        """Report something odd, once; what a log prints has been run already."""
        remark = Remark(category, key, message, self.text.place(node))
        if not self.text.printed and remark not in self.remarks:
            self.remarks.append(remark)

    def unresolved(self, written: str, node: ast.expr) -> UnknownError:
        """Report a name that nothing defines, unless it may stand in what could not be read; return the error."""
        if not self.open:
            message = f"nothing defines {written}: the config would fail here"
            self.remark("unresolved-reference", written, message, node)
        return UnknownError()

    def missing(self, table: Table, key: Any, node: ast.expr) -> UnknownError:
        """Report a key that a dictionary lacks, unless not all of its keys are known; return the error."""
        return UnknownError() if table.open else self.unresolved(f"{ast.unparse(node)[:80]}", node)
