"""The value of an expression, as far as it can be told without running it."""

from __future__ import annotations

import ast
import re
from typing import Any

from diagnose.configs.python.arithmetic import COMPARISONS, applied, binary, unary
from diagnose.configs.python.calls import BUILTINS, call_builtin, call_method, call_symbol
from diagnose.configs.python.scope import Scope
from diagnose.configs.python.text import STAND_IN
from diagnose.configs.python.values import (
    MOST_ITEMS,
    Function,
    Items,
    Slot,
    Symbol,
    Table,
    TooMuchError,
    UnknownError,
    as_known,
    is_scalar,
    spoil,
)
from diagnose.model import UNKNOWN
from diagnose.patterns import lazy

TEMPLATE = lazy(r"\{\{[^{}]*\}\}")
PREDEFINED = lazy(r"\{\{\s*(fileDirname|fileBasenameNoExtension|fileBasename|fileExtname)\s*\}\}")
PLAIN_FORMAT = lazy(r"0?\d{0,2}(?:,|_)?(?:\.\d{1,2})?[dfegxs%]?")


def attempt(node: ast.expr, scope: Scope) -> Any:
    """Return the value of an expression, UNKNOWN if it cannot be told."""
    try:
        return evaluate(node, scope)
    except UnknownError:
        return UNKNOWN


def placed(node: ast.expr, scope: Scope) -> Slot:
    """Return the value of an expression, or UNKNOWN, at its place."""
    return scope.slot(attempt(node, scope), node)


def evaluate(node: ast.expr, scope: Scope) -> Any:
    """Return the value of an expression.

    Raises:
        UnknownError: if it cannot be told.
        TooMuchError: if it would be larger than any config needs.
    """
    scope.budget.spend()
    match node:
        case ast.Constant(value=str(text)):
            return _filled(text, scope)
        case ast.Constant(value=int() | float() | bool() | None as value):
            return value
        case ast.Name(id=name):
            return as_known(_named(name, node, scope))
        case ast.List(elts=nodes):
            return Items("list", _members(nodes, scope))
        case ast.Tuple(elts=nodes):
            return Items("tuple", _members(nodes, scope))
        case ast.Set(elts=[ast.Set(elts=[template])]):
            return _template(template, scope)
        case ast.Set(elts=nodes):
            return Items("set", _members(nodes, scope))
        case ast.Dict(keys=keys, values=values):
            return _table(list(zip(keys, values, strict=True)), scope)
        case ast.Call():
            return as_known(_call(node, scope))
        case ast.UnaryOp(op=sign, operand=operand):
            return unary(type(sign), evaluate(operand, scope))
        case ast.BinOp(left=left, op=sign, right=right):
            return binary(type(sign), evaluate(left, scope), evaluate(right, scope))
        case ast.BoolOp(op=sign, values=nodes):
            for each in nodes[:-1]:
                value = evaluate(each, scope)
                if truth(value) is isinstance(sign, ast.Or):
                    return value
            return evaluate(nodes[-1], scope)
        case ast.IfExp(test=test, body=body, orelse=otherwise):
            return evaluate(body if truth(evaluate(test, scope)) else otherwise, scope)
        case ast.Compare(left=left, ops=signs, comparators=others):
            return _compared(evaluate(left, scope), signs, [evaluate(other, scope) for other in others])
        case ast.Subscript(value=container, slice=index):
            return _item(evaluate(container, scope), index, node, scope)
        case ast.Attribute(value=container, attr=name):
            return _attribute(evaluate(container, scope), name, node, scope)
        case ast.JoinedStr(values=pieces):
            return _filled("".join(_piece(piece, scope) for piece in pieces), scope)
        case ast.ListComp(elt=element, generators=generators) | ast.GeneratorExp(elt=element, generators=generators):
            return Items("list", [placed(element, inner) for inner in _rounds(generators, scope)])
        case ast.SetComp(elt=element, generators=generators):
            return Items("set", [placed(element, inner) for inner in _rounds(generators, scope)])
        case ast.DictComp(key=key, value=result, generators=generators):
            inners = _rounds(generators, scope)
            return Table({_key(evaluate(key, inner)): placed(result, inner) for inner in inners})
        case ast.NamedExpr(target=ast.Name(id=name), value=result):
            scope.names[name] = placed(result, scope)
            return as_known(scope.names[name].value)
        case ast.Lambda():
            return Function(node)
    raise UnknownError


