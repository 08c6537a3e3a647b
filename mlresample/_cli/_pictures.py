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
from mlresample.readers import LabelTable


def counts_picture(source: ResamplingPlan | LabelTable, file: str) -> str:
    """Class counts, of a plan before and after."""
    if isinstance(source, ResamplingPlan):
        caption = f"{file}: samples of each class, as they are and in an epoch of the plan."
        return _figure(ClassCountsDisplay.from_plan(source), caption)
    display = ClassCountsDisplay.from_target(source.y, class_names=source.class_names)
    return _figure(display, f"{file}: samples of each class.")


def co_occurrence_picture(table: LabelTable, file: str) -> str:
    """Rare classes and the common ones that stand beside them."""
    display = CoOccurrenceDisplay.from_target(table.y, class_names=table.class_names)
    caption = (
        f"{file}: share of the samples of each rare class that carry each common class too. "
        f"Where it is high, copies of the rare class are copies of the common one."
    )
    return _figure(display, caption)


def comparison_picture(comparison: PlanComparison) -> str:
    """Cost against balance."""
    caption = (
        "What each plan costs, in the length of an epoch, and what is left of the mean imbalance "
        "(1 would be classes of the same count)."
    )
    return _figure(PlanComparisonDisplay.from_comparison(comparison), caption)


def _figure(display: Any, caption: str) -> str:
    text = io.StringIO()
    # The same page every time; and text as text, for whose letters the reader has fonts.
    options: Any = {"svg.hashsalt": "mlresample", "svg.fonttype": "none"}
    with mpl.rc_context(options), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        display.figure_.savefig(text, format="svg", metadata={"Date": None})
    plt.close(display.figure_)
    picture = text.getvalue()
    svg = picture[picture.index("<svg") :]
    return f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"
