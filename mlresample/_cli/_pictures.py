"""Pictures for pages, as elements of HTML; needs matplotlib."""

import io
from typing import Any

# Before matplotlib itself: its error says what to install.
from mlresample.plots import ClassCountsDisplay, CoOccurrenceDisplay, PlanComparisonDisplay

# isort: split
import matplotlib as mpl
import matplotlib.pyplot as plt

from mlresample._compare import PlanComparison
from mlresample._plan import ResamplingPlan
from mlresample.readers import LabelTable


def counts_picture(source: ResamplingPlan | LabelTable) -> str:
    """Class counts, of a plan before and after."""
    if isinstance(source, ResamplingPlan):
        return _figure(ClassCountsDisplay.from_plan(source))
    return _figure(ClassCountsDisplay.from_target(source.target, class_names=source.class_names))


def co_occurrence_picture(table: LabelTable) -> str:
    """Rare classes and the common ones that stand beside them."""
    return _figure(CoOccurrenceDisplay.from_target(table.target, class_names=table.class_names))


def comparison_picture(comparison: PlanComparison) -> str:
    """Cost against balance."""
    return _figure(PlanComparisonDisplay.from_comparison(comparison))


def _figure(display: Any) -> str:
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "mlresample"}):  # the same page every time
        display.figure_.savefig(text, format="svg", metadata={"Date": None})
    plt.close(display.figure_)
    picture = text.getvalue()
    return f"<figure>{picture[picture.index('<svg') :]}</figure>"