def truth(value: Any) -> bool:
    """Return whether a value counts as true.

    Raises:
        UnknownError: if that cannot be told.
    """
    if isinstance(value, Items | Table):
        if value.open and not value.slots:
            raise UnknownError
        return bool(value.slots)
    if value is UNKNOWN:
        raise UnknownError
    return bool(value) if is_scalar(value) else True


def iterated(value: Any, scope: Scope) -> list[Slot]:
    """Return what a loop over a value runs through.

    Raises:
        UnknownError: if that cannot be told.
    """
    if isinstance(value, Items) and not value.open and value.kind != "set":
        return list(value.slots)
    if isinstance(value, Table) and not value.open:
        return [Slot(key, slot.text, slot.node, False) for key, slot in value.slots.items()]
    raise UnknownError


def bind(target: ast.expr, slot: Slot, scope: Scope) -> None:
    """Give a name, or several, a value; other targets are the business of statements."""
    match target:
        case ast.Name(id=name):
            scope.names[name] = slot
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            value = slot.value
            starred = any(isinstance(part, ast.Starred) for part in parts)
            if isinstance(value, Items) and not value.open and len(value.slots) == len(parts) and not starred:
                for part, each in zip(parts, list(value.slots), strict=True):
                    bind(part, each, scope)
                return
            for part in parts:
                bind(part, Slot(UNKNOWN, slot.text, slot.node, False), scope)
        case ast.Starred(value=part):
            bind(part, Slot(UNKNOWN, slot.text, slot.node, False), scope)


def _filled(text: str, scope: Scope) -> str:
    """Return a text with the predefined variables in it; other templates depend on where the config is run."""
    if STAND_IN * 4 in text:
        raise UnknownError
    if "{{" not in text or scope.text.printed:
        return text
    if scope.variables:
        text = PREDEFINED.sub(lambda found: scope.variables[found[1]], text)
        if re.search(r"\{\{\s*(_base_\.|\$\w+\s*:)", text):
            raise UnknownError
    return text


def _named(name: str, node: ast.expr, scope: Scope) -> Any:
    if name in scope.names:
        return scope.names[name].value
    if name in BUILTINS:
        return Symbol(f"builtins.{name}")
    if name == "__name__":
        return "builtins"
    if name == "__file__" or scope.text.printed:
        raise UnknownError
    raise scope.unresolved(name, node)


def _members(nodes: list[ast.expr], scope: Scope) -> list[Slot]:
    slots: list[Slot] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            slots += iterated(evaluate(node.value, scope), scope)
        else:
            slots.append(placed(node, scope))
        if len(slots) > MOST_ITEMS:
            raise TooMuchError("a list is too long")
    return slots


def _template(node: ast.expr, scope: Scope) -> Any:
    """Return what ``{{_base_.key}}`` stands for; the environment's part is not known."""
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if isinstance(root, ast.Name) and root.id == "_base_":
        return evaluate(node, scope)
    raise UnknownError


def _key(value: Any) -> Any:
    if not is_scalar(value):
        raise UnknownError
    return value


def _table(pairs: list[tuple[ast.expr | None, ast.expr]], scope: Scope) -> Table:
    table = Table()
    seen: set[Any] = set()
    for key_node, value_node in pairs:
        if key_node is None:
            _spread(table, attempt(value_node, scope), value_node, scope)
            continue
        try:
            key = _key(evaluate(key_node, scope))
        except UnknownError:
            table.open = True
            continue
        _put(table, key, value_node, scope, seen)
    return table


