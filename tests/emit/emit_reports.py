"""Reports of the kind that a person would see, and some that try everything that may go wrong."""

from pathlib import Path

from diagnose.emit import Context, RuleInfo
from diagnose.model import UNKNOWN, Change, Comparison, Evidence, FileReport, Finding, Place, Report, Result, Suspect

LOG = "runs/exp 3/train.log"
CONFIG = "runs/exp 3/hyp.yaml"

NASTY = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 ::error::pwned ##vso[task.setvariable variable=x]y ##[command]ls ]]> "
    "<script>alert(1)</script> <img src=x onerror=alert(1)> | `` ` ``` \\| $x$ @octocat #12 [a](javascript:b) "
    "![i](https://example.org/i.png) {{ 7*7 }} {% raw %} %0A 100% ;] \"q\" 'q' &amp; "
    "\u202edesrever\u2028 🧪 日本語 \x00\x85\udcff"
)
WINDOWS = "C:\\runs\\exp 3\\train log.txt"


def make_context() -> Context:
    rules = {
        rule.code: rule
        for rule in (
            RuleInfo(
                "LOSS001",
                "loss-nan",
                "The loss became NaN",
                "error",
                "A NaN loss makes every weight NaN.",
                family="LOSS",
            ),
            RuleInfo(
                "CKPT001",
                "restore-from-epoch-1",
                "The weights of the first epoch were restored",
                "warning",
                family="CKPT",
            ),
            RuleInfo("METRIC001", "zero-val-metric", "A validation metric is exactly zero", "error", family="METRIC"),
        )
    }
    return Context(version="0.1.0", rules=rules, root=Path("/repo"), start=Path("/repo"))


def make_report() -> Report:
    """A run that broke down, a run that learned nothing, a good one, and two files that are no logs."""
    nan = Finding(
        "LOSS001",
        "loss-nan",
        "error",
        "train/loss is NaN from step 1200 on",
        Place(LOG, 812, 17, "step 1200 loss nan grad_norm nan lr 1.0e-01"),
        segment="fold 2",
        subject="train/loss",
        evidence=(
            Evidence(Place(LOG, 790), "step 1180 loss 9.1e+04 grad_norm 3.3e+06 lr 1.0e-01"),
            Evidence(Place(LOG), "train/loss rose 40-fold within 20 steps"),
            Evidence(Place(LOG, 812, 17), "step 1200 loss nan grad_norm nan lr 1.0e-01"),
            Evidence(Place(CONFIG, 3, 1, "lr: 0.1"), "100 times the default of AdamW"),
        ),
        suspects=(
            Suspect("lr-too-high", 0.8, ("lr is 100 times the default of AdamW", "the loss grew before it became NaN")),
            Suspect("grad-explosion", 0.55, ("grad_norm reached 3.3e+06",)),
        ),
        why="A NaN loss makes every gradient NaN and with the next step every weight. Nothing after that is learned.",
        advice=(
            "1. Lower `lr` from 0.1 to 0.001 and start again from the last checkpoint before step 1180:\n\n"
            "   ```\n   python train.py --lr 0.001 --resume epoch_1.pt\n   ```\n"
            "2. Clip the gradients:\n   - at a norm of **1.0** for transformers\n   - at 10 for detectors\n"
            "3. See [the manual](https://example.org/nan) for more."
        ),
        folded=("metric-near-zero", "loss-diverging"),
        fingerprint="5f0c1d2e3b4a59687786a5b4c3d2e1f0",
    )
    restored = Finding(
        "CKPT001",
        "restore-from-epoch-1",
        "warning",
        "weights restored from epoch 1 of 21: nothing after the first epoch helped",
        Place("b/keras.log", 199, 1, "Restoring model weights from the end of the best epoch: 1."),
        evidence=(Evidence(Place("b/keras.log", 198), "Epoch 21: early stopping"),),
        advice="1. Look at the learning rate.",
    )
    hint = Finding("OPT009", "no-warmup", "hint", "no warm-up with a large batch", Place(CONFIG), subject="warmup")
    return Report(
        files=[
            FileReport(
                LOG, "mmdet", "ok", "", 2, 12, 8, {"loss-nan", "zero-val-metric"}, {"overfitting": "no val/loss"}
            ),
            FileReport(
                "b/keras.log",
                "keras",
                "ok",
                "",
                1,
                21,
                4,
                {"loss-nan", "restore-from-epoch-1"},
                {"no-labels-found": "no data facts"},
            ),
            FileReport(CONFIG, "yaml", "ok", "", 0, 0, 0, {"no-warmup"}, {"overfitting": "no val/loss"}),
            FileReport("c/good.log", "keras", "ok", "cut in line 90: read up to there", 1, 9, 4, {"loss-nan"}, {}),
            FileReport("weights.pt", "", "error", "binary file of no known format (name a log instead)"),
            FileReport("notes.txt", "", "unknown"),
        ],
        findings=[restored, nan, hint],
        suppressed=1,
        notes=["2 files were skipped by .gitignore"],
    )


