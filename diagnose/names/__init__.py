"""Canonical names: what a printed metric, event or fact is called everywhere else in the program."""

from diagnose.names.couplings import couplings
from diagnose.names.frameworks import Framework, framework_of, frameworks
from diagnose.names.hyperparameters import Hyperparameter, hyperparameter, hyperparameters
from diagnose.names.metrics import Traits, batch_name, canonical, slug, split_of, traits
from diagnose.names.spellings import spelled
from diagnose.names.vocabulary import event_kinds, fact_names, mechanisms

__all__ = [
    "Framework",
    "Hyperparameter",
    "Traits",
    "batch_name",
    "canonical",
    "couplings",
    "event_kinds",
    "fact_names",
    "framework_of",
    "frameworks",
    "hyperparameter",
    "hyperparameters",
    "mechanisms",
    "slug",
    "spelled",
    "split_of",
    "traits",
]
