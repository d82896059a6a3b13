"""References within a config, as OmegaConf writes them: ``${model.width}``, ``${.lr}``, ``run_${name}``."""

from __future__ import annotations

from diagnose.configs.reading import Remark
from diagnose.configs.tree import DEEPEST, MOST_NODES, Node, Value
from diagnose.model import UNKNOWN, UnknownValue
from diagnose.patterns import lazy
from diagnose.records import dataclass, field, replace

MISSING = "???"
"""What OmegaConf takes for a value that must still be given."""
PART = lazy(r"[^.\[\]]+")
NESTED = 10
"""References within references: ``${sizes.${name}}``."""
LONGEST = 10_000
"""Characters of a text that references are put into."""


@dataclass(slots=True)
class References:
    """Puts values in place of references; what is not in the tree, or needs a resolver to run, is unknown.

    Attributes:
        root: the whole config.
        fragment: whether what is not in the config may stand in another file.
        partial: whether something is referred to that must stand in another file.
    """

    root: Node
    remarks: list[Remark]
    fragment: bool
    partial: bool = False
    _known: dict[int, Node] = field(default_factory=dict)
    _open: list[int] = field(default_factory=list)
    _count: int = 0

    def resolved(self) -> Node:
        """Return the config without references.

        Raises:
            SourceError: if references lead in a circle, or unfold without end.
        """
        return self._walk(self.root, ())

    def _walk(self, node: Node, holders: tuple[Node, ...]) -> Node:
        self._count += 1
        if self._count > MOST_NODES:
            raise node.fault(f"not a config: references unfold to more than {MOST_NODES} values", "refer to less")
        if isinstance(node.value, str):
            return self._text(node, node.value, holders)
        if not isinstance(node.value, dict | list):
            return node
        if id(node) in self._open:
            raise node.fault("a reference leads back to what it stands in", "write the value itself")
        if len(self._open) > DEEPEST:
            raise node.fault(f"nested more than {DEEPEST} levels deep", "flatten the config")
        self._open.append(id(node))
        inside = (*holders, node)
        if isinstance(node.value, dict):
            value: Value = {key: self._walk(child, inside) for key, child in node.value.items()}
        else:
            value = [self._walk(child, inside) for child in node.value]
        self._open.pop()
        return replace(node, value=value)

    def _text(self, node: Node, text: str, holders: tuple[Node, ...]) -> Node:
        if text == MISSING:
            return replace(node, value=UNKNOWN)
        if "${" not in text:
            return node
        if id(node) in self._known:
            return self._known[id(node)]
        if id(node) in self._open:
            raise node.fault(f"the reference {text[:60]} leads in a circle", "write the value itself")
        if len(self._open) > DEEPEST:
            raise node.fault(f"more than {DEEPEST} references lead to one another", "write the value itself")
        self._open.append(id(node))
        self._known[id(node)] = found = replace(node, value=self._expanded(text, node, holders))
        self._open.pop()
        return found

    def _expanded(self, text: str, node: Node, holders: tuple[Node, ...], nested: int = 0) -> Value:
        """Return what a text with references is; a text that is nothing but one reference is its value."""
        pieces: list[str] = []
        at = 0
        if nested > NESTED:
            return UNKNOWN
        while (start := text.find("${", at)) >= 0:
            if start and text[start - 1] == "\\":
                pieces.append(text[at : start - 1] + "${")
                at = start + 2
                continue
            end = _closing(text, start + 2)
            if end < 0:
                break
            inner: Value = text[start + 2 : end]
            if "${" in str(inner):
                inner = self._expanded(str(inner), node, holders, nested + 1)
            if isinstance(inner, UnknownValue | dict | list):
                return UNKNOWN
            value = self._value(str(inner).strip(), node, holders)
            if start == 0 and end == len(text) - 1:
                return value
            if isinstance(value, UnknownValue | dict | list):
                return UNKNOWN
            pieces += [text[at:start], str(value)]
            at = end + 1
            if sum(map(len, pieces)) > LONGEST:
                return UNKNOWN
        return "".join([*pieces, text[at:]])

    def _value(self, path: str, node: Node, holders: tuple[Node, ...]) -> Value:
        if ":" in path:
            return UNKNOWN  # a resolver would have to run: ${oc.env:HOME}, ${now:%H}
        dots = len(path) - len(path.lstrip("."))
        parts = PART.findall(path)
        if dots > len(holders):
            return UNKNOWN
        above = holders[: len(holders) - dots + 1] if dots else (self.root,)
        found = self._follow(above, parts)
        if found is None:
            elsewhere = not dots and self.fragment and not (parts and parts[0] in self.root.members())
            self.partial = self.partial or elsewhere
            if not elsewhere:
                message = f"${{{path}}} refers to nothing in this config"
                self.remarks.append(Remark("unresolved-reference", path, message, node.text.place(node.at)))
            return UNKNOWN
        return self._walk(*found).value

    def _follow(self, holders: tuple[Node, ...], parts: list[str]) -> tuple[Node, tuple[Node, ...]] | None:
        """Return the node at a path, and those around it."""
        *around, node = holders
        for part in parts:
            if isinstance(node.value, str) and "${" in node.value:
                node = self._text(node, node.value, tuple(around))
            if isinstance(node.value, dict) and part in node.value:
                around, node = [*around, node], node.value[part]
            elif isinstance(node.value, list) and part.isdecimal() and len(part) < 9 and int(part) < len(node.value):
                around, node = [*around, node], node.value[int(part)]
            else:
                return None
        return node, tuple(around)


def _closing(text: str, at: int) -> int:
    """Return where the brace closes that was opened before *at*; -1 if it does not."""
    depth = 1
    for index in range(at, len(text)):
        depth += (text[index] == "{") - (text[index] == "}")
        if not depth:
            return index
    return -1
