"""Comments, found by the rules of each format, and what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.configs.comments import comments, syntax_of
from diagnose.configs.directives import Directive, directives

YAML = """\
# top
lr: 0.1  # one
s: "a # no"  # two
t: 'it''s # no'
u: a#no
b: |  # three
  # no
  text # no

c: >-
  # no
# four
d: [1,  # five
  2]
e: plain
  goes on # six
"""
TOML = """\
a = "x # no" # one
b = \"\"\"
# no
\"\"\" # two
c = '# no' # three
d = '''
# no
'''
[t] # four
"""
PYTHON = '''\
"""A text. # no
# no
"""
a = dict(  # one
    lr=1,  # two
    x='# no',
)
b = f"{a}# no"
# three
'''
SHELL = """\
#!/bin/sh
echo "# no" $# ${#x} a#no \\# 'no # no'  # one
cat <<'EOF'
# no
EOF
x=$((1<<2))  # two
cat <<<word  # three
python train.py \\
  --lr 0.1
"""


@pytest.mark.parametrize(
    ("text", "syntax", "expected"),
    [
        (YAML, "yaml", ["top", "one", "two", "three", "four", "five", "six"]),
        (TOML, "toml", ["one", "two", "three", "four"]),
        (PYTHON, "python", ["one", "two", "three"]),
        (SHELL, "shell", ["one", "two", "three"]),
        ("a: 1 # b\n", "json", []),
    ],
)
def test_comments_are_those_of_the_format(text: str, syntax: str, expected: list[str]) -> None:
    found = [comment.text.lstrip("# ") for comment in comments(text, syntax) if not comment.text.startswith("#!")]

    assert expected == found


@pytest.mark.parametrize(
    ("text", "syntax"), [(YAML, "yaml"), (TOML, "toml"), (PYTHON, "python"), (SHELL, "shell")], ids=lambda x: x[:6]
)
def test_places_hold_with_windows_lines_and_a_mark(text: str, syntax: str) -> None:
    plain = list(comments(text, syntax))

    assert plain == list(comments("\ufeff" + text, syntax))
    assert [comment.line for comment in plain] == [
        comment.line for comment in comments(text.replace("\n", "\r\n"), syntax)
    ]
    for comment in plain:
        assert text.split("\n")[comment.line - 1][comment.column - 1 :].startswith(comment.text)


@pytest.mark.parametrize(
    ("path", "format", "expected"),
    [
        ("a.yaml", "", "yaml"),
        ("a.YML", "config-yaml", "yaml"),
        ("a.py", "config-python", "python"),
        ("run.sh", "", "shell"),
        ("a.json", "config-json", ""),
        ("train.log", "keras", ""),
        ("<stdin>", "config-toml", "toml"),
        ("<stdin>", "config-json", ""),
        ("<stdin>", "config", "yaml"),
    ],
)
def test_syntax(path: str, format: str, expected: str) -> None:
    assert expected == syntax_of(path, format)


def only(text: str, syntax: str = "yaml") -> Directive:
    (found,) = directives(text, "a.yaml", syntax)
    return found


class TestIgnore:
    def test_on_the_line(self) -> None:
        found = only("a: 1\nlr: 9  # diagnose: ignore[lr-too-high, DIFF CFG012]  we know\n")

        assert ("ignore", ("lr-too-high", "DIFF", "CFG012"), "we know") == (found.kind, found.rules, found.reason)
        assert (2, 2, 2, "") == (found.place.line, found.covers, found.until, found.fault)

    def test_right_above(self) -> None:
        text = "a: 1\n# diagnose: ignore[A]\n# why: see the issue\n# diagnose: ignore[B]\nlr: 9\n"

        assert [5, 5] == [found.covers for found in directives(text, "a.yaml", "yaml")]

    @pytest.mark.parametrize("text", ["# diagnose: ignore[A]\n\nlr: 9\n", "lr: 9\n# diagnose: ignore[A]\n"])
    def test_nothing_follows(self, text: str) -> None:
        assert "no setting follows" == only(text).fault

    def test_behind_another_comment(self) -> None:
        assert ("A",) == only("lr: 9  # as in the paper # diagnose: ignore[A]\n").rules

    def test_a_command_goes_on_over_lines(self) -> None:
        found = only("# diagnose: ignore[A]\npython train.py \\\n  --lr 9 \\\n  --wd 1\nls\n", "shell")

        assert (2, 4) == (found.covers, found.until)

    @pytest.mark.parametrize("text", ["ignore", "ignore because", "ignore[]", "ignore [ , ] x"])
    def test_without_rules(self, text: str) -> None:
        found = only(f"lr: 9  # diagnose: {text}\n")

        assert "names no rule" in found.fault
        assert "ignore[CODE]" in found.mend

    def test_all(self) -> None:
        assert "would silence every rule" in only("lr: 9  # diagnose: ignore[ALL]\n").fault

    def test_whole_file(self) -> None:
        found = only("# A config.\n\n# diagnose: ignore-file[CFG031] generated\nlr: 9\n")

        assert (True, 0, "generated", "") == (found.file, found.covers, found.reason, found.fault)
        assert "below the top" in only("lr: 9\n# diagnose: ignore-file[CFG031]\nwd: 1\n").fault

    @pytest.mark.parametrize("text", ["ignroe[A]", "ingore", "disable[A]", "wave[A]"])
    def test_misspelt(self, text: str) -> None:
        assert "is no directive" in only(f"lr: 9  # diagnose: {text}\n").fault

    @pytest.mark.parametrize(
        "text",
        ["lr: 9  # we diagnose: it diverges\n", "lr: 9  # diagnose: the run died\n", "s: '# diagnose: ignore'\n"],
    )
    def test_prose_is_left_alone(self, text: str) -> None:
        assert [] == directives(text, "a.yaml", "yaml")


class TestWaive:
    def test_fields_in_any_order(self) -> None:
        found = only(
            "lr: 9  # diagnose: waive[DIFF001] owner=@ada confirmed_by=abc123 expires='2027-01-31' "
            'reason="a \\"b\\" = c" key=lr\n'
        )

        assert ("@ada", "abc123", "2027-01-31", 'a "b" = c', "lr") == (
            found.owner,
            found.confirmed_by,
            found.expires,
            found.reason,
            found.key,
        )
        assert "" == found.fault

    @pytest.mark.parametrize(
        ("fields", "fault"),
        [
            ("onwer=ada", "`onwer` is no field"),
            ("owner=a owner=b", "stands twice"),
            ("because we said so", "is not `name=value`"),
            ('reason="open', "opens a quote"),
        ],
    )
    def test_faults(self, fields: str, fault: str) -> None:
        found = only(f"lr: 9  # diagnose: waive[DIFF001] {fields}\n")

        assert fault in found.fault


@given(st.text(alphabet="#[]{}:'\"|>\\\n\t -=<&*!ab1,\r\x85é"), st.sampled_from(["yaml", "toml", "python", "shell"]))
def test_any_text_is_survived(text: str, syntax: str) -> None:
    text = f"{text}\n# diagnose: ignore[A]\n{text}"
    for found in directives(text, "x", syntax):
        assert 1 <= found.place.line <= text.count("\n") + 1


@pytest.mark.parametrize("syntax", ["yaml", "toml", "python", "shell"])
@pytest.mark.parametrize(
    "part", ["a: 1 # diagnose: ignore[A]\n", "<<A\n", "'", '"""', "#", "\\", "[", "a: |\n", 'waive[A] a="', " "]
)
def test_large_texts_take_no_time(part: str, syntax: str) -> None:
    text = "# diagnose: ignore[A]\n" + part * (300_000 // len(part))
    directives(text, "x", syntax)


@pytest.mark.parametrize("text", ["Diagnose: Ignore[A]", "DIAGNOSE: WAIVE[A] reason=x", "diagnose: Ignore-File[A]"])
def test_capitals_change_nothing(text: str) -> None:
    assert only(f"# {text}\nlr: 9\n").rules == ("A",)


@pytest.mark.parametrize("rest", ['reason="x owner=y', "owner=y reason='x", 'reason="x\\" owner=y'])
def test_a_quote_that_nothing_closes(rest: str) -> None:
    found = only(f"lr: 9  # diagnose: waive[A] {rest}\n")
    assert "opens a quote" in found.fault
    assert found.mend
