"""Settings files: which one counts, what it extends, what its values mean."""

from pathlib import Path

import pytest

from diagnose.errors import SettingsError
from diagnose.settings import Settings, closest, from_file, from_text, options_layer
from diagnose.settings.values import WrongValueError, parse_size


class TestClosest:
    """The closest file wins alone."""

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ({}, None),
            ({"diagnose.toml": ""}, "diagnose.toml"),
            ({".diagnose.toml": "", "diagnose.toml": ""}, ".diagnose.toml"),
            ({"diagnose.toml": "", "pyproject.toml": "[tool.diagnose]"}, "diagnose.toml"),
            ({"pyproject.toml": "[tool.diagnose]"}, "pyproject.toml"),
            ({"pyproject.toml": "[tool.ruff]"}, None),
            ({"pyproject.toml": "[tool.ruff\n"}, None),
            ({"pyproject.toml": "[tool.diagnose\n"}, "pyproject.toml"),
            ({"a/diagnose.toml": "", "diagnose.toml": ""}, "a/diagnose.toml"),
            ({"a/pyproject.toml": "[tool.ruff]", "diagnose.toml": ""}, "diagnose.toml"),
            ({"a/b/diagnose.toml": ""}, None),
        ],
    )
    def test_order(self, tmp_path: Path, files, expected):
        (tmp_path / "a").mkdir()
        (tmp_path / "a/b").mkdir()
        for name, text in files.items():
            (tmp_path / name).write_text(text)

        assert (None if expected is None else tmp_path / expected) == closest(tmp_path / "a")

    def test_what_was_found_for_a_folder_counts_for_those_below(self, tmp_path: Path):
        (tmp_path / "a/b").mkdir(parents=True)
        (tmp_path / "a/diagnose.toml").write_text("")
        known: dict[Path, Path | None] = {}

        for folder in ("a/b", "a/c/d", "a/b/e", ".", "f"):
            assert closest(tmp_path / folder, known) == closest(tmp_path / folder)
        assert known[tmp_path / "a/c"] == tmp_path / "a/diagnose.toml"


class TestExtend:
    """``extend`` builds on another file."""

    def test_layers(self, tmp_path: Path):
        (tmp_path / "base.toml").write_text(
            'fail-on = "info"\nmin-severity = "error"\nexclude = "x"\nrules = "r"\n[severity]\na = "info"\nb = "info"\n'
        )
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub/diagnose.toml").write_text(
            'extend = "../base.toml"\nfail-on = "hint"\nexclude = ["y"]\nrules = ["s"]\n[severity]\nb = "hint"\n'
        )
        settings = from_file(tmp_path / "sub/diagnose.toml")

        assert (settings.fail_on, settings.min_severity) == ("hint", "error")
        assert ((tmp_path, "x"), (tmp_path / "sub", "y")) == settings.exclude
        assert (tmp_path / "r", tmp_path / "sub/s") == settings.rules
        assert [value for value, _ in settings.each("severity")] == [{"a": "info", "b": "info"}, {"b": "hint"}]

    def test_a_circle(self, tmp_path: Path):
        (tmp_path / "a.toml").write_text('extend = "b.toml"')
        (tmp_path / "b.toml").write_text('extend = "a.toml"')
        with pytest.raises(SettingsError, match=r"b.toml:1: `extend` goes in a circle"):
            from_file(tmp_path / "a.toml")

    def test_pyproject(self, tmp_path: Path):
        (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.diagnose]\nfail-on = "info"\n')
        settings = from_file(tmp_path / "pyproject.toml")
        value, layer = settings.setting("fail-on")

        assert (value, layer.place("fail-on").line) == ("info", 4)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fail-on=warning", {"fail-on": "warning"}),
        ('fail-on = "warning"', {"fail-on": "warning"}),
        ("select=LOSS,METRIC", {"select": ("LOSS", "METRIC")}),
        ("select=['LOSS']", {"select": ("LOSS",)}),
        ("thresholds.loss-plateau.window=20", {"thresholds": {"loss-plateau": {"window": 20}}}),
        ("require-reasons=true", {"require-reasons": True}),
        ("max-size=2GB", {"max-size": 2_000_000_000}),
    ],
)
def test_key_value_texts(text, values):
    assert values == from_text(text).values


@pytest.mark.parametrize("text", ["=", "a b = c", "fail-on", "nope=1"])
def test_texts_that_are_no_settings(text):
    with pytest.raises(SettingsError):
        from_text(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10", 10),
        (7, 7),
        ("1k", 1000),
        ("1 KiB", 1024),
        ("1.5GB", 1_500_000_000),
        ("2gib", 2**31),
        ("500m", 500_000_000),
    ],
)
def test_sizes(text, size):
    assert size == parse_size(text)


@pytest.mark.parametrize("text", ["", "GB", "-1", "1XB", "1e9", True])
def test_what_is_no_size(text):
    with pytest.raises(WrongValueError):
        parse_size(text)


def test_options_that_say_nothing_make_no_layer():
    layer = options_layer({"select": None, "ignore": [], "fail-on": None})

    assert Settings() == Settings().with_layer(layer)


def test_a_later_select_begins_anew():
    low = from_text("ignore = {a = 'why', b = ''}")
    settings = Settings((low,))

    assert settings.ignored() == {"a": "why", "b": ""}
    assert settings.with_layer(options_layer({"ignore": ["c"], "select": ["x"]})).ignored() == {"c": ""}
    assert settings.with_layer(options_layer({"ignore": ["c"]})).ignored() == {"a": "why", "b": "", "c": ""}


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a = '\xff'"])
def test_what_is_not_utf_8(tmp_path: Path, data):
    (tmp_path / "diagnose.toml").write_bytes(data)
    with pytest.raises(SettingsError, match="not UTF-8"):
        from_file(tmp_path / "diagnose.toml")


def test_a_byte_order_mark_is_no_matter(tmp_path: Path):
    (tmp_path / "diagnose.toml").write_bytes(b"\xef\xbb\xbffail-on = 'info'\n")

    assert from_file(tmp_path / "diagnose.toml").fail_on == "info"