def _put(table: Table, key: Any, value_node: ast.expr, scope: Scope, seen: set[Any]) -> None:
    if key in seen and not scope.repeating:
        before = table.slots[key].place.line
        message = f"{key!r} stands twice: line {scope.text.place(value_node).line} replaces line {before}"
        scope.remark("duplicate-key", str(key), message, value_node)
    seen.add(key)
    slot = placed(value_node, scope)
    if slot.value is UNKNOWN and key == "type" and isinstance(value_node, ast.Name | ast.Attribute):
        # An imported class: its name is what the text form of the config would hold.
        name = value_node.id if isinstance(value_node, ast.Name) else value_node.attr
        if name not in scope.names:
            slot = scope.slot(Symbol(name), value_node)
    table.slots[key] = slot


def _spread(table: Table, value: Any, node: ast.expr, scope: Scope) -> None:
    if not isinstance(value, Table):  # it may replace every key before it
        table.slots = {key: scope.slot(UNKNOWN, node) for key in table.slots}
        table.open = True
        return
    if value.open:
        table.slots = {key: scope.slot(UNKNOWN, node) for key in table.slots}
        table.open = True
    scope.budget.spend(len(value.slots))
    for key, slot in value.slots.items():
        table.slots[key] = slot


def _call(node: ast.Call, scope: Scope) -> Any:
    match node.func:
        case ast.Name(id="dict") if "dict" not in scope.names:
            return _dict_call(node, scope)
        case ast.Attribute(value=holder, attr=name):
            receiver = attempt(holder, scope)
            args, keywords = _arguments(node, scope)
            if isinstance(receiver, Symbol):
                return call_symbol(f"{receiver.dotted}.{name}", args, keywords, scope)
            return call_method(receiver, name, args, keywords, scope, node)
        case ast.Name() as function:
            called = attempt(function, scope)
            args, keywords = _arguments(node, scope)
            if isinstance(called, Symbol) and called.dotted.startswith("builtins."):
                return call_builtin(called.name, args, keywords, scope, node)
            if isinstance(called, Symbol):
                return call_symbol(called.dotted, args, keywords, scope)
            for slot in [*args, *keywords.values()]:
                spoil(slot.value)
            if isinstance(called, Function):
                forget_globals(called.node, scope)
            raise UnknownError
    _arguments(node, scope)
    raise UnknownError


def forget_globals(function: ast.AST, scope: Scope) -> None:
    """Forget the containers that a function names: it may change them."""
    for part in ast.walk(function):
        if isinstance(part, ast.Name) and part.id in scope.names:
            spoil(scope.names[part.id].value)
        elif isinstance(part, ast.Global):
            for name in part.names:
                if name in scope.names:
                    slot = scope.names[name]
                    scope.names[name] = Slot(UNKNOWN, slot.text, slot.node, False)


def _dict_call(node: ast.Call, scope: Scope) -> Table:
    table = Table()
    for argument in node.args[:1]:
        value = attempt(argument, scope)
        if isinstance(value, Items) and not value.open:
            for slot in value.slots:
                pair = slot.value
                if not isinstance(pair, Items) or len(pair.slots) != 2:
                    raise UnknownError
                table.slots[_key(as_known(pair.slots[0].value))] = pair.slots[1]
        else:
            _spread(table, value, argument, scope)
    seen: set[Any] = set()
    for word in node.keywords:
        if word.arg is None:
            _spread(table, attempt(word.value, scope), word.value, scope)
        else:
            _put(table, word.arg, word.value, scope, seen)
    return table


def _arguments(node: ast.Call, scope: Scope) -> tuple[list[Slot], dict[str, Slot]]:
    args: list[Slot] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            args += iterated(evaluate(argument.value, scope), scope)
        else:
            args.append(placed(argument, scope))
    keywords: dict[str, Slot] = {}
    for word in node.keywords:
        if word.arg is None:
            table = Table()
            _spread(table, attempt(word.value, scope), word.value, scope)
            if table.open:
                keywords["**"] = scope.slot(UNKNOWN, word.value)
            keywords |= {str(key): slot for key, slot in table.slots.items()}
        else:
            keywords[word.arg] = placed(word.value, scope)
    return args, keywords


