"""Signs by which a text that no specific format claims is told to be the log of a training."""

from __future__ import annotations

import re
from collections import Counter

from diagnose.names import slug
from diagnose.patterns import lazy
from diagnose.reader.format import Head
from diagnose.reader.likeness import is_metric

LONGEST = 1500
"""Characters of a line that may hold results; longer ones are dumps."""
HEAD = 1 << 18
CERTAIN = 9
"""Numbered results that settle what a file is."""
SAMPLED = 4000
"""Lines that detection looks at."""
PREFIX = lazy(
    r"""
    ^\s*
    (?: \[?(?P<clock>\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?)Z?\]?   # 2024-03-01 10:00:00,101
      | \[?\d\d[-/]\d\d[-/]?\d{0,4}\ \d\d:\d\d:\d\d\]?                            # 03/01/2024 10:00:00
      | \[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]? )?
    (?: [\s|:,-]* (?:\[?[A-Za-z_][\w.]*(?::[\w.<>]*)*\]?[\s|:-]+)?                        # the logger
        \[?(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL)\b\]?
        (?:[:\ ][A-Za-z_][\w.]*(?::\w+)*:(?=\S))?
      | (?<=\d)[\]\s]*[-|:] )?
    [\s|:-]* (?:[A-Za-z_][\w.]*(?::[\w<>]+)+:\d+\ ?-\ )?                                # loguru's module:function:line
    """,
    re.VERBOSE,
)
"""What loggers print before the message."""
MEASURE = r"(?:loss|acc|accuracy|f1|auc|map|miou|iou|dice|kappa|perplexity|ppl|bleu|mse|mae|rmse|wer|cer)"
VALUE = lazy(
    rf"(?i){MEASURE}[\w.@]*[\"']?(?:\s*[:=]\s*|\s+|@\d )[\"']?[+-]?(?:\d|\.\d|nan\b|inf\b)"
    r"| at (?:step|epoch|iter\w*) \d+:"
)
STATED = lazy(rf"(?i){MEASURE}[\w.@]*(?: so far| now)? is [+-]?\d*\.\d")
KEYED = lazy(rf"(?i)(?<!\w)((?=\w*?{MEASURE})\w++)[\"']?\s*[:=]\s*[+-]?(?:\d|\.\d|nan|inf)")
MARKER = lazy(r"(?i)\b(?:epoch|step|iter|iteration|round)s?\b['\"]?[^\w\n]{0,3}(\d+)")
TRIAL = lazy(
    r"(?i)^(?>.*?\btrial\b)(?>.*?\b(?:score|value|objective)\s*[:=]\s*[+-]?[\d.]).*\b(?:hyper)?param(?:eter)?s\b"
)
INDEXED = lazy(r"\[(\d+)\]\s+[\w' -]+:")
START = lazy(r"(?i)\W*(?:(?:current|global|train(?:ing)?)\s+)?(?:epoch|step|iter|iteration|round)\b[^\w\n]{0,4}(\d+)")
CODE = lazy(
    r"(?m)^[ \t]*(?:def \w+\(.*:$|class \w.*:$|import [\w.]+$|from [\w.]+ import |#include|function \w+\(|const \w+ =)"
)
PAGE = lazy(r"(?m)^(?: {0,3}#{1,6} \w|[ \t]*(?:```|<!DOCTYPE|<html))")
QUOTED = 6
"""Lines of code that a warning may show in the midst of a log."""
TRADE = lazy(
    r"(?i)(?<![a-z])(train|epoch|model|data(?:set|loader|module)|batch|loss|optimi[sz]er|checkpoint|cuda|gpu|torch"
    r"|tensorflow|keras|validation|forward|weights)"
)
"""Words of those who train models; a traceback alone may be any program's."""
TRACED = lazy(r"(?m)^(?:Traceback \(most recent call last\):|[\w.]*(?:Runtime|OutOfMemory)Error: CUDA .*out of memory)")
FRAME = lazy(r'(?m)File ".*|", line \d+')
RAISED = lazy(r"(?m)^[A-Z]\w*(?:Error|Exception): ")
FAILED = lazy(r"(?m)^(?>.*?\d\d:\d\d:\d\d).*(?<![A-Za-z])(?:ERROR|CRITICAL)(?![A-Za-z]).*$")
"""A line that a logger dates and calls an error."""


def likelihood(head: Head) -> int:
    """Return how surely a head is that of a training log, below 100; 0 for prose, source code and configs."""
    if head.is_binary:
        return 0
    text = head.text[:HEAD]
    code, pages = len(CODE.findall(text)), len(PAGE.findall(text))
    if code > QUOTED or pages > 1 or (pages and code):
        return 0
    if re.match(r"\s*(?:\{\s*\"|<)", text):
        return 0
    numbered, started = set(), set()
    keys: Counter[str] = Counter()
    repeated: Counter[str] = Counter()
    trials = 0
    for line in text.split("\n")[:SAMPLED]:
        if len(line) > LONGEST:
            continue
        marker = MARKER.search(line) or INDEXED.match(line)
        begins = marker is not None and START.match(PREFIX.sub("", line, count=1)) is not None
        if marker and (VALUE.search(line) or (begins and STATED.search(line))):
            numbered.add(line)
            if len(numbered) >= CERTAIN:
                break
        if marker and begins:
            started.add(marker[1])
        named = [slug(key) for key in KEYED.findall(line)]
        keys.update(named)
        repeated[" ".join(named) if len(named) > 1 else ""] += 1
        trials += TRIAL.search(line) is not None
    if code > 1 and len(numbered) < CERTAIN:
        return 0
    if len(numbered) >= 2:
        return 30 + len(numbered)
    if len(started) >= 2 and any(count >= 2 for key, count in keys.items() if is_metric(key)):
        return 25
    # Rows without an epoch: the same metrics again and again, or one trial of a search after another.
    if trials >= 3 or any(count >= 3 and any(map(is_metric, row.split())) for row, count in repeated.items()):
        return 15
    return _failure(text)


def _failure(text: str) -> int:
    """Accept the log of a training that failed before its first result; other programs fail, too."""
    spoken = {word.lower() for word in TRADE.findall(text)}
    traced = TRACED.search(text) or (len(FRAME.findall(text)) >= 3 and RAISED.search(text))
    if traced and ("train" in spoken or len(spoken) >= 2):
        return 10
    return 8 if "train" in spoken and len(spoken) >= 4 and len(FAILED.findall(text)) >= 2 else 0
