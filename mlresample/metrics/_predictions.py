"""True classes, predictions and scores in any container, checked against each other."""

from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse

from mlresample._plan.counted import CountedFigures
from mlresample._plan.plan import as_plan
from mlresample._rule.counts import check_some_class_occurs, counts_by_name
from mlresample._target.indicators import Indicator, LabelIndicator
from mlresample._target.read import as_array, as_target
from mlresample._utils.containers import is_dataframe, row_slices
from mlresample._utils.names import as_classes, check_column_order, check_row_order

_ROWS = 4096  # of scores that are checked at once


def read_truth(
    y_true: Any,
    predictions: list[Any],
    plan: Any,
    class_counts: Any,
    class_names: ArrayLike | None,
    unknown: Any,
) -> tuple[Indicator, NDArray[Any], NDArray[np.int64]]:
    """Read the true classes, and return them with class names and training counts.

    Names are the plan's, those of `class_names`, or the columns of the first data frame.
    """
    if (plan is None) == (class_counts is None):
        raise ValueError(
            "Pass either plan or class_counts: they tell how common each class was in training."
        )
    true = read_indicator(y_true, "y_true", unknown)
    if plan is not None:
        plan = as_plan(plan)
        if not isinstance(plan, CountedFigures):
            raise ValueError(
                f"plan must be a ResamplingPlan or a fitted sampler, got {type(plan).__name__}; "
                f"pass numbers as class_counts."
            )
        if class_names is not None:
            raise ValueError("A plan has its own class names: leave class_names out.")
        counts, classes, source = plan.class_counts, plan.classes, "plan"
    else:
        if isinstance(as_plan(class_counts), CountedFigures):
            raise ValueError("class_counts must be numbers; pass a plan as plan=.")
        if class_names is None and not is_dataframe(y_true):
            frames = filter(is_dataframe, predictions)
            class_names = next((names_of_columns(frame) for frame in frames), None)
        classes = true.classes if class_names is None else as_classes(class_names)
        counts, _ = counts_by_name(class_counts, classes)
        check_some_class_occurs(counts, "class_counts")
        source = "class_counts"
    for name, values in [(source, counts), ("class_names", classes)]:
        if len(values) != true.n_classes:
            raise ValueError(f"{name} is for {len(values)} classes, y_true has {true.n_classes}.")
    check_column_order(y_true, "y_true", classes)
    return true, classes, counts


def names_of_columns(frame: Any) -> list[Any]:
    """Return the names of the columns of a data frame."""
    return list(nw.from_native(frame, eager_only=True).columns)


def read_indicator(y: Any, name: str, unknown: Any = None) -> Indicator:
    """Read an indicator matrix; raise if the target is single-label."""
    try:
        indicator = as_target(y, unknown=unknown)
    except ValueError as error:
        raise ValueError(f"{name} cannot be read: {error}") from error
    if isinstance(indicator, LabelIndicator):
        raise ValueError(
            f"{name} has one class per sample; convert it to an indicator matrix with "
            f"sklearn.preprocessing.label_binarize."
        )
    return indicator


def read_scores(y_score: Any) -> NDArray[np.floating[Any]]:
    """Read scores as an array of floats."""
    if issparse(y_score):
        raise ValueError("y_score must be dense, with a score for each sample and class.")
    if is_dataframe(y_score):
        columns = nw.from_native(y_score, eager_only=True).iter_columns()
        array = np.column_stack([column.to_numpy() for column in columns])
    else:
        array = as_array(y_score)
    if array.dtype.kind != "f":
        raise ValueError(
            f"y_score must be floats, got {array.dtype}; predictions of 0 and 1 are y_pred."
        )
    if any(np.isnan(array[rows]).any() for rows in row_slices(len(array), _ROWS)):
        raise ValueError("y_score has NaN: every sample needs a score for each class.")
    return array


def check_like(
    container: Any,
    shape: tuple[int, ...],
    name: str,
    classes: NDArray[Any],
    true: Indicator,
    y_true: Any,
) -> None:
    """Check that values have the shape and the classes of `true`, and the rows of `y_true`."""
    if shape != (true.n_samples, true.n_classes):
        raise ValueError(
            f"{name} has shape {shape}, y_true has {(true.n_samples, true.n_classes)}."
        )
    check_column_order(container, name, classes)
    check_row_order(container, name, y_true, "y_true")
