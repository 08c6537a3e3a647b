"""Stratified splits of multi-label data, tuned decision thresholds, and recipes compared."""

from mlresample.model_selection._compare_recipes import compare_recipes
from mlresample.model_selection._recipes.comparison import RecipeComparison
from mlresample.model_selection._splits import (
    MultilabelStratifiedGroupKFold,
    MultilabelStratifiedKFold,
    MultilabelStratifiedShuffleSplit,
)
from mlresample.model_selection._thresholds import tune_thresholds
from mlresample.model_selection._tuned import MultilabelTunedThresholdClassifierCV

__all__ = [
    "MultilabelStratifiedGroupKFold",
    "MultilabelStratifiedKFold",
    "MultilabelStratifiedShuffleSplit",
    "MultilabelTunedThresholdClassifierCV",
    "RecipeComparison",
    "compare_recipes",
    "tune_thresholds",
]
