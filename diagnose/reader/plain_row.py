"""One line of a plain text log taken apart: its place in the run, and its names with their numbers."""

from __future__ import annotations

import math
import re

from diagnose.names import canonical, split_of
from diagnose.patterns import lazy
from diagnose.reader.grammar import Match, number
from diagnose.reader.likeness import is_metric, is_step
from diagnose.records import dataclass, field

PLACE_WORDS = lazy(r"train(ing)?|val(id(ation)?)?|test(ing)?|eval|end|of|start(ing)?|current|the|at|global")
"""Words that may stand before `epoch` or `step` where it counts, unlike those of `best epoch`."""
STEP_WORDS = lazy(r"(global_)?steps?|iter(ation)?s?|it|(mini-?)?batch|update")
FALSE_END = lazy(r"(?i)\b(from|to|than|of|the|was|by|vs|and|at|is|with|for)$")
CONSTANT = lazy(r"[A-Z]+_[A-Z_]+")
"""The name of an environment variable."""
FILE = lazy(r"\.(?:py|cc?|cpp|cu|h5|pth?|ckpt|npy|npz|txt|json|csv|png|jpe?g)$")
"""How a name ends that is a file's: `losses.py:12: DeprecationWarning`."""
SAID = lazy(r"(?i)(?:the )?(.+?)(?: so far| now)? is")
"""`avg loss so far is 0.1`"""
BAR = lazy(r"(?::|(?<!\s))\s*+\d{1,3}%\|[\s\u2580-\u259f#\ufffd\d]*\|")
"""The drawn part of a progress bar, with the percentage: what stands before it is its title."""
RUNNING = lazy(r"(?i)\b(?:total|elapsed|cumulative|used)\b.*\btime$|\btime[ _](?:elapsed|used|total|so far)$")
"""Names of a time that runs on."""
PROSE = frozenset({"a", "an", "i", "is", "it", "my", "this", "that", "you", "your", "not", "very"})
"""Words of sentences, which the names of metrics do without."""


