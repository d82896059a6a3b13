"""A report of the kind that a person would see, and one that tries everything that may go wrong."""

from pathlib import Path

from diagnose.emit import Context, RuleInfo
from diagnose.model import Evidence, FileReport, Finding, Place, Report, Suspect

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
