"""What the statements of a config do to its names."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from typing import Any

from diagnose.configs.python.arithmetic import binary
from diagnose.configs.python.calls import set_item
from diagnose.configs.python.expressions import attempt, bind, evaluate, forget_globals, iterated, placed, truth
from diagnose.configs.python.scope import Scope
from diagnose.configs.python.values import (
    MOST_ITEMS,
    Function,
    Items,
    Slot,
    Symbol,
    Table,
    TooMuchError,
    UnknownError,
    is_scalar,
    spoil,
)
from diagnose.model import UNKNOWN

Importer = Callable[[ast.ImportFrom, Scope], None]
"""Brings the names of a base into a scope: ``with read_base(): from .base import *``."""


class _BreakError(Exception):
    """A loop ends."""


class _ContinueError(Exception):
    """A round of a loop ends."""


def run(statements: Iterable[ast.stmt], scope: Scope, importer: Importer) -> None:
    """Follow statements one after the other.

    Raises:
        SourceError: if one needs more than any config does; in a log it is left unknown instead.
    """
    for statement in statements:
        try:
            _run(statement, scope, importer)
        except (TooMuchError, RecursionError) as error:
            what = error.what if isinstance(error, TooMuchError) else "it is nested too deeply"
            if not scope.text.printed:
                raise scope.text.error(f"not a config: {what}", statement, "write the value out") from None
            _give_up(statement, scope)
        except (_BreakError, _ContinueError):
            continue


def _give_up(statement: ast.stmt, scope: Scope) -> None:
    """Forget the names that a statement gives values to, without looking at anything else."""
    for part in ast.walk(statement):
        if isinstance(part, ast.Name) and (part.id in scope.names or isinstance(part.ctx, ast.Store)):
            scope.names[part.id] = Slot(UNKNOWN, scope.text, part, False)
            scope.imported.discard(part.id)


def _run(statement: ast.stmt, scope: Scope, importer: Importer) -> None:
    match statement:
        case ast.Assign(targets=targets, value=value):
            slot = placed(value, scope)
            for target in targets:
                _assign(target, slot, scope)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            _assign(target, placed(value, scope), scope)
        case ast.AugAssign():
            _augment(statement, scope)
        case ast.Delete(targets=targets):
            for target in targets:
                _delete(target, scope)
        case ast.Expr(value=ast.Constant()):
            pass
        case ast.Expr(value=value):
            attempt(value, scope)
        case ast.If(test=test, body=body, orelse=otherwise):
            try:
                chosen = body if truth(evaluate(test, scope)) else otherwise
            except UnknownError:
                blur([*body, *otherwise], scope)
                return
            _block(chosen, scope, importer)
        case ast.For(target=target, iter=over, body=body, orelse=otherwise):
            _loop(target, over, body, otherwise, scope, importer)
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Name(id="read_base")))], body=body):
            for part in body:
                if isinstance(part, ast.ImportFrom):
                    importer(part, scope)
        case ast.Import(names=aliases):
            for alias in aliases:
                whole = alias.asname is not None
                name = alias.asname or alias.name.partition(".")[0]
                _import(name, alias.name if whole else name, statement, scope)
        case ast.ImportFrom(module=module, names=aliases, level=level):
            for alias in aliases:
                if alias.name == "*":
                    scope.open = True
                else:
                    _import(alias.asname or alias.name, f"{'.' * level}{module or ''}.{alias.name}", statement, scope)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            bind(ast.Name(name), _at(Function(statement), statement, scope), scope)
        case ast.ClassDef(name=name):
            bind(ast.Name(name), _at(Symbol(name), statement, scope), scope)
            scope.imported.add(name)
        case ast.Break():
            raise _BreakError
        case ast.Continue():
            raise _ContinueError
        case ast.Pass() | ast.Assert() | ast.Global() | ast.Nonlocal() | ast.AnnAssign():
            pass
        case _:
            blur([statement], scope)


def _block(statements: list[ast.stmt], scope: Scope, importer: Importer) -> None:
    for statement in statements:
        _run(statement, scope, importer)


def _at(value: Any, statement: ast.stmt, scope: Scope) -> Slot:
    stand_in = ast.Constant(None)
    ast.copy_location(stand_in, statement)
    return Slot(value, scope.text, stand_in, False)


def _import(name: str, dotted: str, statement: ast.stmt, scope: Scope) -> None:
    scope.names[name] = _at(Symbol(dotted), statement, scope)
    scope.imported.add(name)


def _loop(
    target: ast.expr,
    over: ast.expr,
    body: list[ast.stmt],
    otherwise: list[ast.stmt],
    scope: Scope,
    importer: Importer,
) -> None:
    try:
        rounds = iterated(evaluate(over, scope), scope)
        if _leaves_on_unknown(body):
            raise UnknownError
    except UnknownError:
        blur([ast.Assign([target], ast.Constant(None)), *body, *otherwise], scope)
        return
    scope.repeating += 1
    try:
        for slot in rounds:
            scope.budget.spend()
            bind(target, Slot(slot.value, slot.text, slot.node, False), scope)
            try:
                _block(body, scope, importer)
            except _ContinueError:
                continue
            except _BreakError:
                return
        _block(otherwise, scope, importer)
    finally:
        scope.repeating -= 1


def _leaves_on_unknown(body: list[ast.stmt]) -> bool:
    """Tell whether a loop is left from within a block that is not a plain ``if``."""
    parts = (part for statement in body for part in ast.walk(statement))
    return any(isinstance(part, ast.Try | ast.While | ast.With | ast.Return) for part in parts)


def _assign(target: ast.expr, slot: Slot, scope: Scope) -> None:
    match target:
        case ast.Name(id=name):
            scope.names[name] = slot
            scope.imported.discard(name)
        case ast.Subscript(value=holder, slice=index):
            _set(attempt(holder, scope), attempt(index, scope), slot, scope)
        case ast.Attribute(value=holder, attr=name):
            container = attempt(holder, scope)
            if isinstance(container, Table) and not container.inherited:
                scope.remark("unresolved-reference", name, f"a dict has no attributes: write ['{name}']", target)
            if isinstance(container, Table):
                _set(container, name, slot, scope)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            value = slot.value
            known = isinstance(value, Items) and not value.open and len(value.slots) == len(parts)
            for at, part in enumerate(parts):
                each = value.slots[at] if known else Slot(UNKNOWN, slot.text, slot.node, False)
                if isinstance(part, ast.Starred):
                    part, each = part.value, Slot(UNKNOWN, slot.text, slot.node, False)
                _assign(part, each, scope)


def _set(container: Any, key: Any, slot: Slot, scope: Scope) -> None:
    if isinstance(container, Table):
        if key is UNKNOWN or not is_scalar(key):
            spoil(container)
        else:
            set_item(container, key, slot, scope)
    elif isinstance(container, Items):
        if isinstance(key, int) and not container.open and -len(container.slots) <= key < len(container.slots):
            container.slots[key] = slot
        else:
            spoil(container)


def _augment(statement: ast.AugAssign, scope: Scope) -> None:
    target, value = statement.target, placed(statement.value, scope)
    try:
        before = evaluate(_read(target), scope)
    except UnknownError:
        _assign(target, scope.slot(UNKNOWN, statement.value), scope)
        return
    if isinstance(before, Items) and before.kind == "list" and isinstance(statement.op, ast.Add):
        more = value.value
        if not isinstance(more, Items) or more.open:
            spoil(before)
        elif len(before.slots) + len(more.slots) > MOST_ITEMS:
            raise TooMuchError("a list is too long")
        else:
            before.slots += list(more.slots)
        return
    if isinstance(before, Table) and isinstance(statement.op, ast.BitOr) and isinstance(value.value, Table):
        for key, slot in list(value.value.slots.items()):
            set_item(before, key, slot, scope)
        return
    try:
        result = binary(type(statement.op), before, value.value)
    except UnknownError:
        result = UNKNOWN
    _assign(target, Slot(result, scope.text, statement.value, False), scope)


def _read(target: ast.expr) -> ast.expr:
    """Return a target as an expression that is read."""
    match target:
        case ast.Subscript(value=value, slice=index):
            return ast.copy_location(ast.Subscript(value, index, ast.Load()), target)
        case ast.Attribute(value=value, attr=name):
            return ast.copy_location(ast.Attribute(value, name, ast.Load()), target)
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), target)
    return target


def _delete(target: ast.expr, scope: Scope) -> None:
    match target:
        case ast.Name(id=name):
            scope.names.pop(name, None)
        case ast.Attribute(value=holder, attr=name):
            container = attempt(holder, scope)
            if isinstance(container, Table):
                container.slots.pop(name, None)
        case ast.Subscript(value=holder, slice=index):
            container, key = attempt(holder, scope), attempt(index, scope)
            if isinstance(container, Table) and is_scalar(key):
                container.slots.pop(key, None)
            elif (
                isinstance(container, Items)
                and isinstance(key, int)
                and -len(container.slots) <= key < len(container.slots)
            ):
                container.slots.pop(key)
            else:
                spoil(container)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                _delete(part, scope)


def blur(statements: Iterable[ast.stmt], scope: Scope) -> None:
    """Forget whatever statements may change: it cannot be told whether, or how often, they run."""
    for statement in statements:
        for part in ast.walk(statement):
            match part:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    scope.names[name] = _at(Function(part), part, scope)
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    for alias in aliases:
                        name = alias.asname or alias.name.partition(".")[0]
                        scope.open |= name == "*"
                        _import(name, alias.name, part, scope)
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    scope.names[name] = Slot(UNKNOWN, scope.text, part, False)
                    scope.imported.discard(name)
                case (
                    ast.Subscript(value=holder, ctx=ast.Store() | ast.Del())
                    | ast.Attribute(value=holder, ctx=ast.Store() | ast.Del())
                ):
                    _blur_item(holder, part, scope)
                case ast.Call(func=called, args=args, keywords=words):
                    _blur_call(called, [*args, *(word.value for word in words)], scope)


def _blur_item(holder: ast.expr, part: ast.Subscript | ast.Attribute, scope: Scope) -> None:
    container = attempt(holder, scope)
    key = part.attr if isinstance(part, ast.Attribute) else attempt(part.slice, scope)
    if isinstance(container, Table | Items):
        _set(container, key, Slot(UNKNOWN, scope.text, part, False), scope)


def _blur_call(called: ast.expr, args: list[ast.expr], scope: Scope) -> None:
    if isinstance(called, ast.Attribute):
        holder = attempt(called.value, scope)
        if called.attr not in ("get", "keys", "values", "items", "copy", "format", "join"):
            spoil(holder)
        if not isinstance(holder, Symbol):
            return
    elif isinstance(called, ast.Name):
        if called.id == "dict" or called.id in dir(sys.modules["builtins"]):
            return
        if called.id in scope.names and isinstance(scope.names[called.id].value, Function):
            forget_globals(scope.names[called.id].value.node, scope)
    for argument in args:
        if isinstance(argument, ast.Name | ast.Attribute | ast.Subscript):
            spoil(attempt(argument, scope))
