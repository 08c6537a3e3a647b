"""Samplers for imbalanced-learn pipelines that leave samples out."""

from mlresample.under_sampling._random import LPRUS, MLRUS

__all__ = ["LPRUS", "MLRUS"]
