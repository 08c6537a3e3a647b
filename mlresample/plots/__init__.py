"""Plots of class counts, of plans compared, and of classes that occur together.

They need matplotlib: ``pip install "mlresample[plot]"``.
"""

try:
    import matplotlib  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError(
        'mlresample.plots needs matplotlib, which is not installed: pip install "mlresample[plot]"'
    ) from error

from mlresample.plots._class_counts import ClassCountsDisplay
from mlresample.plots._co_occurrence import CoOccurrenceDisplay
from mlresample.plots._comparison import PlanComparisonDisplay

__all__ = ["ClassCountsDisplay", "CoOccurrenceDisplay", "PlanComparisonDisplay"]