def _compared(left: Any, signs: list[ast.cmpop], others: list[Any]) -> bool:
    for sign, right in zip(signs, others, strict=True):
        if isinstance(sign, ast.In | ast.NotIn):
            found = _contains(right, left)
            result = found if isinstance(sign, ast.In) else not found
        elif is_scalar(left) and is_scalar(right):
            result = bool(applied(COMPARISONS[type(sign)], left, right))
        else:
            raise UnknownError
        if not result:
            return False
        left = right
    return True


def _contains(container: Any, value: Any) -> bool:
    if not is_scalar(value):
        raise UnknownError
    if isinstance(container, str) and isinstance(value, str):
        return value in container
    if isinstance(container, Table):
        if value not in container.slots and container.open:
            raise UnknownError
        return value in container.slots
    if isinstance(container, Items) and not container.open:
        members = [slot.value for slot in container.slots]
        if all(is_scalar(member) for member in members):
            return value in members
    raise UnknownError


def _item(container: Any, index: ast.expr, node: ast.expr, scope: Scope) -> Any:
    if isinstance(index, ast.Slice):
        bounds = [None if part is None else evaluate(part, scope) for part in (index.lower, index.upper, index.step)]
        if not all(bound is None or isinstance(bound, int) for bound in bounds) or bounds[2] == 0:
            raise UnknownError
        cut = slice(*bounds)
        if isinstance(container, str):
            return container[cut]
        if isinstance(container, Items) and not container.open and container.kind != "set":
            return Items(container.kind, container.slots[cut])
        raise UnknownError
    wanted = _key(evaluate(index, scope))
    if isinstance(container, Table):
        if wanted in container.slots:
            return as_known(container.slots[wanted].value)
        raise scope.missing(container, wanted, node)
    if isinstance(wanted, int):
        if isinstance(container, Items) and not container.open and container.kind != "set":
            if -len(container.slots) <= wanted < len(container.slots):
                return as_known(container.slots[wanted].value)
            raise scope.unresolved(ast.unparse(node)[:80], node)
        if isinstance(container, str) and -len(container) <= wanted < len(container):
            return container[wanted]
    raise UnknownError


def _attribute(container: Any, name: str, node: ast.expr, scope: Scope) -> Any:
    if isinstance(container, Symbol):
        return Symbol(f"{container.dotted}.{name}")
    if isinstance(container, Table) and (container.inherited or scope.text.printed):
        if name in container.slots:
            return as_known(container.slots[name].value)
        raise scope.missing(container, name, node)
    if isinstance(container, Table) and not container.open:
        message = f"{ast.unparse(node)[:80]}: a dict has no attributes; write ['{name}']"
        scope.remark("unresolved-reference", name, message, node)
    raise UnknownError


def _piece(node: ast.expr, scope: Scope) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.FormattedValue):
        raise UnknownError
    value = evaluate(node.value, scope)
    shape = "".join(_piece(piece, scope) for piece in getattr(node.format_spec, "values", []))
    if not is_scalar(value) or not PLAIN_FORMAT.fullmatch(shape):
        raise UnknownError
    if node.conversion == ord("r"):
        value = repr(value)
    return str(applied(format, value, shape))


def _rounds(generators: list[ast.comprehension], scope: Scope) -> list[Scope]:
    """Return a scope for each round of a comprehension."""
    inners = [scope]
    for generator in generators:
        following: list[Scope] = []
        for outer in inners:
            for slot in iterated(evaluate(generator.iter, outer), outer):
                scope.budget.spend()
                inner = Scope(
                    scope.text,
                    scope.budget,
                    dict(outer.names),
                    scope.imported,
                    scope.variables,
                    scope.remarks,
                    scope.open,
                    scope.repeating + 1,
                )
                bind(generator.target, slot, inner)
                if all(truth(evaluate(test, inner)) for test in generator.ifs):
                    following.append(inner)
                scope.budget.spend(len(outer.names) // 8)
        inners = following
    return inners
