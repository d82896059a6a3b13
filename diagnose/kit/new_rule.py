"""The beginning of a rule: a file that is valid and whose cases pass, to be changed from there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from diagnose.errors import RuleError
from diagnose.model import Place
from diagnose.rules import Rule
from diagnose.rules import builtin as shipped
from diagnose.rules.check import CODE, NAME

RESERVED = 900
"""Built-in codes stay below; numbers from here on are for users."""

SKELETON = """\
code: {code}
name: {name}
title: {title}
severity: warning                 # error | warning | info | hint, or {{error: "a condition", else: warning}}
since: "0.1"
needs: [series: val/loss]         # without it the rule is skipped, and the report says so
params: {{min_points: 5, ratio: 2.0}}   # settings can change these
let:                              # named parts; `diagnose rules functions` lists what can be called
  n: count(val/loss)
  lowest: best(val/loss)
  end: last(val/loss)
when: n >= min_points and end > ratio * lowest
at: end                           # the line to look at
evidence: [lowest, end]
message: "val/loss ends at {{{{ end }}}}, more than {{{{ ratio }}}} times its lowest value {{{{ lowest }}}}"
why: >
  What this means, in two or three sentences.
advice: |
  1. What to do first, with values of the run: the lowest loss stands at epoch {{{{ lowest.epoch }}}}.
  2. What to do then.
false-alarms: ["when this is harmless"]
basis: "The thresholds are ours; say what they were measured on, or give `references` instead."
cases:
  - reported: {{val/loss: "1 0.5 0.6 0.9 1.2 1.5"}}
  - silent: {{val/loss: "1-0.1x6"}}
"""

CAUSE_SKELETON = """\
code: {code}
name: {name}
title: {title}
since: "0.1"
let:
  end: last(val/loss)
why: >
  How this brings about what is seen, in two or three sentences.
supports:                         # what speaks for it; the weights are explained in docs/causes.md
  - {{when: found("overfitting"), weight: 2}}
  - when: end > 2 * min(val/loss)
    weight: 1
    text: "val/loss ends at {{{{ end }}}}, twice its lowest value or more"
    at: end
against:                          # what speaks against it
  - when: default(fact.train_samples > 100000, false)
    weight: 1
    text: "{{{{ fact.train_samples | num }}}} samples are many"
    at: fact.train_samples
least: 2                          # named from this sum of weights on
refutation: The cheap run or look-up that would show that it is not so.
advice: |
  1. What to do first if it is so.
explains: [overfitting]           # findings that follow from it
basis: "The weights are ours; say what they rest on, or give `references` instead."
cases:
  - reported: {{train/loss: "1-0.1x9", val/loss: "1 0.8 0.6 0.7 0.9 1.1 1.3 1.5 1.7"}}
  - silent: {{train/loss: "1-0.1x9", val/loss: "1-0.1x9"}}
"""


def free_code(family: str, rules: Iterable[Rule], *, builtin: bool) -> str:
    """Return the next free code of a family.

    Args:
        family: the letters.
        rules: all rules there are.
        builtin: whether it is for a rule that ships with the program; others get, in a family of ours, numbers from
            ``RESERVED``.
    """
    numbers = {int(rule.code[len(rule.family) :]) for rule in rules if rule.family == family}
    ours = any(rule.family == family for rule in shipped())
    start = RESERVED if ours and not builtin else 1
    return f"{family}{next(number for number in range(start, 1000) if number not in numbers):03}"


def new_rule(code: str, name: str, rules: Iterable[Rule], folder: Path, *, builtin: bool = False) -> tuple[str, Path]:
    """Return the text of a new rule and the file for it.

    Args:
        code: a code, or a family whose next free code is taken.
        name: the rule's name.
        rules: all rules there are.
        folder: where rules stand; the file goes into the folder of its family.
        builtin: whether the rule is to ship with the program.

    Raises:
        RuleError: if code or name are not valid or taken, or the file exists.
    """
    rules = list(rules)
    if re.fullmatch("[A-Z]{2,8}", code):
        code = free_code(code, rules, builtin=builtin)
    if not CODE.fullmatch(code):
        raise RuleError(
            f"not a code: {code!r}", mend="capital letters and three digits, such as LOSS901, or LOSS alone"
        )
    if not NAME.fullmatch(name):
        raise RuleError(f"not a name: {name!r}", mend="small letters and hyphens, such as loss-rises-late")
    for rule in rules:
        for word in (code, name):
            if word in (rule.code, rule.name):
                raise RuleError(f"{word!r} is taken by {rule.code} {rule.name}", mend="choose another")
    file = folder / code.rstrip("0123456789").lower() / f"{name}.yaml"
    if file.exists():
        raise RuleError("the file exists", place=Place(str(file)))
    title = name.replace("-", " ")
    skeleton = CAUSE_SKELETON if code.startswith("CAUSE") else SKELETON
    return skeleton.format(code=code, name=name, title=title[0].upper() + title[1:]), file