def hostile(
    text: str, *, severity: str = "error", line: int = 3, score: float = 0.5, path: str = "a b/x.log"
) -> Report:
    """Return a report that has *text* wherever a log or a config can put one."""
    place = Place(path, line, 5, text)
    finding = Finding(
        "LOSS001",
        "loss-nan",
        severity,
        text,
        place,
        segment=text,
        subject=text,
        evidence=(
            Evidence(place, text),
            Evidence(Place(WINDOWS, 7), "pad " * 200 + text),
            Evidence(Place("/elsewhere/y.log", 0), text + "\n" + text),
            Evidence(Place(text, 1, 1, text), "said " + text),
        ),
        suspects=(Suspect(text, score, (text, text)),),
        why=text + "\n\n" + text,
        advice=f"{text}\n1. {text}\n   ```\n{text}\n   ```\n2. `{text}` **{text}** [{text}](https://example.org/{text})",
        folded=(text,),
    )
    return Report(
        files=[
            FileReport(path, text, "ok", text, 1, 2, 3, {"loss-nan", text}, {"x" + text: text}),
            FileReport(WINDOWS, "", "error", text),
            FileReport(text, "", "unknown"),
        ],
        findings=[finding, finding],
        notes=[text],
    )


OLD, NEW = "conf/base.yaml", "conf/next.yaml"


def change(key, old, new, kind="tuning", role="", risk="low", because=(), name="", score=0.0, at=(1, 1)):
    """Return a change between two numbers with percent and factor, or another one without."""
    percent = factor = None
    if kind == "tuning" and old:
        percent, factor = round(100 * (new - old) / abs(old), 6), new / old if new * old > 0 else None
    before, after = (Place(path, line, 1) if line else None for path, line in zip((OLD, NEW), at, strict=True))
    return Change(key, name, old, new, percent, factor, kind, role, risk, tuple(because), score, before, after)


