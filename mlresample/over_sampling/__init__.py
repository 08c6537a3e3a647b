"""Samplers for imbalanced-learn pipelines that repeat samples or add new ones."""

from mlresample.over_sampling._max_multiplier import MaxMultiplierOverSampler
from mlresample.over_sampling._mlsmote import MLSMOTE
from mlresample.over_sampling._random import LPROS, MLROS

__all__ = ["LPROS", "MLROS", "MLSMOTE", "MaxMultiplierOverSampler"]
