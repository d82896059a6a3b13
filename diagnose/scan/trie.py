"""Templates as one trie, laid out as the program that the kernel runs."""

from __future__ import annotations

from array import array

from diagnose.records import dataclass, field
from diagnose.scan.template import END, LITERAL, Part, Template

SIZE = 8
"""Numbers of a node."""
STOP = Part(END)


@dataclass(slots=True)
class _Node:
    part: Part
    template: int = -1
    children: list[_Node] = field(default_factory=list)


class Trie:
    """Templates that share their beginnings."""

    def __init__(self) -> None:
        """Start empty."""
        self._root = _Node(STOP)
        self.templates: list[Template] = []
        self._program: tuple[bytes, bytes] | None = None

    def add(self, template: Template) -> bool:
        """Add a template; return whether it is new."""
        children = self._root.children
        for part in template.parts:
            children = _descend(children, part)
        if any(node.part is STOP for node in children):
            return False
        children.append(_Node(STOP, len(self.templates)))
        self.templates.append(template)
        self._program = None
        return True

    def program(self) -> tuple[bytes, bytes]:
        """Return the nodes, each behind all that lead to it, and the bytes of the literals."""
        if self._program is None:
            nodes, texts = array("i"), bytearray()
            self._lay_out(self._root.children, nodes, texts)
            self._program = nodes.tobytes(), bytes(texts)
        return self._program

    def _lay_out(self, siblings: list[_Node], nodes: array[int], texts: bytearray) -> None:
        """Append eight numbers of each node in the order of trials; templates may be as deep as lines are long."""
        waiting = [(siblings, -1)]
        while waiting:
            siblings, parent = waiting.pop()
            before = -1
            for node in siblings:
                at, part = len(nodes), node.part
                if before >= 0:
                    nodes[before + 4] = at // SIZE
                elif parent >= 0:
                    nodes[parent + 3] = at // SIZE
                low = node.template if part is STOP else part.low
                nodes.extend((part.operation, low, part.high, 0, -1, len(texts), len(part.text), 0))
                texts += part.text
                before = at
                if part is not STOP:
                    waiting.append((node.children, at))


def _descend(children: list[_Node], part: Part) -> list[_Node]:
    """Return the children below a part, splitting literals where they part company."""
    if part.operation != LITERAL:
        for node in children:
            if node.part == part:
                return node.children
        children.append(_Node(part))
        return children[-1].children
    rest = part.text
    while True:
        near = [node for node in children if node.part.operation == LITERAL and node.part.text[0] == rest[0]]
        if not near:
            children.insert(0, _Node(Part(LITERAL, rest)))  # literals are tried first
            return children[0].children
        node = near[0]
        common = next((at for at, (a, b) in enumerate(zip(node.part.text, rest, strict=False)) if a != b), -1)
        if common < 0:
            common = min(len(node.part.text), len(rest))
        if common < len(node.part.text):
            tail = _Node(Part(LITERAL, node.part.text[common:]), children=node.children)
            node.part, node.children = Part(LITERAL, rest[:common]), [tail]
        rest, children = rest[common:], node.children
        if not rest:
            return children
