"""Pictures for pages, as elements of HTML; needs matplotlib."""

import io
import warnings
from html import escape
from typing import Any

# Before matplotlib itself: its error says what to install.
from mlresample.plots import ClassCountsDisplay, CoOccurrenceDisplay, PlanComparisonDisplay

# isort: split
import matplotlib as mpl
import matplotlib.pyplot as plt

from mlresample._plan.compare import PlanComparison
from mlresample._plan.plan import ResamplingPlan
from mlresample._plan.table_plan import TablePlan
from mlresample._rule.counts import ClassCounts
from mlresample.readers import LabelTable


def counts_picture(
    source: ResamplingPlan | TablePlan | LabelTable | ClassCounts, file: str
) -> str:
    """Draw class counts, before and after resampling if they are of a plan."""
    if isinstance(source, LabelTable):
        display = ClassCountsDisplay.from_target(source.y, class_names=source.class_names)
    elif isinstance(source, ClassCounts):
        display = ClassCountsDisplay(source.classes, source.class_counts).plot()
    else:
        caption = f"{file}: samples of each class, in the data and in an epoch of the plan."
        return _figure(ClassCountsDisplay.from_plan(source), caption)
    return _figure(display, f"{file}: samples of each class.")


def co_occurrence_picture(table: LabelTable, file: str) -> str:
    """Draw the rare classes and the common ones that occur together with them."""
    display = CoOccurrenceDisplay.from_target(table.y, class_names=table.class_names)
    caption = (
        f"{file}: share of the samples of each rare class that also carry each common class. "
        f"If it is high, copies of the rare class are copies of the common one."
    )
    return _figure(display, caption)


def comparison_picture(comparison: PlanComparison) -> str:
    """Draw the cost of each plan against the balance that it reaches."""
    caption = (
        "Cost of each plan, in the size of an epoch, and the mean imbalance that is left "
        "(1 if all classes have the same count)."
    )
    return _figure(PlanComparisonDisplay.from_comparison(comparison), caption)


def _figure(display: Any, caption: str) -> str:
    text = io.StringIO()
    # The same page every time, and text as text, in the reader's own fonts.
    options: Any = {"svg.hashsalt": "mlresample", "svg.fonttype": "none"}
    with mpl.rc_context(options), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        display.figure_.savefig(text, format="svg", metadata={"Date": None})
    plt.close(display.figure_)
    picture = text.getvalue()
    svg = picture[picture.index("<svg") :]
    return f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"
