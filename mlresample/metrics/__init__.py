"""Measures of imbalance."""

from mlresample.metrics._imbalance import ImbalanceMeasures, measure_imbalance

__all__ = ["ImbalanceMeasures", "measure_imbalance"]
