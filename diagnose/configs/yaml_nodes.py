"""A YAML text as trees of nodes with their places. Nothing is constructed: tags name no classes here."""

from __future__ import annotations

from typing import Any

import yaml

from diagnose.configs.reading import Remark
from diagnose.configs.tree import DEEPEST, MOST_NODES, Node, Plain, Text, number
from diagnose.errors import SourceError
from diagnose.model import UNKNOWN, Place
from diagnose.patterns import lazy
from diagnose.records import dataclass, field, replace

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RESOLVER: Any = yaml.resolver.Resolver()
STANDARD = "tag:yaml.org,2002:"
MERGE = STANDARD + "merge"
PROPERTIES = lazy(r"(?:(?:&|!)\S*\s+)+")
RUNS_CODE = lazy(r"python/(?:object/(?:apply|new)|module)\b:?(.*)")
CONTAINERS = frozenset({"collections.OrderedDict", "collections.defaultdict", "argparse.Namespace"})
"""Classes that only hold data."""
VALUES = lazy(r"(pathlib\.\w+|numpy\.[\w.]+|torch\.(device|dtype|Size)|datetime\.\w+|uuid\.UUID|enum\.\w+)")
"""Classes of values that trainers dump without thinking; what they hold is not told."""
OF_PYTHON = {"python/int": "int", "python/long": "int", "python/float": "float", "python/bool": "bool"}
LONGEST_NUMBER = 100


@dataclass(slots=True)
class _Open:
    """A mapping or list that has not ended."""

    node: Node
    name: str
    tag: str
    anchor: str
    key: Node | None = None
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    merges: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Documents:
    """What a YAML text holds.

    Attributes:
        roots: the documents that are not empty.
        remarks: keys that stand twice.
    """

    roots: list[Node] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def compose(text: Text) -> Documents:
    """Return the documents of a YAML text.

    Raises:
        SourceError: for what is no YAML, is nested too deeply or unfolds without end, and for tags that run code.
    """
    composer = _Composer(text)
    try:
        for event in yaml.parse(text.text.removeprefix("\ufeff"), Loader=LOADER):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(text.path, mark.line + 1, mark.column + 1) if mark else Place(text.path)
        said = error.problem or error.context or "damaged"
        raise SourceError(f"not valid YAML: {said}", place=place, mend="mend this line") from None
    except yaml.reader.ReaderError as error:
        raise text.fault(f"not valid YAML: {error.reason}", _unprintable(text), "remove the character") from None
    except (yaml.YAMLError, UnicodeError) as error:
        said = str(error).splitlines()[0]
        raise text.fault(f"not valid YAML: {said}", _unprintable(text), "mend this line") from None
    return composer.found


