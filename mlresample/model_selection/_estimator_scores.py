"""Fit clones of an estimator, and return its scores as one array, whatever form they have."""

from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import clone

from mlresample._target.read import as_array
from mlresample._utils.containers import is_dataframe, is_tensor
from mlresample._utils.names import in_another_order, listed, plain
from mlresample._utils.sklearn import check_response_method
from mlresample.model_selection._thresholds import as_multilabel_target


def fit_clone(
    estimator: Any, X: Any, y: Any, params: dict[str, Any], part: str, unknown: Any = None
) -> Any:
    """Return a fitted clone; name the classes without which it could not be fitted."""
    estimator = clone(estimator)
    try:
        estimator.fit(X, y, **params)
    except ValueError as error:
        target = as_multilabel_target(y, unknown)
        is_constant = (target.class_counts == 0) | (target.class_counts == target.n_samples)
        constant = target.classes[is_constant]
        if len(constant) == 0:
            raise
        raise ValueError(
            f"{type(estimator).__name__} could not be fitted to {part}: {error} In it, "
            f"all samples or none carry {listed(map(plain, constant))}. Stratify the folds, drop "
            f"these classes, or use an estimator that accepts them."
        ) from error
    return estimator


def check_no_nan(estimator: Any, scores: NDArray[Any], classes: NDArray[Any]) -> None:
    is_nan = scores != scores  # works for any dtype, including object
    if is_nan.any():
        row, c = np.argwhere(is_nan)[0]
        raise ValueError(
            f"{type(estimator).__name__} returned a score of NaN in row {row}, class "
            f"{plain(classes[c])!r}: every sample needs a score for each class."
        )


def class_scores(
    estimator: Any, names: str | list[str], X: Any, classes: NDArray[Any]
) -> NDArray[Any]:
    """Return the scores of the first of these methods that the estimator has, as one array."""
    scores = check_response_method(estimator, names)(X)
    if isinstance(scores, list):  # one array per class, with one column per label seen
        labels: Any = getattr(estimator, "classes_", None)
        if not _are_labels_of(labels, scores):
            raise ValueError(
                f"{type(estimator).__name__} returned a list of scores, so its classes_ must be "
                f"the labels of each column of each array, got {labels!r}."
            )
        scores = np.column_stack(list(map(_column_of_one, scores, labels)))
    if issparse(scores):
        scores = scores.toarray()
    if is_tensor(scores):
        scores = as_array(scores)  # of any device, and with a gradient
    if np.ma.is_masked(scores):
        raise ValueError(
            f"{type(estimator).__name__} returned masked scores: every sample needs a score for "
            f"each class."
        )
    shape = np.shape(scores)
    if shape[1:] != classes.shape:
        raise ValueError(
            f"{type(estimator).__name__} must return scores of shape (n_samples, {len(classes)}), "
            f"got {shape}; wrap a single-label classifier in sklearn.multiclass."
            f"OneVsRestClassifier."
        )
    if is_dataframe(scores):
        frame = nw.from_native(scores, eager_only=True)
        if in_another_order(frame.columns, classes.tolist()):
            scores = np.column_stack(
                [frame.get_column(name).to_numpy() for name in classes.tolist()]
            )
    return np.asarray(scores)


def _are_labels_of(labels: Any, scores: list[Any]) -> bool:
    """Check whether each array of scores has as many columns as labels."""
    if not isinstance(labels, list | tuple | np.ndarray) or len(labels) != len(scores):
        return False
    return all(
        np.ndim(array) == 2 and np.shape(columns) == np.shape(array)[1:]
        for columns, array in zip(labels, scores, strict=True)
    )


def _column_of_one(scores: NDArray[Any], labels: Any) -> NDArray[Any]:
    column = np.flatnonzero(np.asarray(labels) == 1)
    return np.asarray(scores)[:, column[0]] if len(column) else np.zeros(len(scores))
