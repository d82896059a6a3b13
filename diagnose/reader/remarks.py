"""What people's own scripts print around a fit (``grammars/remarks.lark``): facts, headings, summaries."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from diagnose.names import canonical, split_of, traits
from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.reader.grammar import LineGrammar, Match, number, undigited
from diagnose.reader.scopes import CONFIG, FOLD, RUN, STAGE, Scopes
from diagnose.reader.tallies import ClassCounts, ConfusionMatrix
from diagnose.sources import Line

DECORATION = " \t=-*#_─━═>|"
LOGGING = lazy(
    r"^\s*\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?\]?\s*(-\s*)?"
    r"(\S+\s+-\s*)?\[?(DEBUG|INFO|WARNING|ERROR)\]?\s*[-:|]?\s*"
)
GATE = (
    r"(?i)batch|learning|\blr|epochs|patience|seed|optimi|train|eval|val[^u]|test|final|tuning|warm-up|class|alpha"
    r"|sampl|weight|frozen|freez|froz|=|confusion|actual|true|\[|best|saved|transferred|fold|stage|phase|config"
    r"|experiment|modality|trial|model|variant|run|summary|results|finished|complete|done|distribution|balancing"
    r"|augmentation"
)
LEVELS = {"config": CONFIG, "run": RUN, "fold": FOLD, "stage": STAGE, "training": STAGE}
PAIRED = {
    "lr": "lr",
    "learning_rate": "lr",
    "epochs": "planned_epochs",
    "batch": "batch_size",
    "batch_size": "batch_size",
    "patience": "patience",
    "weight_decay": "weight_decay",
    "seed": "seed",
}
REMEMBERED = 5000
"""Lines of which it is remembered what they say: programs print the same around every fit."""
TITLE_WITHIN = 20
"""Lines above a list of classes in which its title stands."""
STARTING = lazy(r" ?- Starting.*")
PLANNED = lazy(r"\((\d+) (epochs|weight tensors)")
DIGITS = lazy(r"\d+")
SHORT = 400
"""Characters a remark may have; longer lines are dumps."""


class Remarks:
    """Reports facts, headings and summaries that a training script prints to a builder."""

    def __init__(
        self,
        build: RunBuilder,
        settle: Callable[[int], bool] = lambda line: line > 0,
        scopes: Scopes | None = None,
        text_of: Callable[[int], str] = lambda _: "",
    ) -> None:
        """Report to *build*.

        Args:
            build: the builder.
            settle: called before a fact (with 0) or a heading (with its line) is stated, so that a reader can close a
                fit that has ended; returns whether it did, for a heading whether that is to be taken as one.
            scopes: the headings in force, if the reader has a part in them.
            text_of: returns the text of a line that was not fed, though it was there.
        """
        self._build = build
        self._settle = settle
        self._text_of = text_of
        self._fed = 0  # line of the last remark that was looked at
        self._above = ""  # the last line that may be a title
        self._titles: set[bytes] = set()  # shapes of lines that stood above lists
        self._passed: set[bytes] = set()  # shapes of lines of which it is known whether they do
        self._grammar = LineGrammar("remarks", gate=GATE)
        self._known: dict[str, tuple[str, bool, Match | None]] = self._grammar.notes
        self.scopes = scopes or Scopes(build)
        self._counts = ClassCounts()
        self._matrix = ConfusionMatrix(build)
        self._folds: dict[str, list[tuple[str, Any, int, str]]] = {}
        self._listing = ""
        self.attentive = False
        """Whether a line may count that means nothing by itself."""
        self._listed = ("", 0)
        self._weights: dict[str, Any] = {}

    def feed(self, line: Line) -> bool:
        """Report what the line shows, if anything; return whether it was a remark."""
        text, indented, match = self._known.get(line.text) or self._said(line.text)
        if not text or len(text) > SHORT:
            return False
        if self._listing and not indented and not text.lower().startswith("fold"):
            self._listing = ""
        kind = "" if match is None else match.kind
        if kind == "class_count" and not self._counts.is_open:
            self._catch_up(line.number)
            self._titles.add(undigited(self._above))
        self._fed = line.number
        taken = (kind == "confusion" or self._matrix.is_open) and self._matrix.feed(match, line)
        if not taken:
            if self._counts.is_open and kind != "class_count":
                self._end_counts()
            if match is None or kind == "title":
                self._above = line.text
            if match is None:
                self._counts.title(text)
            else:
                getattr(self, "_on_" + kind)(match, line, text)
        self.attentive = self._counts.is_open or self._matrix.is_open or self._listing != ""
        return taken or kind not in ("", "title")

    def may_be_title(self, text: str) -> bool:
        """Whether a line that means nothing by itself may announce a list: it is fed each time, not looked for later.

        The first of each shape may; what comes after it shows whether the others do.
        """
        shape = undigited(text)
        if shape in self._passed:
            return shape in self._titles
        if len(self._passed) >= REMEMBERED:
            self._passed.clear()
        self._passed.add(shape)
        return True

    def _said(self, line: str) -> tuple[str, bool, Match | None]:
        """Return a line without what a logger put before it, whether it is indented, and what it says."""
        if (known := self._known.get(line)) is not None:
            return known
        bare = LOGGING.sub("", line[: SHORT + 1])
        text, match = bare.strip(), None
        if text and len(text) <= SHORT:
            match = self._grammar.parse(text)
            undecorated = text.strip(DECORATION)
            if match is None and undecorated != text:
                match = self._grammar.parse(undecorated)
                if match is not None and match.kind not in (*LEVELS, "fold_listing"):
                    match = None
        said = text, bare.startswith((" ", "\t")), match
        if len(line) <= SHORT:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[line] = said
        return said

    def _catch_up(self, line: int) -> None:
        """Look for the title of a list in the lines before it that were not fed: by themselves they mean nothing."""
        for above in range(max(self._fed + 1, line - TITLE_WITHIN), line):
            if shown := self._text_of(above):
                self.feed(Line(above, shown))

    def finish(self) -> None:
        """State what waits for its last line."""
        self._end_counts()
        self._matrix.finish()

    def fact(self, name: str, value: Any, line: int, text: str = "") -> None:
        """State a fact under the heading in force, after the reader has closed a fit that has ended."""
        self._settle(0)
        self.scopes.fact(name, value, line, text)

    # Settings

    def _on_batch_size(self, match: Match, line: Line, text: str) -> None:
        self.fact("batch_size", float(match.tokens[0][1]), line.number, text)

    def _on_batch_device(self, match: Match, line: Line, text: str) -> None:
        device, *total = match.all("INT")
        self.fact("batch_size_per_device", float(device), line.number, text)
        if total:
            self.fact("batch_size", float(total[0]), line.number, text)

    def _on_rate(self, match: Match, line: Line, text: str) -> None:
        value = float(match.tokens[0][1])
        if self._build.has_points and not math.isnan(self._build.current_epoch):
            self._settle(0)
        if self._build.has_points:
            self._build.point("lr", value, line.number)
        else:
            self.fact("lr", value, line.number, text)

    _on_rate_set = _on_rate

    def _on_epochs(self, match: Match, line: Line, text: str) -> None:
        self.fact("planned_epochs", float(match.tokens[0][1]), line.number, text)

    def _on_patience(self, match: Match, line: Line, text: str) -> None:
        self.fact("patience", float(match.tokens[0][1]), line.number, text)

    def _on_seed(self, match: Match, line: Line, text: str) -> None:
        self.fact("seed", float(match.tokens[0][1]), line.number, text)

    def _on_optimizer(self, match: Match, line: Line, text: str) -> None:
        self.fact("optimizer", match.tokens[0][1], line.number, text)

    def _on_pairs(self, match: Match, line: Line, text: str) -> None:
        """``lr=0.001, batch=64`` under a heading, before the fit: its settings. Elsewhere they may be results."""
        self._settle(0)
        if self._build.is_open or not self.scopes.level:
            return
        words = [word for _, word in match.tokens]
        for key, value in zip(words[::2], words[1::2], strict=False):
            plain = _literal(value)
            self._build.setting(key, value if plain is None else plain, line.number, text)
            name = PAIRED.get(key.lower())
            if name and isinstance(plain, int | float):
                self.scopes.fact(name, float(plain), line.number, text)

    # Data

    def _on_distribution(self, match: Match, line: Line, text: str) -> None:
        split = split_of(canonical("loss", _split(match.get("SPLIT") or "")))
        shares = _shares(match.get("MAPPING") or "")
        if shares is None or split not in ("train", "val"):
            return
        if self._listing:
            self._folds.setdefault(self._listing, []).append((f"{split}_class_distribution", shares, line.number, text))
        else:
            self.fact(f"{split}_class_distribution", shares, line.number, text)

    def _on_described(self, match: Match, line: Line, text: str) -> None:
        """``Train: 500 samples, class distribution: {0: 0.4, 1: 0.6}``."""
        self._on_samples(match, line, text)
        if match.get("MAPPING"):
            self._on_distribution(match, line, text)

    def _on_class_weights(self, match: Match, line: Line, text: str) -> None:
        self._on_weighting("class weights", match, line, text)

    def _on_alpha(self, match: Match, line: Line, text: str) -> None:
        self._on_weighting("alpha", match, line, text)

    def _on_weighting(self, kind: str, match: Match, line: Line, text: str) -> None:
        """Weights in the loss (alpha) and weights of samples multiply: all ones change nothing."""
        value = _literal(match.tokens[0][1])
        weights = _numbers(value)
        if weights is None:
            return
        self._weights[kind] = weights
        told = [*weights.values()] if isinstance(value, list) else weights
        other = self._weights.get("alpha" if kind == "class weights" else "class weights")
        if other is not None and len(other) == len(weights) and max(weights.values()) == min(weights.values()):
            if kind == "class weights":
                self.fact("even_class_weights", told, line.number, text)
            return
        self.fact("class_weights", told, line.number, text)
        for name in ("focal_alpha", "even_class_weights"):
            self.scopes.forget(name)
        if kind == "alpha":
            self.fact("focal_alpha", told, line.number, text)

    def _on_branch_weights(self, match: Match, line: Line, text: str) -> None:
        """``Fusion weights: tabular=0.60, image=0.40``."""
        pairs = (pair.split("=") for pair in (match.get("SHARES") or "").split(","))
        try:
            weights = {name.strip(): float(value) for name, value in pairs}
        except ValueError:
            return
        self.fact("branch_weights", weights, line.number, text)

    def _on_class_count(self, match: Match, line: Line, text: str) -> None:
        self._counts.add(match.get("LABEL") or "", int(match.get("INT") or 0), match.get("TAIL") or "", line, text)

    def _end_counts(self) -> None:
        found = self._counts.end()
        if found is not None:
            counts, line, text, original = found
            if original:
                self.fact("unique_class_counts", counts, line, text)
            self.fact("class_counts", counts, line, text)
            self.fact("train_samples", float(sum(counts.values())), line, text)

    def _on_title(self, match: Match, line: Line, text: str) -> None:
        self._counts.title(text)

    def _on_samples(self, match: Match, line: Line, text: str) -> None:
        split = _split(match.get("SPLIT") or match.get("SAMPLES") or match.get("ADJUSTED") or "")
        if split in ("train", "val"):
            self.fact(f"{split}_samples", float(match.get("INT") or 0), line.number, text)

    _on_counted = _on_adjusted = _on_samples

    # The model

    def _on_weights(self, match: Match, line: Line, text: str) -> None:
        count = int(match.all("INT")[0])
        self.fact("trainable_tensors", float(count), line.number, text)

    _on_weights_of = _on_weights

    def _on_no_trainable(self, match: Match, line: Line, text: str) -> None:
        count = int(match.all("INT")[0])
        if count == 0:
            self._settle(0)
            self._build.event("no_trainable", line.number, text, ahead=True, count=0)

    def _on_trainable_params(self, match: Match, line: Line, text: str) -> None:
        self.fact("trainable_params", number(match.tokens[0][1]), line.number, text)

    def _on_frozen(self, match: Match, line: Line, text: str) -> None:
        self.fact("frozen_layers", float(match.tokens[0][1]), line.number, text)

    def _on_unfrozen(self, match: Match, line: Line, text: str) -> None:
        self._settle(0)
        for name in ("frozen_layers", "trainable_tensors", "trainable_params"):
            self.scopes.forget(name)

    # Results

    def _on_confusion(self, match: Match, line: Line, text: str) -> None:
        """Taken by the matrix."""

    _on_matrix_row = _on_actual_row = _on_confusion

    def _on_best(self, match: Match, line: Line, text: str) -> None:
        phrase = match.tokens[0][1]
        metric = re.split(r"\b[Bb]est ", phrase)[-1].strip()
        epoch = {"epoch": float(match.all("INT")[0])} if match.get("INT") else {}
        self._build.event(
            "best_summary", line.number, text, metric=canonical(metric), value=number(match.tokens[1][1]), **epoch
        )

    def _on_best_at(self, match: Match, line: Line, text: str) -> None:
        metric, value, epoch = (token for _, token in match.tokens[:3])
        self._build.event(
            "best_summary", line.number, text, metric=canonical(metric), value=number(value), epoch=float(epoch)
        )

    def _on_result(self, match: Match, line: Line, text: str) -> None:
        """``Test accuracy: 0.91`` after a fit."""
        metric = canonical(re.sub(r"(?i)^final ", "", match.tokens[0][1].strip()))
        if self._build.started and traits(metric).kind in ("loss", "score", "error"):
            self._build.event("metric_summary", line.number, text, metric=metric, value=number(match.tokens[1][1]))

    def _on_saved(self, match: Match, line: Line, text: str) -> None:
        self._build.event("checkpoint", line.number, text, path=match.get("PATH") or "")

    def _on_transferred(self, match: Match, line: Line, text: str) -> None:
        self._build.event(
            "checkpoint_transferred", line.number, text, path=match.get("TAIL") or "", value=float(match.tokens[0][1])
        )

    # Headings

    def _on_fold_listing(self, match: Match, line: Line, text: str) -> None:
        """``Fold 2/5: 90 train patients``: a table of folds, whose facts hold once that fold begins."""
        self._listing = _digits(match.get("FOLD") or "")
        self._listed = (match.get("FOLD") or "", line.number)
        self._folds.pop(self._listing, None)

    def begin_listed(self) -> None:
        """A fit begins: if a line like that of a table was the last title, it was its heading."""
        title, line = self._listed
        if title and self._settle(line):
            self._enter(FOLD, title, line, title)

    def _on_heading(self, match: Match, line: Line, text: str) -> None:
        title = _titled(match.tokens[0][1])
        if self._settle(line.number):
            self._enter(LEVELS[match.kind], title, line.number, text)

    def _enter(self, level: int, title: str, line: int, text: str) -> None:
        self._listed = ("", 0)
        self.scopes.heading(level, title, line)
        if level == FOLD:
            for name, value, stated, where in self._folds.get(_digits(title), []):
                self.scopes.fact(name, value, stated, where)
        if found := PLANNED.search(title):
            name = "planned_epochs" if found[2] == "epochs" else "trainable_tensors"
            self.scopes.fact(name, float(found[1]), line, text)

    def _on_over(self, match: Match, line: Line, text: str) -> None:
        """``Fold 2/3 skipped``, ``Stage 1 completed. Best val kappa: 0.5``."""
        kind = text.split(maxsplit=1)[0].lower()
        _, _, best = self._said(text[max(text.find("Best"), text.find("best"), 0) :])
        if best is not None and best.kind == "best":
            self._on_best(best, line, text)
        self._settle(0)
        if not self._build.is_open:
            self.scopes.over({"fold": FOLD, "run": RUN, "stage": STAGE, "phase": STAGE}.get(kind, CONFIG))

    def _on_finale(self, match: Match, line: Line, text: str) -> None:
        """The program sums up: a title that still waits for a fit announced a table."""
        self._settle(0)
        if not self._build.is_open:
            self._build.heading("", 0)

    _on_config = _on_run = _on_fold = _on_stage = _on_training = _on_heading


def _split(word: str) -> str:
    word = word.lower()
    return "train" if "train" in word else "val" if "val" in word else "test"


@lru_cache(maxsize=1000)
def _titled(text: str) -> str:
    return STARTING.sub("", text).strip(DECORATION + ":")


@lru_cache(maxsize=1000)
def _digits(text: str) -> str:
    return "/".join(DIGITS.findall(text)[:2])


@lru_cache(maxsize=1000)
def _literal(text: str) -> Any:
    """Return the value that a text stands for, which nobody may change: scripts print the same around every fit."""
    try:
        return ast.literal_eval(re.sub(r"np\.\w+\(([^()]*)\)", r"\1", text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _numbers(value: Any) -> dict[str, float] | None:
    """Return weights by class from a list or a mapping, None if it holds anything but numbers."""
    pairs = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    numbers = {str(key): float(number) for key, number in pairs if isinstance(number, int | float)}
    return numbers if numbers and len(numbers) == len(value) else None


@lru_cache(maxsize=1000)
def _shares(text: str) -> dict[str, float] | None:
    """Return class shares from printed shares or counts, None if the numbers are neither."""
    value = _literal(text)
    numbers = _numbers(value) if isinstance(value, dict) else None
    if numbers is None or min(numbers.values()) < 0 or len(numbers) < 2:
        return None
    total = sum(numbers.values())
    if abs(total - 1) < 0.02:
        return numbers
    if total > 1.5 and all(float(number).is_integer() for number in numbers.values()):
        return {key: number / total for key, number in numbers.items()}
    return None
