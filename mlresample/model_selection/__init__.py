"""Decision thresholds, one per class, tuned on held-out scores."""

from mlresample.model_selection._thresholds import tune_thresholds
from mlresample.model_selection._tuned import MultilabelTunedThresholdClassifierCV

__all__ = ["MultilabelTunedThresholdClassifierCV", "tune_thresholds"]