class _Composer:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.found = Documents()
        self.stack: list[_Open] = []
        self.anchors: dict[str, Node | None] = {}
        self.count = 0
        self.constructor: Any = yaml.constructor.SafeConstructor()
        self.shift = len(text.text) - len(text.text.removeprefix("\ufeff"))

    def take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.anchors = {}
            case yaml.AliasEvent():
                self.put(self.alias(event))
            case yaml.ScalarEvent():
                self.counted(1, event)
                self.put(self.scalar(event))
            case yaml.SequenceStartEvent():
                self.begin(event, [])
            case yaml.MappingStartEvent():
                self.begin(event, {})
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self.end(event)

    def counted(self, values: int, event: Any) -> None:
        self.count += values
        if self.count > MOST_NODES:
            raise self.fault(event, f"not a config: unfolds to more than {MOST_NODES} values", "name no data files")

    def fault(self, event: Any, message: str, mend: str = "") -> SourceError:
        return self.text.fault(message, event.start_mark.index + self.shift, mend)

    def span(self, event: Any) -> tuple[int, int]:
        """Return where a value begins, behind its anchor and tag, and where it ends."""
        start, end = event.start_mark.index + self.shift, event.end_mark.index + self.shift
        if self.text.text[start : start + 1] in ("&", "!") and (found := PROPERTIES.match(self.text.text, start, end)):
            start = found.end()
        elif self.text.text[start : start + 1] in ("&", "!"):
            start = end
        return start, start + len(self.text.text[start:end].rstrip())

    def begin(self, event: Any, value: list[Node] | dict[str, Node]) -> None:
        self.counted(1, event)
        if len(self.stack) >= DEEPEST:
            raise self.fault(event, f"nested more than {DEEPEST} levels deep", "flatten the config")
        start, _ = self.span(event)
        tag = event.tag or ""
        self.refuse_code(tag, event)
        self.stack.append(_Open(Node(value, self.text, start, start, start), self.name(), tag, event.anchor or ""))
        if event.anchor:
            self.anchors[event.anchor] = None

    def name(self) -> str:
        """Return the dotted name that the next value has."""
        if not self.stack:
            return ""
        top = self.stack[-1]
        last = len(top.node.items()) if isinstance(top.node.value, list) else _key(top.key) if top.key else "?"
        return f"{top.name}.{last}" if top.name else f"{last}"

    def end(self, event: Any) -> None:
        done = self.stack.pop()
        node = done.node
        last = done.pairs[-1][1] if done.pairs else node.items()[-1] if node.items() else node
        # PyYAML gives the beginning of what follows as the end of a block.
        node.end = event.end_mark.index + self.shift if event.end_mark.index > event.start_mark.index else last.end
        if isinstance(node.value, dict):
            self.fill(node.value, done)
        node.weigh()
        if called := _called(done.tag):
            node.value = _ordered(node) if called in CONTAINERS else UNKNOWN
        if done.anchor:
            self.anchors[done.anchor] = node
        self.put(node)

    def fill(self, members: dict[str, Node], done: _Open) -> None:
        """Give a mapping its members, merged ones first; a key of its own replaces a merged one as a whole."""
        for source in done.merges:  # of several the first that has a key wins
            for key, node in source.members().items():
                members.setdefault(key, node)
        own: dict[str, Node] = {}
        for key_node, value in done.pairs:
            key = _key(key_node)
            if key in own:
                before, after = self.text.line(own[key].at), self.text.line(key_node.start)
                name = f"{done.name}.{key}" if done.name else key
                message = f"key {name!r} stands twice: line {after} replaces line {before}"
                self.found.remarks.append(Remark("duplicate-key", name, message, self.text.place(key_node.start)))
                own.pop(key)
            own[key] = value
        for key in own:
            members.pop(key, None)
        members.update(own)

    def put(self, node: Node) -> None:
        if not self.stack:
            if node.value is not None:
                self.found.roots.append(node)
            return
        top = self.stack[-1]
        if isinstance(top.node.value, list):
            top.node.value.append(node)
        elif top.key is None:
            top.key = node
        else:
            key, top.key = top.key, None
            if key.value == "<<" and key.literal == "<<":
                self.merge(top, key, node)
            else:
                node.at = key.start
                top.pairs.append((key, node))

    def merge(self, top: _Open, key: Node, node: Node) -> None:
        sources = node.items() if isinstance(node.value, list) else [node]
        if not all(isinstance(source.value, dict) for source in sources):
            raise key.fault("<< merges mappings only", "name the anchor of a mapping")
        top.merges += sources
        self.count += sum(len(source.members()) for source in sources)
        if self.count > MOST_NODES:
            raise key.fault(f"not a config: unfolds to more than {MOST_NODES} values", "write less by reference")

    def alias(self, event: Any) -> Node:
        start, end = self.span(event)
        if event.anchor not in self.anchors:
            raise self.fault(event, f"not valid YAML: no anchor &{event.anchor}", "set the anchor before its use")
        node = self.anchors[event.anchor]
        if node is None:
            raise self.fault(event, f"the anchor &{event.anchor} contains itself", "name another anchor")
        self.counted(node.size, event)
        if len(self.stack) + node.levels > DEEPEST:
            raise self.fault(event, f"nested more than {DEEPEST} levels deep", "flatten the config")
        return replace(node, at=start, start=start, end=end)

    def scalar(self, event: Any) -> Node:
        start, end = self.span(event)
        value = self.value(event)
        # YAML 1.1, and so PyYAML, wants a point and a signed exponent: to it, 1e-4 is text.
        node = Node(value, self.text, start, start, end, loose=isinstance(value, int | float) and _is_text(event))
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def value(self, event: Any) -> Plain:
        tag, text = event.tag, event.value
        if tag is None or tag == "!":
            tag = RESOLVER.resolve(yaml.ScalarNode, text, event.implicit)
        if not tag.startswith(STANDARD):
            return UNKNOWN  # a tag of the trainer's own: !ENV, !include, !ref
        self.refuse_code(tag, event)
        if _called(tag):
            return UNKNOWN
        kind = tag.removeprefix(STANDARD)
        if kind == "str" and not event.style and (value := number(text)) is not None:
            return value
        if kind.startswith("python/name:"):
            return str(kind.removeprefix("python/name:"))
        kind = {"python/int": "int", "python/long": "int", "python/float": "float", "python/bool": "bool"}.get(
            kind, kind
        )
        if kind == "null":
            return None
        if kind not in ("bool", "int", "float") or len(text) > LONGEST_NUMBER:
            return str(text)
        try:
            value = getattr(self.constructor, f"construct_yaml_{kind}")(yaml.ScalarNode(tag, text))
        except (ValueError, KeyError, OverflowError, AttributeError, IndexError, yaml.YAMLError):
            return str(text)
        return value if isinstance(value, bool | int | float) else str(text)

    def refuse_code(self, tag: str, event: Any) -> None:
        called = _called(tag)
        if called and called not in CONTAINERS and not VALUES.fullmatch(called):
            raise self.fault(event, f"asks to run code: {called}", "write the value itself")


def _called(tag: str) -> str:
    """Return the function that a tag asks to call, or the module that it asks to import; empty if neither."""
    found = RUNS_CODE.match(tag.removeprefix(STANDARD)) if tag.startswith(STANDARD) else None
    return (found[1] or "nothing") if found else ""


def _key(node: Node) -> str:
    if isinstance(node.value, dict | list):
        return "?"
    return node.value if isinstance(node.value, str) else node.literal


def _ordered(node: Node) -> dict[str, Node]:
    """Return the pairs that an OrderedDict is made of: ``- - [a, 1]``."""
    items = node.items()
    pairs = items[0].items() if len(items) == 1 else items
    found = {}
    for pair in pairs:
        if len(pair.items()) == 2:
            key, value = pair.items()
            found[_key(key)] = value.under(key.start)
    return found


def _is_text(event: Any) -> bool:
    if event.tag is not None or event.style:
        return False
    return bool(RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit) == STANDARD + "str")


def _unprintable(text: Text) -> int:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text.text)
    return found.start() if found else 0
