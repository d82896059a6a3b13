"""Waivers and suppressions: what they let pass, until when, and what is told of those that do nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose import api
from diagnose.engine.confirm import SCHEMA, diff_hash
from diagnose.engine.lint import judged, lint_run, reviewed
from diagnose.engine.plan import plan
from diagnose.engine.policy import policy_events, roles_changed
from diagnose.engine.today import today
from diagnose.errors import SettingsError
from diagnose.model import Change, Config, Event, FileReport, Finding, Place, Run, Segment, Setting
from diagnose.settings import Policy, from_file
from diagnose.sources import from_bytes

CONFIG = "momentum: 0.9\nlr0: 0.5{comment}\nlrf: 0.1\nweight_decay: 0.0005\nwarmup_epochs: 2.0\n"
LIMIT = "[policy.limits.lr]\nmax = 0.1\n"
WHOLE = 'reason="a sweep" owner=@ada expires=2027-01-31'


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIAGNOSE_TODAY", "2026-11-21")
    Path("diagnose.toml").write_text(LIMIT)


def codes(path: str = "a.yaml", **options: object) -> list[str]:
    report = api.lint([path], select=["CFG9"], **options)  # type: ignore[arg-type]
    return [f"{finding.place.line}:{finding.code}" for finding in report.findings]


def write(comment: str = "", top: str = "", name: str = "a.yaml") -> None:
    Path(name).write_text(top + CONFIG.format(comment=comment))


class TestComments:
    def test_nothing_is_permitted(self) -> None:
        write()

        assert ["2:CFG906"] == codes()

    @pytest.mark.parametrize(
        "comment",
        [
            "  # diagnose: ignore[CFG906] known",
            "  # diagnose: ignore[policy-limit]",
            "  # diagnose: ignore[CFG] known",
            f"  # diagnose: waive[CFG906] {WHOLE}",
            f"  # diagnose: waive[CFG906] {WHOLE} key=lr",
            f"  # diagnose: waive[CFG906] {WHOLE} key=lr*",
        ],
    )
    def test_on_the_line(self, comment: str) -> None:
        write(comment)
        report = api.lint(["a.yaml"], select=["CFG9"])

        assert ([], 1) == (report.findings, report.suppressed)

    def test_for_the_whole_file(self) -> None:
        write(top=f"# diagnose: waive-file[CFG906] {WHOLE}\n")

        assert [] == codes()

    def test_another_line_is_another_setting(self) -> None:
        Path("a.yaml").write_text("# diagnose: ignore[CFG906]\nmomentum: 0.9\nlr0: 0.5\nlrf: 0.1\nweight_decay: 0.1\n")

        assert ["3:CFG906", "1:CFG903"] == codes()

    def test_another_key(self) -> None:
        write(f"  # diagnose: waive[CFG906] {WHOLE} key=momentum")

        assert ["2:CFG906", "2:CFG902"] == codes()

    @pytest.mark.parametrize(("day", "expected"), [("2027-01-31", []), ("2027-02-01", ["2:CFG906", "2:CFG901"])])
    def test_the_last_day_counts(self, monkeypatch: pytest.MonkeyPatch, day: str, expected: list[str]) -> None:
        monkeypatch.setenv("DIAGNOSE_TODAY", day)
        write(f"  # diagnose: waive[CFG906] {WHOLE}")

        assert expected == codes()

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ("owner=a expires=2027-01-31", "lacks reason"),
            ("reason=x expires=2027-01-31", "lacks owner"),
            ("reason=x owner=a", "lacks expires"),
            ("reason=x owner=a expires=soon", "'soon' is no date"),
            ("reason=x owner=a expires=2027-02-30", "is no date"),
        ],
    )
    def test_incomplete(self, fields: str, said: str) -> None:
        write(f"  # diagnose: waive[CFG906] {fields}")
        stands, incomplete = api.lint(["a.yaml"], select=["CFG9"]).findings

        assert ("CFG906", "CFG904") == (stands.code, incomplete.code)
        assert said in incomplete.message

    def test_an_owner_need_not_be(self) -> None:
        Path("diagnose.toml").write_text("[policy]\nrequire-owner = false\n" + LIMIT)
        write("  # diagnose: waive[CFG906] reason=x expires=2027-01-31")

        assert [] == codes()

    @pytest.mark.parametrize(
        ("comment", "said"),
        [
            ("ignore", "names no rule"),
            ("ignore[CFG960]", "did you mean CFG9"),
            ("ignore[CFG906, CFG903]", "judges waivers themselves"),
            ("ignore[ALL]", "every rule"),
        ],
    )
    def test_invalid(self, comment: str, said: str) -> None:
        write(f"  # diagnose: {comment}")
        stands, invalid = api.lint(["a.yaml"], select=["CFG9"]).findings

        assert ("CFG906", "CFG907") == (stands.code, invalid.code)
        assert said in invalid.message

    def test_an_unknown_rule_of_a_waiver(self) -> None:
        write(f"  # diagnose: waive[CFG960] {WHOLE}")

        assert ["2:CFG906", "2:CFG904"] == codes()

    def test_reasons_where_they_are_required(self) -> None:
        Path("diagnose.toml").write_text("require-reasons = true\n" + LIMIT)
        write("  # diagnose: ignore[CFG906]")

        assert ["2:CFG906", "2:CFG907"] == codes()

    def test_unused_only_if_the_rule_ran(self) -> None:
        Path("diagnose.toml").write_text("[policy.limits.lr]\nmax = 9\n")
        write(f"  # diagnose: ignore[CFG906, DIFF]\n# diagnose: waive[DIFF003] {WHOLE}")
        (unused,) = api.lint(["a.yaml"], select=["ALL"]).findings or [None]

        assert "CFG903" == unused.code
        assert "CFG906" in unused.message
        assert "DIFF" not in unused.message
        assert [] == codes(ignore=["CFG906"])

    def test_rules_about_permits_are_rules(self) -> None:
        write("  # diagnose: ignore")
        Path("diagnose.toml").write_text(LIMIT + '[severity]\nsuppression-invalid = "info"\n')
        levels = {finding.code: finding.severity for finding in api.lint(["a.yaml"], select=["CFG9"]).findings}

        assert {"CFG906": "error", "CFG907": "info"} == levels
        assert ["2:CFG906"] == codes(ignore=["CFG907"])

    def test_a_log_is_not_searched(self) -> None:
        Path("a.log").write_text("Epoch 1/2\n# diagnose: ignore\nloss: 1 - val_loss: 1\n")

        assert [] == codes("a.log")

    def test_no_settings_are_heeded(self) -> None:
        write("  # diagnose: ignore")

        assert ["2:CFG907"] == codes(isolated=True)


class TestSettings:
    def settings(self, text: str) -> None:
        Path("diagnose.toml").write_text(f'{LIMIT}[[waivers]]\nrule = "CFG906"\nreason = "a sweep"\n{text}\n')

    @pytest.mark.parametrize(
        ("text", "passes"),
        [
            ('owner = "a"\nexpires = 2027-01-31', True),
            ('owner = "a"\nexpires = "2027-01-31"\nkey = "lr"', True),
            ('owner = "a"\nexpires = 2027-01-31\nkey = "lr0"', True),
            ('owner = "a"\nexpires = 2027-01-31\nkey = "momentum"', False),
            ('owner = "a"\nexpires = 2027-01-31\npath = "a.*"', True),
            ('owner = "a"\nexpires = 2027-01-31\npath = ["b.yaml", "/configs/"]', False),
        ],
    )
    def test_what_they_cover(self, text: str, passes: bool) -> None:
        write()
        self.settings(text)

        assert ([] if passes else ["2:CFG906"]) == codes()

    def test_expired(self) -> None:
        write()
        write(name="b.yaml")
        self.settings('owner = "@ada"\nexpires = 2026-01-31')
        report = api.lint(["."], select=["CFG9"])
        (expired,) = (finding for finding in report.findings if finding.code == "CFG901")

        assert ("diagnose.toml", 3) == (expired.place.path, expired.place.line)
        assert "@ada" in expired.message

    def test_unused(self) -> None:
        Path("a.yaml").write_text(CONFIG.format(comment="").replace("0.5", "0.05"))
        self.settings('owner = "a"\nexpires = 2027-01-31')

        assert ["3:CFG902"] == codes(".")
        assert [] == codes("a.yaml"), "the waiver may be meant for a file that was not linted"
        self.settings('owner = "a"\nexpires = 2027-01-31\npath = "a.yaml"')
        assert ["3:CFG902"] == codes("a.yaml")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("expires = 2027-01-31", "diagnose.toml:3: a waiver without an owner"),
            ('owner = "a"', "`expires` is missing"),
            ('owner = "a"\nexpires = "soon"', "expected a date"),
            ('onwer = "a"\nexpires = 2027-01-31', "did you mean owner"),
        ],
    )
    def test_faults(self, text: str, said: str) -> None:
        self.settings(text)
        with pytest.raises(SettingsError) as caught:
            api.lint(["."])
        assert said in str(caught.value)

    @pytest.mark.parametrize(
        ("rule", "said"), [("CFG960", "unknown rule"), ("ALL", "every rule"), ("CFG902", "judges")]
    )
    def test_rules_that_cannot_be_waived(self, rule: str, said: str) -> None:
        Path("diagnose.toml").write_text(
            f'[[waivers]]\nrule = "{rule}"\nreason = "x"\nowner = "a"\nexpires = 2027-01-31\n'
        )
        with pytest.raises(SettingsError, match=said):
            api.lint(["."])


def change(key: str, old: object, new: object, risk: str = "critical", line: int = 2, **fields: object) -> Change:
    given = {"name": key, "role": "learning-rate", "kind": "tuning"} | fields
    return Change(
        key,
        str(given["name"]),
        old,
        new,
        None,
        None,
        str(given["kind"]),
        str(given["role"]),
        risk,
        old_place=Place("old.yaml", line),
        new_place=None if given["kind"] == "removed" else Place("a.yaml", line),
    )


def record_of(id: str, *changes: Change) -> Path:
    """Write the record of a confirmation of some changes."""
    file = Path(".diagnose/confirmations", f"{id}.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    record = {"schema": SCHEMA, "id": id, "diff": diff_hash(changes), "verdict": "confirmed", "untested": []}
    file.write_text(json.dumps(record))
    return file


class TestChanges:
    """What ``diagnose diff`` asks for: the new side, its changes, and all findings."""

    def review(self, text: str, settings: str = "", changes: tuple[Change, ...] = (), subject: str = "lr") -> list[str]:
        Path("diagnose.toml").write_text(settings)
        todo = plan(from_file(Path("diagnose.toml").absolute()))
        changes = changes or (change("lr", 0.01, 0.1),)
        config = Config({"lr": Setting("lr", 0.1, Place("a.yaml", 2))})
        run = Run("a.yaml", "config-yaml", [Segment("", 0, "a.yaml", 1, 2, config=config, changes=changes)], ["a.yaml"])
        place = next((c.place for c in changes if c.name == subject), Place("a.yaml", 1))
        finding = Finding("DIFF003", "lr-raised", "error", "tenfold", place, subject=subject)
        self.file = FileReport("a.yaml", ran={"lr-raised"})
        sources = {"a.yaml": from_bytes("a.yaml", text.encode())}
        return [found.code for found in reviewed([finding], run, self.file, todo.options, sources)]

    def test_a_waiver_lets_it_pass(self) -> None:
        assert [] == self.review(f"a: 1\nlr: 0.1  # diagnose: waive[DIFF003] {WHOLE}\n")
        assert 1 == self.file.suppressed

    def test_a_confirmation_is_required(self) -> None:
        policy = '[policy]\nrequire-confirmation = ["critical"]\n'

        assert ["DIFF003", "CFG905"] == self.review(f"a: 1\nlr: 0.1  # diagnose: waive[DIFF003] {WHOLE}\n", policy)
        assert ["DIFF003", "CFG905"] == self.review("a: 1\nlr: 0.1  # diagnose: ignore[DIFF003] x\n", policy)
        confirmed = f"a: 1\nlr: 0.1  # diagnose: waive[DIFF003] {WHOLE} confirmed-by=abc123\n"
        assert ["DIFF003", "CFG905"] == self.review(confirmed, policy)  # without a record an id is a word
        record_of("abc123", change("lr", 0.01, 0.1))
        assert [] == self.review(confirmed, policy)
        assert ["DIFF003", "CFG905"] == self.review(confirmed.replace("abc123", "x"), policy)

    def test_a_finding_about_all_changes_has_the_worst_risk(self) -> None:
        policy = '[policy]\nrequire-confirmation = ["critical"]\n'
        text = f"# diagnose: waive-file[DIFF003] {WHOLE}\na: 1\nlr: 0.1\n"
        changes = (change("lr", 0.01, 0.1, "low"), change("wd", 1.0, 2.0, "critical", 1))

        assert ["DIFF003", "CFG905"] == self.review(text, policy, changes, subject="*")
        assert [] == self.review(text, policy, changes)

    def test_a_confirmation_is_bound_to_the_changes(self) -> None:
        Path(".diagnose/confirmations").mkdir(parents=True)
        file = Path(".diagnose/confirmations/abc123.json")
        text = f"a: 1\nlr: 0.1  # diagnose: waive[DIFF003] {WHOLE} confirmed-by=abc123\n"
        changes = (change("lr", 0.01, 0.1),)
        record = {"schema": SCHEMA, "id": "abc123", "diff": diff_hash(changes), "verdict": "confirmed", "untested": []}
        file.write_text(json.dumps(record))

        assert [] == self.review(text, changes=changes)
        for other in (
            {"verdict": "undecided"},
            {"verdict": "reference-also-bad"},
            {"verdict": None},
            {"verdict": "banana"},
            {"schema": "diagnose/confirmation-v0"},
            {"untested": ["lr"]},
            {"untested": None},
        ):
            file.write_text(json.dumps(record | other))
            assert ["DIFF003", "CFG905"] == self.review(text, changes=changes), other
        file.write_text(json.dumps(record))
        assert ["DIFF003", "CFG905"] == self.review(text, changes=(change("lr", 0.01, 0.2),))
        file.write_text("{")
        assert ["DIFF003", "CFG905"] == self.review(text, changes=changes)

    def test_a_line_of_the_old_config_is_not_covered(self) -> None:
        gone = (change("lr", 0.01, None, kind="removed"),)

        assert "DIFF003" in self.review(f"a: 1\nb: 1  # diagnose: waive[DIFF003] {WHOLE}\n", changes=gone)


def test_the_hash_heeds_keys_and_values_alone() -> None:
    one = [change("lr", 1, 2.0), change("wd", 0.5, 0.6)]
    moved = [replace(item, new_place=Place("b.yaml", 77), risk="low") for item in reversed(one)]

    assert diff_hash(one) == diff_hash(moved) == diff_hash([change("lr", 1.0, 2), change("wd", 0.5, 0.6)])
    assert diff_hash(one) != diff_hash(one[:1])


class TestPolicy:
    def events(self, policy: str, *changes: Change) -> list[tuple[str, str]]:
        Path("diagnose.toml").write_text(policy)
        segment = Segment("", 0, "a.yaml", 1, 2, changes=changes)
        found = policy_events(segment, from_file(Path("diagnose.toml").absolute()).policy)
        return [(event.fields["state"], event.fields["message"]) for event in found]

    @pytest.mark.parametrize("word", ["seed", "train.*"])
    def test_frozen(self, word: str) -> None:
        found = self.events(
            f'[policy]\nfrozen = ["{word}"]\n', change("train.seed", 1, 2, name="seed", role="seed"), change("lr", 1, 2)
        )

        assert [("frozen", "train.seed changes from 1 to 2, and the policy has frozen it")] == found

    @pytest.mark.parametrize(
        ("old", "new", "beyond"),
        [(0.1, 0.2, False), (0.1, 0.05, False), (0.1, 0.3, True), (0.3, 0.1, True), (0.0, 0.1, True), (-1.0, 1.0, True),
         ("1e-4", "1e-3", True), (0.1, None, False), (True, False, False), (10**400, 1, True),
         (1e-320, 8e-320, True), ("inf", 1, True)],
    )  # fmt: skip
    def test_factor(self, old: object, new: object, beyond: bool) -> None:
        found = self.events("[policy.limits.lr]\nmax-factor = 2\n", change("lr", old, new))

        assert beyond == bool(found)

    def test_percent(self) -> None:
        text = "[policy.limits.learning-rate]\nmax-percent = 50\n"

        assert [] == self.events(text, change("lr", 1.0, 1.5))
        assert "by 60 %, and the policy allows 50 %" in self.events(text, change("lr", 1.0, 0.4))[0][1]

    def test_roles(self) -> None:
        changes = (
            change("lr", 1, 2),
            change("batch", 1, 2, name="batch_size", role="batch"),
            change("cls", 1, 2, role="loss"),
            change("workers", 1, 2, role="hardware"),
        )
        apart = "[policy]\nmax-roles = 2\n"

        assert "3 roles change at once" in self.events(apart, *changes)[0][1]
        assert [] == self.events(apart + 'together = [["lr", "batch_size"]]\n', *changes)
        assert ["learning-rate", "batch", "loss"] == list(roles_changed(changes, Policy()))

    def test_a_log_of_the_past_has_no_limits(self) -> None:
        Path("diagnose.toml").write_text("[policy.limits.lr]\nmax = 0.1\n")
        policy = from_file(Path("diagnose.toml").absolute()).policy
        segment = Segment("", 0, "a", 1, 2, config=Config({"lr": Setting("lr", [0.2, 5], Place("a", 1))}))

        assert ["limit"] == [event.fields["state"] for event in policy_events(segment, policy)]
        segment.series["train/loss"] = object()  # type: ignore[assignment]
        assert [] == policy_events(segment, policy)


def test_layers_of_policies_are_merged(tmp_path: Path) -> None:
    Path("base.toml").write_text("[policy]\nmax-roles = 2\nfrozen = ['seed']\n[policy.limits.lr]\nmax = 1\n")
    Path("diagnose.toml").write_text(
        'extend = "base.toml"\n[policy]\nmax-roles = 4\n[policy.limits.lr]\nmax-factor = 2\n'
    )
    policy = from_file(Path("diagnose.toml").absolute()).policy

    assert (4, ("seed",)) == (policy.max_roles, policy.frozen)
    assert (1, 2) == (policy.limits["lr"].max, policy.limits["lr"].max_factor)


def test_paths_of_the_gate() -> None:
    Path("diagnose.toml").write_text('[policy]\npaths = ["configs/**", "!configs/old.yaml"]\n')
    todo = plan(from_file(Path("diagnose.toml").absolute()))

    assert [True, False, False] == [
        todo.watches(Path(path).absolute()) for path in ("configs/a/b.yaml", "configs/old.yaml", "a.yaml")
    ]
    assert plan(from_file(Path("diagnose.toml").absolute())).watches(Path("configs/x.yaml").absolute())


def test_the_policy_sets_what_is_too_much_at_once() -> None:
    Path("diagnose.toml").write_text("[policy]\nmax-roles = 7\n")
    todo = plan(from_file(Path("diagnose.toml").absolute()))

    assert 7 == todo.options.thresholds["too-many-at-once"]["max_roles"]


def test_today(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "2026-11-21" == today().isoformat()
    monkeypatch.setenv("DIAGNOSE_TODAY", "tomorrow")
    with pytest.raises(SettingsError, match="DIAGNOSE_TODAY is no date"):
        today()


def test_events_without_a_rule_that_is_selected() -> None:
    event = Event("waiver", Place("a.yaml", 1), {"state": "unused", "rule": "X", "message": "m"})
    todo = plan(from_file(Path("diagnose.toml").absolute()))

    assert [] == judged([event], "a.yaml", FileReport("a.yaml"), replace(todo.options, rules=[]))
    assert [] == lint_run(Run("a", "empty", []), FileReport("a"), todo.options, {})


def test_an_expired_waiver_of_a_change_is_told_where_no_change_is_seen() -> None:
    write('  # diagnose: waive[lr-raised] reason="a sweep" owner=@ada expires=2026-11-20')
    assert "2:CFG901" in codes()
    write('  # diagnose: waive[lr-raised] reason="a sweep" owner=@ada expires=2026-11-21')
    assert "2:CFG901" not in codes()
