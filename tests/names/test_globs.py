"""Globs without regular expressions fit what those fit."""

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from diagnose.names.globs import fits


@given(st.text("ab/_*?[]!\n", max_size=6), st.text("ab/_[]\n", max_size=6))
def test_globs_fit_as_fnmatch_has_it(glob: str, name: str) -> None:
    assert fits(name, glob) == fnmatchcase(name, glob)
