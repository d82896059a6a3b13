"""A study through the templates of ``templates/confirm``: Markdown, and one page that needs nothing but itself."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from diagnose import __version__
from diagnose.confirm.confirmation import Confirmation
from diagnose.confirm.show import words
from diagnose.confirm.show.dots import dots
from diagnose.confirm.studies.result import StepRecord
from diagnose.text import escape, markup, remark, wording
from diagnose.text.templates import environment

if TYPE_CHECKING:
    from jinja2 import Environment

TONES = {"done": "hint", "out-of-budget": "warning"}
SAID = {True: "shown", False: "not shown", None: ""}


def as_markdown(found: Confirmation) -> str:
    """Return GitHub-flavoured Markdown."""
    return _environment("markdown").get_template("page.md.j2").render(_shared(found)).rstrip("\n") + "\n"


def as_html(found: Confirmation) -> str:
    """Return the page."""
    from markupsafe import Markup

    drawn = dots(found)
    plot = Markup(drawn) if drawn else ""  # noqa: S704 - every text in it was escaped
    diverged = any(one.metric is not None and math.isnan(one.metric) for one in found.outcomes)
    page = _environment("html").get_template("page.html.j2")
    return page.render(_shared(found), plot=plot, diverged=diverged).rstrip("\n") + "\n"


def _shared(found: Confirmation) -> dict[str, Any]:
    asked, result = found.asked, found.result

    def role(id: str) -> str:
        for one in result.culprits:
            if id in one.atoms:
                return "culprit" if one.confirmed else "suspect"
        return "cleared" if id in result.cleared else ""

    def tone(record: StepRecord) -> str:
        return TONES.get(record.state, "plain")

    return {
        "found": found,
        "asked": asked,
        "result": result,
        "version": __version__,
        "headline": words.headline(found),
        "cured": words.cured(found),
        "culprits": [words.culprit(one, asked) for one in result.culprits[:1]] if found.verdict == "confirmed" else [],
        "rows": words.rows(asked, words.cost(found)),
        "likely": words.likely,
        "titles": words.TITLES,
        "questions": words.QUESTIONS,
        "claim": lambda one: words.claim(one, asked),
        "shown_steps": [
            one for one in result.steps if one.comparisons or one.posterior or one.probes or one.path or one.notes
        ],
        "state": words.state,
        "tone": tone,
        "arms": lambda one: [words.arm(one.worse, asked), words.arm(one.better, asked)],
        "arm": lambda one: words.arm(one, asked),
        "effect": lambda one: words.effect(one, asked),
        "tested": words.tested,
        "percent": words.percent,
        "parts": lambda atoms: words.parts(atoms, asked),
        "said": lambda shown: SAID[shown],
        "figure": words.figure,
        "seconds": words.seconds,
        "plural": wording.plural,
        "role": role,
    }


@cache
def _environment(kind: str) -> Environment:
    made = environment("confirm", "findings", html=kind == "html")
    made.filters.update(
        sentence=remark.sentence, spans=markup.spans, line=escape.line, blocks=markup.blocks, score=wording.score
    )
    return made
