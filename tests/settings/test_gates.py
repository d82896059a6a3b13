"""Waivers and policy as settings: what is read, what is refused and where, and the schema that editors use."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from diagnose.errors import SettingsError
from diagnose.settings import Policy, Settings, from_file, json_schema, parse_day

WHOLE = """\
[policy]
together = [["lr", "batch_size"], ["loss"]]
max-roles = 3
frozen = ["seed", "data"]
paths = ["configs/**"]
require-owner = false
require-confirmation = ["critical", "high"]
[policy.limits.lr]
min = 1e-6
max = 1
max-factor = 2
max-percent = 50
[[waivers]]
rule = "DIFF001, lr-raised"
key = "lr"
path = "configs/a.yaml"
reason = "sweep"
owner = "@ada"
expires = "2027-01-31"
confirmed-by = "abc123"
"""


def test_everything_is_read(tmp_path: Path) -> None:
    (tmp_path / "diagnose.toml").write_text(WHOLE)
    settings = from_file(tmp_path / "diagnose.toml")
    ((waiver,), layer) = next(settings.each("waivers"))
    policy = settings.policy

    assert (("DIFF001", "lr-raised"), "lr", ("configs/a.yaml",)) == (waiver.rules, waiver.key, waiver.globs)
    assert (date(2027, 1, 31), "@ada", "abc123", tmp_path) == (
        waiver.expires,
        waiver.owner,
        waiver.confirmed_by,
        waiver.base,
    )
    assert 13 == layer.place("waivers", *waiver.at).line
    assert ((("lr", "batch_size"), ("loss",)), 3, ("seed", "data")) == (
        policy.together,
        policy.max_roles,
        policy.frozen,
    )
    assert (((tmp_path, "configs/**"),), False, ("critical", "high")) == (
        policy.paths,
        policy.require_owner,
        policy.require_confirmation,
    )
    assert (1e-6, 1.0, 2.0, 50.0) == (
        policy.limits["lr"].min,
        policy.limits["lr"].max,
        policy.limits["lr"].max_factor,
        policy.limits["lr"].max_percent,
    )


def test_nothing_is_set() -> None:
    assert Policy() == Settings().policy


def test_in_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.diagnose.waivers]]\nrule = "A"\nreason = "b"\nexpires = 2027-01-31\n'
        "[tool.diagnose.policy]\nmax-roles = 1\n"
    )
    settings = from_file(tmp_path / "pyproject.toml")

    assert 1 == settings.policy.max_roles
    assert date(2027, 1, 31) == settings.setting("waivers")[0][0].expires


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policy]\nmax-role = 3", r"x.toml:2: .*did you mean max-roles"),
        ("[policy]\nmax-roles = -1", r"x.toml:2: .*number of roles"),
        ("[policy]\nmax-roles = true", r"x.toml:2: .*number of roles"),
        ("[policy]\ntogether = ['lr']", r"x.toml:2: .*list of lists"),
        ("[policy]\ntogether = [[1]]", r"x.toml:2: .*expected a text"),
        ("[policy]\nrequire-confirmation = ['critcal']", r"x.toml:2: .*did you mean critical"),
        ("[policy]\nrequire-owner = 1", r"x.toml:2: .*true or false"),
        ("policy = 3", r"x.toml:1: .*expected a table"),
        ("[policy.limits]\nlr = 3", r"x.toml:2: .*max-factor"),
        ("[policy.limits.lr]\nmaximum = 3", r"x.toml:2: .*unknown key"),
        ("[policy.limits.lr]\nmax = 'a'", r"x.toml:2: .*expected a number"),
        ("[policy.limits.lr]\nmax = nan", r"x.toml:2: .*expected a number"),
        ("[policy.limits.lr]\nmax-factor = 0.5", r"x.toml:2: .*1 or more"),
        ("[policy.limits.lr]\nmin = 2\nmax = 1", r"x.toml:1: .*above max"),
        ("[waivers]\nrule = 'A'", r"x.toml:1: .*array of tables"),
        ("waivers = [1]", r"x.toml:1: .*expected a table"),
        ("[[waivers]]\nrule = 'A'\nreason = 'b'", r"x.toml:1: .*`expires` is missing"),
        ("[[waivers]]\nrule = 'A'\nexpires = 2027-01-31", r"x.toml:1: .*`reason` is missing"),
        ("[[waivers]]\nreason = 'A'\nexpires = 2027-01-31", r"x.toml:1: .*`rule` is missing"),
        ("[[waivers]]\nrule = []\nreason = 'A'\nexpires = 2027-01-31", r"x.toml:1: .*`rule` is missing"),
        ("[[waivers]]\nrule = 'A'\nreason = 'b'\nexpires = 2027-01-31T10:00:00", r"x.toml:4: .*expected a date"),
        ("[[waivers]]\nrule = 'A'\nreason = ''\nexpires = 2027-01-31", r"x.toml:3: .*expected a text"),
        ("[[waivers]]\nrule = 'A'\nrea = 'b'", r"x.toml:3: .*did you mean reason"),
    ],
)
def test_faults_have_a_line_and_a_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(SettingsError, match=said):
        from_file(tmp_path / "x.toml")


def test_the_schema_knows_them() -> None:
    schema = json_schema()
    raw = tomllib.loads(WHOLE)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(raw, schema)
    for key in ("policy", "waivers"):
        wrong = {key: {**raw["policy"], "x": 1} if key == "policy" else [{**raw["waivers"][0], "x": 1}]}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


@pytest.mark.parametrize("text", ["", "2027-1-31", "20270131", "2027-W05-1", "2027-02-29", "2027-01-31 "])
def test_what_is_no_day(text: str) -> None:
    assert parse_day(text) is None
