"""Decision thresholds, one a class, tuned on held-out scores."""

from mlresample.model_selection._thresholds import tune_thresholds
from mlresample.model_selection._tuned import TunedThresholdsClassifierCV

__all__ = ["TunedThresholdsClassifierCV", "tune_thresholds"]
