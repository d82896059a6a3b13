"""Which findings speak for a cause and follow from it: those of its segment, later ones where it reaches them."""

from pathlib import Path

from diagnose.engine.causes import causes_of
from diagnose.engine.gather import gather
from diagnose.kit import cases
from diagnose.model import Finding, Place, Run
from diagnose.rules import Rule, from_mapping
from diagnose.rules.check import check

STAGES = {"segments": [{"train/loss": "3 2"}, {"train/loss": "2 1"}, {"train/loss": "1 1"}]}


def rule(name: str = "x", **keys: object) -> Rule:
    raw = {"code": "CAUSE999", "name": name, "title": name, "why": "w", "advice": "a", "refutation": "r", **keys}
    return from_mapping(raw, Path("x.yaml"))


def stages() -> tuple[Run, list[str]]:
    run = cases.run_of(STAGES)
    return run, [segment.name for segment in run.segments]


def finding(name: str, segment: str, line: int = 5, message: str = "m", **more: object) -> Finding:
    return Finding(
        "RUN099", name, "warning", message, Place("case.log", line), segment, fingerprint=f"{name}@{line}", **more
    )  # type: ignore[arg-type]


def test_a_gathered_finding_names_its_segments() -> None:
    lists = [[finding("late", f"s{n}", n)] if n != 2 else [] for n in range(6)]

    (one,) = gather(lists)

    assert one.segment == ""
    assert one.segments == ("s0", "s1", "s3", "s4", "s5")
    assert [place.line for place in one.places] == [0, 1, 3, 4, 5]


def test_a_gathered_finding_speaks_only_of_its_segments() -> None:
    run, names = stages()
    there = finding("late", "", segments=(names[0], names[2]), places=(Place("case.log", 5), Place("case.log", 9)))
    suspect = rule(supports=[{"when": 'found("late")', "weight": 2}], explains=["late"])

    (cause,) = causes_of(run, [there], [suspect], strict=True)
    elsewhere = causes_of(run, [finding("late", "", segments=("no such",))], [suspect], strict=True)

    assert cause.supports[0].text == "m"  # the finding itself says in which segments
    assert [place.line for place in cause.supports[0].places] == [5, 9]  # of each segment its own line
    assert elsewhere == []


def test_only_the_same_argument_is_likewise() -> None:
    run, names = stages()
    found = [finding("late", names[0], 5, "3 layers"), finding("late", names[1], 6, "9 layers"),
             finding("late", names[2], 7, "a slow disk")]  # fmt: skip

    (cause,) = causes_of(run, found, [rule(supports=[{"when": 'found("late")', "weight": 2}])], strict=True)

    assert cause.supports[0].text == "3 layers (likewise in 1 other segment)"
    assert [place.line for place in cause.supports[0].places] == [5, 6]


def test_what_stands_in_another_segment_does_not_follow() -> None:
    run, names = stages()
    sign, before, here, later = (
        finding("sign", names[1], 1),
        finding("worse", names[0], 2),
        finding("worse", names[1], 3),
        finding("worse", names[2], 4),
    )
    supports = [{"when": 'found("sign")', "weight": 2}]

    (own,) = causes_of(run, [sign, before, here, later], [rule(supports=supports, explains=["worse"])])
    (onward,) = causes_of(
        run, [sign, before, here, later], [rule(supports=supports, explains=[{"name": "worse", "later": True}])]
    )
    unless = rule(supports=supports, explains=[{"name": "worse", "when": 'found("absent")'}])
    (open_,) = causes_of(run, [sign, before, here, later], [unless])

    assert own.folds == ("worse@3",)
    assert onward.folds == ("worse@4",)
    assert open_.explains == open_.folds == ()


def test_a_clear_sign_is_told_under_its_own_cause() -> None:
    run, names = stages()
    sign, other = finding("sign", names[0], 1), finding("other", names[0], 2)
    strong = rule("strong", supports=[{"when": "true", "weight": 5, "text": "t"}], explains=["sign", "other"])
    own = rule("own", supports=[{"when": 'found("sign")', "weight": 2}], explains=["sign", "other"])

    first, second = causes_of(run, [sign, other], [own, strong], strict=True)

    assert (first.name, first.folds) == ("strong", ("other@2",))
    assert (second.name, second.folds) == ("own", ("sign@1",))


def test_a_cause_that_walks_over_changes_explains_what_is_about_the_same_one() -> None:
    run = cases.run_of({"config": {"lr": 0.1}, "train/loss": "3 2", "val/loss": "3 2"})
    suspect = rule(
        each={"m": {"series": "*/loss"}},
        supports=[{"when": "count(m) == 2", "weight": 2, "text": "t"}],
        explains=["sign"],
    )
    found = [finding("sign", "", 1, subject="train/loss"), finding("sign", "", 2, subject="val/loss")]

    assert [cause.folds for cause in causes_of(run, found, [suspect], strict=True)] == [("sign@1",), ("sign@2",)]


def test_each_segment_may_have_a_baseline_of_its_own() -> None:
    run, other = cases.run_of(STAGES), cases.run_of({"segments": [{"train/loss": "9 9"}, {"train/loss": "0.1 0.1"}]})
    suspect = rule(
        needs=[{"baseline": ""}],
        let={"before": "last(in_baseline(train/loss))"},
        supports=[{"when": "last(train/loss) < before", "weight": 2, "text": "below {{ before }}"}],
    )

    (cause,) = causes_of(run, [], [suspect], baselines=dict(enumerate(other.segments)), strict=True)

    assert cause.supports[0].text == "below 9"
    assert cause.segment == run.segments[0].name


def test_what_follows_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    text = (
        "code: CAUSE999\nname: x\ntitle: X\nsince: '1'\nwhy: w\nadvice: a\nrefutation: r\nbasis: b\n"
        "supports: [{when: 'true', weight: 1}]\ncases: [{reported: {}}, {silent: {}}]\nexplains: "
    )

    assert check(file, text + "[a, {name: b, when: epochs > 1, later: true}]") == []
    assert "unknown name `nonsense`" in str(check(file, text + "[{name: b, when: nonsense}]")[0])
    assert "an item of `explains`" in str(check(file, text + "[{name: b, sooner: true}]")[0])
