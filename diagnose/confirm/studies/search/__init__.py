"""The search for what is to blame: see ``docs/confirm-statistics.md``."""

from diagnose.confirm.studies.search.choose import AHEAD, choose
from diagnose.confirm.studies.search.ddmin import ddmin
from diagnose.confirm.studies.search.hypotheses import OTHER_KIND, Hypotheses, Hypothesis
from diagnose.confirm.studies.search.posterior import Noise, Posterior

__all__ = ["AHEAD", "OTHER_KIND", "Hypotheses", "Hypothesis", "Noise", "Posterior", "choose", "ddmin"]
