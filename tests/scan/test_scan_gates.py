"""Gates, which keep lines from being parsed, let everything pass that their grammars accept: proved for each."""

import ast
import importlib
import re
from pathlib import Path

import languages
import pytest

import diagnose
from diagnose.parsers import parser
from diagnose.reader.openmmlab_text import STAMP
from diagnose.scan import needed

NARROW = {"generic_text"}
"""Grammars that accept lines of any kind; only those with a number or a value are wanted."""
CONTROL = r"[\0-\x08\x0b-\x1f\x7f]"
"""What lets any line pass."""


def gates():
    """Return the gate of each ``LineGrammar`` in the sources that has one, by grammar."""
    found = {}
    root = Path(diagnose.__file__).parents[1]
    for path in sorted((root / "diagnose").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())) if "LineGrammar(" in path.read_text() else ():
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "LineGrammar" and call.keywords:
                module = importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
                name, gate = (
                    eval(ast.unparse(one), vars(module)) for one in (call.args[0], call.keywords[0].value)
                )  # the code is ours
                assert found.setdefault(name, gate) == gate
    return found


GATES = gates()


@pytest.mark.parametrize("grammar", sorted(GATES.keys() - NARROW))
def test_a_gate_lets_pass_whatever_its_grammar_accepts(grammar):
    assert languages.missed(languages.of_grammar(parser(grammar)), languages.of_pattern(GATES[grammar])) is None


@pytest.mark.parametrize("pattern", [*sorted(GATES.values()), STAMP.pattern])
def test_what_passes_a_gate_holds_one_of_the_texts_that_are_looked_for(pattern):
    texts = needed(pattern)
    if texts is not None:
        looked_for = [re.escape(text.rstrip("\n")) + "$" * text.endswith("\n") for text in sorted(texts)]
        gate = languages.of_pattern(f"(?i){'|'.join(looked_for)}|{CONTROL}")

        assert languages.missed(languages.of_pattern(pattern), gate) is None


@pytest.mark.parametrize(
    ("pattern", "gate"),
    [
        (r"Trial *\d", r"Trial \d"),
        (r"Trial \d", r"trial \d"),
        (r"(?:ab|c)+\d", r"[ac]\d"),
        (r"loss: [.\d]", r"loss: \d"),
        (r"loss", r"\bloss"),
        (r"done", r"done$"),
    ],
)
def test_a_line_that_a_gate_keeps_back_is_found(pattern, gate):
    line = languages.missed(languages.of_pattern(pattern), languages.of_pattern(gate))

    assert line is not None
    assert re.search(pattern, line)
    assert not re.search(gate, line)


@pytest.mark.parametrize(
    ("pattern", "gate"), [(r"Trial +\d", "(?i)TRIAL"), (r"a{9,12}b", "aaab"), (r"x\bloss\b", "loss"), (r"^ab$", r"b$")]
)
def test_nothing_is_found_where_a_gate_keeps_nothing_back(pattern, gate):
    assert languages.missed(languages.of_pattern(pattern), languages.of_pattern(gate)) is None