@dataclass(slots=True)
class Row:
    """What a line holds, taken apart.

    Attributes:
        epoch, planned: `Epoch 3/40`; NaN where the line does not name them.
        step: of the whole run.
        batch: the place in the epoch, as part and whole.
        split: what the line's label names.
        of_samples: whether the batch is counted in samples: `[640/60000 (1%)]`.
        numbers, texts: the pairs, in the order of the line.
    """

    epoch: float = math.nan
    planned: float = math.nan
    step: float = math.nan
    batch: tuple[float, float] | None = None
    split: str = ""
    of_samples: bool = False
    numbers: list[tuple[str, float]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_numbered(self) -> bool:
        """Whether the line names an epoch, a step or a batch."""
        return not (math.isnan(self.epoch) and math.isnan(self.step)) or self.batch is not None


def measures(key: str) -> bool:
    """Whether a printed name ends as the name of a metric does: prose may mention a loss anywhere."""
    words = key.split()
    return (
        0 < len(words) <= 4
        and not CONSTANT.fullmatch(words[-1])
        and not FILE.search(words[-1])
        and PROSE.isdisjoint(word.lower() for word in words)
        and not FALSE_END.search(key)
        and is_metric(key)
        and (len(words) == 1 or is_metric(words[-1]) or is_metric(" ".join(words[-2:])))
    )


def row_of(match: Match) -> Row:
    """Return what the grammar `generic_text` reads in a line, sorted into a row."""
    row = Row()
    if match.tokens[0][0] == "INDEX":
        row.step = _whole(match.tokens[0][1])  # `[12]  train-rmse:0.41`: boosting rounds
    elif match.tokens[0] == ("NOISE", "*"):
        row.split = "val"  # ` * Acc@1 71.2`: the summary of a validation in many torch scripts
    tokens = [token for token in match.tokens if token[0] != "MEAN"]
    index = 0
    while index < len(tokens):
        kind, text = tokens[index]
        index += 1
        if kind != "NAME":
            continue
        key = text.strip("'\"")
        after = index + (index < len(tokens) and tokens[index][0] == "SEP")
        kind, value = tokens[after] if after < len(tokens) else ("", "")
        if kind in ("", "NOISE", "SEP"):
            _label(row, key)
            continue
        if kind == "NAME":
            # `Device: cpu` is a pair of texts; `Test set: Average loss: 0.3` is a label before a pair.
            _label(row, key)
            ends = after + 1 == len(tokens) or tokens[after + 1][0] == "NOISE"
            if after > index and ends:
                row.texts.append((key, value.strip("'\"")))
            index = max(index, after)
            continue
        index = after + 1
        index = _number(row, key, kind, value, tokens, index)
    return row


def _label(row: Row, text: str) -> None:
    if not row.numbers and not row.split and len(text.split()) <= 3:
        row.split = _split_word(re.split(r"[\s_]", text)[0])


def _split_word(text: str) -> str:
    """Return the split that a word alone names."""
    return split_of(canonical(f"{text.lower()}_loss")) if text.isalpha() else ""


def _number(row: Row, key: str, kind: str, text: str, tokens: list[tuple[str, str]], index: int) -> int:
    """Sort a number into the row; return the index of the token after what was used."""
    if (said := SAID.fullmatch(key)) is not None and measures(said[1]):
        key = said[1]
    words = key.lower().split()
    last = words[-1].strip(".")
    following = tokens[index] if index < len(tokens) else ("", "")
    if kind in ("FRACTION", "INDEX") and (split := _split_word(key)):
        # `Test: [10/79]`, `Val: [3][10/79]`: the place within an evaluation
        row.split = row.split or split
        if kind == "INDEX" and following[0] == "FRACTION":
            _place(row, "epoch", kind, text)
            kind, text, index = *following, index + 1
        _place(row, "batch", kind, text)
        return index
    if kind == "NUMBER" and tokens[index - 2][0] == "NAME" and _is_label(text, following) and measures(key):
        row.numbers.append((f"{key} {text}", number(following[1])))
        return index + 1
    if found := re.match(r"(?i)(.+) at (step|iter(?:ation)?|epoch)$", key):
        # `adversarial loss at step 100: 0.82`: the value comes after the step.
        after = index + (following[0] == "SEP")
        if after < len(tokens) and tokens[after][0] in ("NUMBER", "NONFINITE", "PERCENT") and is_metric(found[1]):
            _place(row, found[2].lower(), kind, text)
            row.numbers.append((found[1], number(tokens[after][1])))
            return after + 1
    if last in ("epoch", "ep") and all(PLACE_WORDS.fullmatch(word) for word in words[:-1]):
        _label(row, key if len(words) > 1 else "")
        _place(row, "epoch", kind, text)
        if following[0] == "NAME" and following[1].lower() == "of" and index + 1 < len(tokens):
            row.planned = _whole(tokens[index + 1][1])
            return index + 2
        if following[0] == "FRACTION":
            row.batch = _fraction(following[1])
            row.of_samples = following[1].startswith("[") and not following[1].endswith("]")
            return index + 1
        return index
    if STEP_WORDS.fullmatch(last) and all(PLACE_WORDS.fullmatch(word) for word in words[:-1]):
        _place(row, "batch" if "batch" in last else "step", kind, text)
        return index
    value = _value(kind, text)
    if value is not None and not is_step(key):
        row.numbers.append((key, value))
    return index


def _is_label(text: str, following: tuple[str, str]) -> bool:
    """Whether digits after a name belong to it, since the value comes after them: `Prec@1  05 87.9`."""
    return text.isdigit() and following[0] == "NUMBER" and not following[1].isdigit()


def _place(row: Row, what: str, kind: str, text: str) -> None:
    if what == "epoch":
        if kind == "FRACTION":
            row.epoch, row.planned = _fraction(text)
        elif kind in ("INDEX", "NUMBER"):
            row.epoch = _whole(text)
    elif kind == "FRACTION":
        row.batch = _fraction(text)
    elif kind in ("NUMBER", "INDEX"):
        if what == "batch" or not math.isnan(row.epoch):
            row.batch = (_whole(text), 0.0)
        else:
            row.step = _whole(text)


def _value(kind: str, text: str) -> float | None:
    if kind in ("NUMBER", "NONFINITE", "PERCENT"):
        return number(text)
    if kind == "QUANTITY":
        return float(re.match(r"[\d.]+", text)[0])  # type: ignore[index]
    if kind == "FRACTION":
        part, whole = _fraction(text)
        return part / whole if whole and part <= whole else None
    return None


def _fraction(text: str) -> tuple[float, float]:
    part, _, whole = text.strip("[]").partition("/")
    return float(part.strip(" [")), float(whole)


def _whole(text: str) -> float:
    try:
        return float(text.strip("[]"))
    except ValueError:
        return math.nan
