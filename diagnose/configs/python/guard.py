"""Refuses configs that would execute code, import by name, or open files when a trainer runs them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from diagnose.configs.python.text import Text
from diagnose.patterns import lazy

FUNCTIONS = frozenset({"exec", "eval", "compile", "open", "__import__", "input", "breakpoint", "globals", "getattr",
                       "setattr", "vars", "locals", "delattr"})  # fmt: skip
"""Functions of Python that run, open or reach what a config must not."""
MODULES = frozenset({"subprocess", "importlib", "runpy", "ctypes", "socket", "urllib", "http", "requests", "shutil",
                     "pickle", "marshal", "pty", "multiprocessing", "threading", "code", "builtins", "webbrowser",
                     "ftplib", "smtplib", "signal", "io", "tempfile", "glob"})  # fmt: skip
"""Modules of which nothing may be used."""
OF_OS = lazy(r"system|popen|exec\w*|spawn\w*|posix_spawn\w*|fork\w*|kill\w*|open|fdopen|startfile|remove\w*|"
                   r"unlink|rmdir|rename\w*|replace|chmod|chown|putenv|truncate|symlink|link|listdir|walk|scandir|read|"
                   r"write|pipe\w*|dup\w*")  # fmt: skip
METHODS = frozenset({"read_text", "write_text", "read_bytes", "write_bytes", "unlink", "rmtree", "check_output",
                     "import_module", "system", "popen"})  # fmt: skip
HINT = lazy(
    r"\b(?:" + "|".join(sorted({*FUNCTIONS, *METHODS, *MODULES} - {"glob", "code"})) + r"|glob|code|os)\b|__\w+__"
)
DUNDER = lazy(r"__\w+__")
HARMLESS = frozenset({"__name__", "__file__", "__doc__", "__all__", "__version__"})
MEND = "write the value itself; configs are read, never executed"


def refuse(statements: list[ast.stmt], text: Text) -> None:
    """Raise if the config executes code, imports by name or opens files when it is loaded.

    Functions that are defined and never used are harmless; so is what stands under ``if __name__ == "__main__"``.

    Raises:
        SourceError: at the first such place.
    """
    if not HINT.search(text.content):
        return
    aliases: dict[str, str] = {}
    bound: set[str] = set()
    for part in _walk(statements):
        if isinstance(part, ast.Import):
            for alias in part.names:
                aliases[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(part, ast.ImportFrom) and not part.level:
            for alias in part.names:
                aliases[alias.asname or alias.name] = f"{part.module}.{alias.name}"
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            bound.add(part.id)
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(part.name)
    used = {part.id for part in _walk(statements) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
    for part in _walk(statements, used):
        what = _forbidden(part, aliases, bound)
        if what:
            raise text.error(f"the config does what no config should: {what}", part, MEND)  # type: ignore[arg-type]


def _forbidden(part: ast.AST, aliases: dict[str, str], bound: set[str]) -> str:
    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
        if part.id in FUNCTIONS and part.id not in bound and part.id not in aliases:
            return f"it uses {part.id}"
        if DUNDER.fullmatch(part.id) and part.id not in HARMLESS and part.id not in bound:
            return f"it uses {part.id}"
        return _of_module(aliases[part.id]) if part.id in aliases else ""
    if isinstance(part, ast.Attribute):
        if DUNDER.fullmatch(part.attr) and part.attr not in HARMLESS:
            return f"it uses {part.attr}"
        dotted = _dotted(part, aliases)
        return _of_module(dotted) if dotted else ""
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in METHODS:
        return f"it calls {part.func.attr}"
    return ""


def _of_module(dotted: str) -> str:
    first, _, rest = dotted.partition(".")
    if first in MODULES and rest:
        return f"it uses {dotted}"
    if first in ("os", "posix", "nt") and OF_OS.fullmatch(rest.partition(".")[0]):
        return f"it uses {dotted}"
    return ""


def _dotted(node: ast.Attribute, aliases: dict[str, str]) -> str:
    names = [node.attr]
    inner: ast.expr = node.value
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id not in aliases:
        return ""
    return ".".join([aliases[inner.id], *reversed(names)])


def _walk(statements: Iterable[ast.AST], used: set[str] | None = None) -> Iterator[ast.AST]:
    """Yield all nodes that loading the config reaches; with *used*, less the functions whose name is never read."""
    waiting = list(statements)[::-1]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.If) and _is_main(part.test):
            waiting += part.orelse[::-1]
            continue
        yield part
        if used is not None and isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name not in used:
            waiting += [*part.decorator_list, *part.args.defaults]
            continue
        waiting += list(ast.iter_child_nodes(part))[::-1]


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
