"""True classes, predictions and scores in any container, checked against each other."""

from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, issparse

from mlresample._plan.plan import PlanFigures, as_plan
from mlresample._rule.counts import check_some_class_occurs, counts_by_name
from mlresample._target.indicators import LabelIndicator
from mlresample._target.read import as_array, as_target
from mlresample._utils.containers import is_dataframe
from mlresample._utils.names import as_classes, check_column_order


def read_truth(
    y_true: Any,
    predictions: list[Any],
    plan: Any,
    class_counts: Any,
    class_names: ArrayLike | None,
) -> tuple[Any, NDArray[Any], NDArray[np.int64]]:
    """Read the true classes as CSR, and return them with class names and training counts.

    Names are the plan's, those of `class_names`, or the columns of the first data frame.
    """
    if (plan is None) == (class_counts is None):
        raise ValueError(
            "Pass either plan or class_counts: they tell how common each class was in training."
        )
    true, column_names = read_indicator(y_true, "y_true")
    if plan is not None:
        plan = as_plan(plan)
        if not isinstance(plan, PlanFigures):
            raise ValueError(
                f"plan must be a ResamplingPlan or a fitted sampler, got {type(plan).__name__}; "
                f"pass numbers as class_counts."
            )
        if class_names is not None:
            raise ValueError("A plan has its own class names: leave class_names out.")
        counts, classes, source = plan.class_counts, plan.classes, "plan"
    else:
        if isinstance(as_plan(class_counts), PlanFigures):
            raise ValueError("class_counts must be numbers; pass a plan as plan=.")
        if class_names is None and not is_dataframe(y_true):
            frames = filter(is_dataframe, predictions)
            class_names = next((_column_names(frame) for frame in frames), None)
        classes = column_names if class_names is None else as_classes(class_names)
        counts, _ = counts_by_name(class_counts, classes)
        check_some_class_occurs(counts, "class_counts")
        source = "class_counts"
    for name, values in [(source, counts), ("class_names", classes)]:
        if len(values) != true.shape[1]:
            raise ValueError(f"{name} is for {len(values)} classes, y_true has {true.shape[1]}.")
    check_column_order(y_true, "y_true", classes)
    return true, classes, counts


def _column_names(frame: Any) -> list[Any]:
    return list(nw.from_native(frame, eager_only=True).columns)


def read_indicator(y: Any, name: str) -> tuple[Any, NDArray[Any]]:
    """Read an indicator matrix as CSR without duplicates, and return it with its class names."""
    try:
        indicator = as_target(y)
    except ValueError as error:
        raise ValueError(f"{name} cannot be read: {error}") from error
    if isinstance(indicator, LabelIndicator):
        raise ValueError(
            f"{name} has one class per sample; convert it to an indicator matrix with "
            f"sklearn.preprocessing.label_binarize."
        )
    if issparse(y):
        matrix = csr_array(y.tocsr(), copy=True)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix.astype(np.uint8), indicator.classes
    array = nw.from_native(y, eager_only=True).to_numpy() if is_dataframe(y) else as_array(y)
    return csr_array(array.astype(np.uint8)), indicator.classes


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
    if np.isnan(array).any():
        raise ValueError("y_score has NaN: every sample needs a score for each class.")
    return array


def check_like(
    container: Any, values: Any, name: str, classes: NDArray[Any], true: csr_array
) -> None:
    """Check that values have the shape and the classes of `true`."""
    if values.shape != true.shape:
        raise ValueError(f"{name} has shape {values.shape}, y_true has {true.shape}.")
    check_column_order(container, name, classes)
