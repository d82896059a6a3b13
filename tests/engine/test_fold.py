"""A finding that another explains is folded, unless it is the worse one."""

from types import SimpleNamespace
from typing import Any

from diagnose.engine.fold import fold
from diagnose.model import Place


def hit(name: str, severity: str, folds: tuple[str, ...] = ()) -> Any:
    rule = SimpleNamespace(name=name, folds=folds, message=f"{name} is said")
    return SimpleNamespace(rule=rule, severity=severity, scope=None, place=Place("a.log", 1), evidence=[], folded=[])


def test_an_explained_finding_is_folded() -> None:
    parent, child = hit("cause", "error", ("effect",)), hit("effect", "warning")

    assert fold([child, parent]) == [parent]
    assert parent.folded == ["effect"]
    assert parent.evidence[0].text == "effect: effect is said"


def test_a_worse_finding_is_never_hidden() -> None:
    parent, child = hit("cause", "info", ("effect",)), hit("effect", "warning")

    assert fold([parent, child]) == [parent, child]
    assert parent.folded == []
