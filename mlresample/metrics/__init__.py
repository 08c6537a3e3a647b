"""Measures of imbalance, and of predictions by class frequency."""

from mlresample.metrics._evaluation import FrequencyEvaluation, evaluate_by_frequency
from mlresample.metrics._evaluation_comparison import EvaluationComparison, compare_evaluations
from mlresample.metrics._imbalance import ImbalanceMeasures, measure_imbalance

__all__ = [
    "EvaluationComparison",
    "FrequencyEvaluation",
    "ImbalanceMeasures",
    "compare_evaluations",
    "evaluate_by_frequency",
    "measure_imbalance",
]
