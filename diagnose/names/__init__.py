"""Canonical names: what a printed metric, event or fact is called everywhere else in the program."""

from diagnose.names.hyperparameters import hyperparameter
from diagnose.names.metrics import Traits, canonical, slug, split_of, traits
from diagnose.names.vocabulary import event_kinds, fact_names, mechanisms

__all__ = [
    "Traits",
    "canonical",
    "event_kinds",
    "fact_names",
    "hyperparameter",
    "mechanisms",
    "slug",
    "split_of",
    "traits",
]
