"""Where keys stand in a TOML text."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from diagnose.text.toml_places import lines_of

TEXT = '''\
# a comment with [brackets] and "quotes"
title = "x"   # one
"quoted.key" = 1
multi = """
[not.a.table]
key = 1
""" # after
array = [
  "a", # comment ]
  "b",
  [1, 2],
]
inline = {a = 1, b = {c = "}"}, "d e" = [1]}

[tool.diagnose]
select = ["LOSS"]
thresholds.loss-plateau.window = 20

[tool.diagnose.thresholds.zero-val-metric.metrics."val/map50"]
tolerance = 1e-4

[[tool.diagnose.per-path-ignores]]
path = 'a'

  [[tool.diagnose.per-path-ignores]]
  path = \'\'\'
b\'\'\'
rules = []
'''


def test_lines():
    found = lines_of(TEXT)
    base = ("tool", "diagnose")
    expected = {
        ("title",): 2,
        ("quoted.key",): 3,
        ("multi",): 4,
        ("array",): 8,
        ("array", 0): 9,
        ("array", 1): 10,
        ("array", 2, 1): 11,
        ("inline", "a"): 13,
        ("inline", "b", "c"): 13,
        ("inline", "d e", 0): 13,
        (*base,): 15,
        (*base, "select", 0): 16,
        (*base, "thresholds", "loss-plateau", "window"): 17,
        (*base, "thresholds", "zero-val-metric", "metrics", "val/map50", "tolerance"): 20,
        (*base, "per-path-ignores"): 22,
        (*base, "per-path-ignores", 0, "path"): 23,
        (*base, "per-path-ignores", 1): 25,
        (*base, "per-path-ignores", 1, "path"): 26,
        (*base, "per-path-ignores", 1, "rules"): 28,
    }

    assert expected == {path: found.get(path) for path in expected}
    assert ("not", "a", "table") not in found


def paths(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def test_every_key_of_a_valid_text_is_found():
    assert set(paths(tomllib.loads(TEXT))) <= set(lines_of(TEXT))


PIECES = [
    "a",
    "b",
    '"c d"',
    "'",
    '"',
    '"""',
    "'''",
    "=",
    ".",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    ",",
    "1",
    "\n",
    " ",
    "#",
    "\\",
    "x\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
def test_any_valid_text(text: str):
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(paths(raw)) <= set(lines_of(text))