def make_comparison() -> Report:
    """A detector's config with twenty changes, one of a language model with every kind, and one pair that is equal."""
    low = (("hue", 0.03, 0.02), ("flip", 0.5, 0.4), ("rotate", 8.0, 4.0), ("shear", 1.0, 1.5), ("erase", 0.2, 0.25))
    first = [
        change("gamma", 0.0, 1.5, "activation", "loss", "critical",
               ("a part of the loss that was not there before", "Gamma turns down easy examples."),
               "focal_gamma", 0.24, (15, 15)),
        change("lr0", 0.02, 0.2, "tuning", "learning-rate", "critical",
               ("Too high a rate is the usual cause of a loss that diverges (a paper, 2017).",
                "with wd +60 %: weight decay acts through its product with the learning rate"), "lr", 0.3, (3, 3)),
        change("batch", 32, 40, "tuning", "batch", "high", ("The rate is meant for the old batch."),
               "batch_size", 0.1, (4, 4)),
        change("wd", 1e-05, 1.6e-05, "tuning", "regularisation", "medium", ("+60 %", "Decay and rate belong together."),
               "weight_decay", 0.06, (5, 5)),
        change("warmup", True, False, "deactivation", "schedule", "medium", (), "", 0.05, (6, 6)),
        change("dropout", 0.0, 0.1, "activation", "regularisation", "low", (), "dropout", 0.05, (7, 7)),
        *(change(f"aug.{key}", old, new, "tuning", "augmentation", "low", ("not in the table",), at=(20 + at, 30 + at))
          for at, (key, old, new) in enumerate(low)),
        *(change(f"log.{key}", "a", "b", "choice", "bookkeeping", "none", ("has no effect",), at=(40 + at, 50 + at))
          for at, key in enumerate(("name", "folder", "project", "every", "level", "style", "tags", "entity", "host"))),
    ]  # fmt: skip
    path = "/mnt/data/drones/2024/" + "deep/" * 12
    second = [
        change("optim", "sgd", "adamw", "choice", "optimizer", "high", ("Rates of one are wrong for the other.",),
               "optimizer", 0.1, (2, 2)),
        change("clip", None, 1.0, "added", "optimizer", "medium", at=(0, 9)),
        change("ema", 0.999, None, "removed", "model", "medium", at=(9, 0)),
        change("nesterov", False, True, "activation", "optimizer", "low", (), at=(0, 10)),
        change("steps", 1000, UNKNOWN, "unknown", "budget", "medium", ("one side cannot be told",), at=(11, 11)),
        change("anchors", [[10, 13], [16.5, 30]], [[10, 13], [16.5, 31]], "choice", "matching", "medium", at=(12, 12)),
        change("classes", list(range(200)), [*range(150), 7, *range(151, 200)], "choice", "data", "low", at=(13, 13)),
        change("train", path + "train.txt", path + "val.txt", "choice", "data", "low", at=(14, 14)),
        change("eps", 1.0000000000000001e-05, 1e-08, "tuning", "optimizer", "low", ("a 1e+03th of what it was",),
               at=(15, 15)),
        change("fraction", 0.1 + 0.2, 0.6, "tuning", "data", "low", ("+100 %",), at=(16, 16)),
        change("limit", float("inf"), None, "choice", "", "low", at=(17, 17)),
        change("tune", "1e-4", "", "choice", "", "low", at=(18, 18)),
    ]  # fmt: skip
    log = Place("runs/a/results.csv", 18), Place("runs/b/results.csv", 22)
    results = (
        Result("val/map50", "mAP_0.5", "higher", (0.23557,), (0.0021,), None, "worse", *log),
        Result("val/recall", "R", "higher", (0.31, 0.305), (0.309, 0.312), 0.005, "within noise", *log),
        Result("val/loss", "loss", "lower", (1.25, 1.5, 1.3, 1.2), (1.0, float("nan")), 0.3, "better", *log),
        Result("val/precision", "P", "higher", (0.5,), (0.5,), None, "same", *log),
    )
    found = Finding("DIFF001", "too-many-at-once", "error", "20 changes in 6 roles", Place(NEW), subject="roles")
    pointed = Finding("DIFF002", "lr-raised", "error", "lr0 is 10 times what it was", Place(NEW, 3), subject="lr")
    return Report(
        files=[FileReport(OLD, "config-yaml"), FileReport(NEW, "config-yaml", ran={"too-many-at-once", "lr-raised"})],
        findings=[found, pointed],
        comparisons=[
            Comparison(OLD, NEW, tuple(first), results, 9),
            Comparison("HEAD~1:lm/a.toml", "lm/a.toml", tuple(second), (), 31),
            Comparison("x/one.json", "x/two.json", (), (), 12),
        ],
    )


def hostile_comparison(
    text: str, *, old: object = None, new: object = None, line: int = 3, kind: str = "choice", risk: str = "critical",
    ratio: float | None = None,
) -> Report:  # fmt: skip
    """Return a report of changes that have *text* wherever a config can put one, and any values."""
    place = Place("a b/x.yaml", line, 5, text)
    mine = Change(text, text, old, new, ratio, ratio, kind, text, risk, (text, text), ratio or 0.0, place, place)
    values = [
        (text, text + "!"),
        ([text] * 300, {text: text, "n": [None, {}]}),
        (old, new),
        ("pad " * 999 + text, UNKNOWN),
    ]
    listed = [
        Change(f"{number} {text}", "", one, other, None, None, kind, "loss", "high", (text * 3,), 0.1, place, None)
        for number, (one, other) in enumerate(values)
    ]
    nowhere = Change(text, "lr", None, new, None, None, "activation", "", "medium", (), float("nan"), None, None)
    result = Result(text, text, "higher", (0.1, ratio or 0.2), (), ratio, text, place, Place(text))
    report = hostile(text, line=line)
    report.comparisons = [
        Comparison(text, text, (mine, *listed, nowhere), (result,), 3),
        Comparison(WINDOWS, "a\nb", (), (), 0),
    ]
    return report
