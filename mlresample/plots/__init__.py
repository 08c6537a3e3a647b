"""Plots of class counts, plans compared, classes that occur together, and gains by frequency.

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
from mlresample.plots._gain import GainDisplay

__all__ = ["ClassCountsDisplay", "CoOccurrenceDisplay", "GainDisplay", "PlanComparisonDisplay"]
