"""Lark's tables, run by ``diagnose.scan.lalr``, read in every line what Lark reads."""

import json
import re

import difference
import pytest

from diagnose.parsers import parser, tables
from diagnose.reader.learning import parse_line
from diagnose.scan import LineParser

LINES = 300
ODD = (
    "",
    " ",
    "\t",
    "\x00",
    "-",
    "0",
    "nan",
    "a" * 5000,
    "1 " * 3000,
    "[" * 3000,
    "loss: 1 " * 500,
    "Epoch 1/2 - é: ━",
)


@pytest.mark.parametrize("name", difference.GRAMMARS)
def test_lines_are_read_as_lark_reads_them(name):
    lark = parser(name)
    ours = LineParser(json.loads(json.dumps(tables(name))))

    for line in (*difference.generated(name, LINES, seed=3), *difference.samples()[::3], *ODD):
        assert ours(line) == parse_line(lark, line), line


@pytest.mark.parametrize("name", difference.GRAMMARS)
def test_samples_are_accepted(name):
    assert difference.accepted(name)


def gates():
    """Return the gates of grammars: what is accepted but does not pass would be lost."""
    from diagnose.logs import generic_text, hf_console, keras, mmcv, mmengine, results_text
    from diagnose.reader import console, remarks

    lines = generic_text.TALK, hf_console.GRAMMAR, mmcv.GRAMMAR, mmengine.GRAMMAR, results_text.GRAMMAR
    return {one.name: one.gate for one in lines} | {
        "console": console.GATE,
        "keras": keras.GATE,
        "remarks": remarks.GATE,
    }


@pytest.mark.parametrize(("name", "gate"), gates().items(), ids=list(gates()))
def test_what_is_accepted_passes_the_gate(name, gate):
    assert [line for line in difference.accepted(name) if not re.search(gate, line)] == []
