"""Stratified splits of multi-label data; decision thresholds tuned on held-out scores."""

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
    "tune_thresholds",
]
