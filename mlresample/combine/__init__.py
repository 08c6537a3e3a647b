"""Samplers for imbalanced-learn pipelines that change the targets of samples."""

from mlresample.combine._remedial import REMEDIAL

__all__ = ["REMEDIAL"]
