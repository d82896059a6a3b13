"""No terminal of a line grammar tells one digit from another: the parse of one line serves for all of its shape."""

import re

import difference
import interegular
import pytest
from interegular.fsm import anything_else

from diagnose.parsers import parser

LOOKAROUND = re.compile(r"\(\?(?:=|!|<=|<!)|\\b|\^|\$|\(\?i:|\*\?|\+\?|\?\?")
DIGIT_CLASS = re.compile(r"\[[^\]]*?(\d-\d|\d)[^\]]*\]")


def terminals():
    return [
        pytest.param(name, one, id=f"{name}-{one.name}")
        for name in difference.GRAMMARS
        for one in parser(name).terminals
        if one.pattern.type != "str"
    ]


@pytest.mark.parametrize(("grammar", "terminal"), terminals())
def test_all_digits_are_alike(grammar, terminal):
    pattern = terminal.pattern.to_regexp()
    if LOOKAROUND.search(pattern):
        # No automaton of the library's: a class that holds some digits must hold them all.
        for found in re.finditer(r"\[(?:\\.|[^\]\\])+\]", pattern):
            digits = {digit for digit in "0123456789" if re.fullmatch(found[0], digit)}
            assert len(digits) in (0, 10), found[0]
        return
    machine = interegular.parse_pattern(pattern).to_fsm()
    column = [
        machine.alphabet[digit] if digit in machine.alphabet else machine.alphabet[anything_else]
        for digit in "0123456789"
    ]
    for state in machine.states:
        reached = {machine.map.get(state, {}).get(symbol) for symbol in column}
        assert len(reached) == 1, (pattern, state)
