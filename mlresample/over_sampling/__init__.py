"""Samplers for imbalanced-learn pipelines."""

from mlresample.over_sampling._max_multiplier import MaxMultiplierOverSampler

__all__ = ["MaxMultiplierOverSampler"]
