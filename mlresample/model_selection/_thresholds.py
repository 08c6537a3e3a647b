"""The threshold of each class that serves a metric best."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, issparse
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from mlresample._containers import is_tensor, row_slices
from mlresample._indicators import Indicator, LabelIndicator, plain
from mlresample._targets import as_array, as_target
from mlresample.model_selection._search import METRICS, Metric, best_threshold, fbeta

_CLASSES = 64  # columns that are held beside the scores
_ROWS = 512  # their tile, with the scores, stays in the cache

TUNING_CONSTRAINTS: dict[str, Any] = {
    "metric": [StrOptions(set(METRICS))],
    "beta": [Interval(Real, 0, 1e6, closed="right")],
    "min_positives": [Interval(Integral, 1, None, closed="left")],
    "shrinkage": [Interval(Real, 0, None, closed="left")],
}


@validate_params(
    {"y_true": "no_validation", "y_score": "no_validation", **TUNING_CONSTRAINTS},
    prefer_skip_nested_validation=True,
)
def tune_thresholds(
    y_true: Any,
    y_score: Any,
    *,
    metric: str = "f1",
    beta: float = 1.0,
    min_positives: int = 1,
    shrinkage: float = 0.0,
) -> NDArray[Any]:
    """Find the threshold of each class with which ``y_score >= threshold`` is best.

    Parameters
    ----------
    y_true : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1, of samples that no model was trained on.
    y_score : {array-like, dataframe, tensor} of shape (n_samples, n_classes)
        Finite scores: probabilities, logits or any others, larger for likelier classes.
    metric : {"f1", "fbeta", "balanced_accuracy", "matthews_corrcoef", "accuracy"}, default="f1"
        What is made as large as it can be, for each class by itself. The threshold best for
        F1 is best for the Jaccard index too.
    beta : float, default=1.0
        Weight of recall in F-beta; for "fbeta" only.
    min_positives : int, default=1
        Classes with fewer positives take the common threshold of the Notes.
    shrinkage : float, default=0.0
        Positives that the common threshold counts for. At 10, that of a class with 10
        positives lies halfway between its own and the common one.

    Returns
    -------
    thresholds : ndarray of shape (n_classes,)
        On the scale of the scores; float32 for float32 scores.

    Raises
    ------
    ValueError
        If a parameter, y_true or y_score is not as described, or their shapes differ.

    See Also
    --------
    TunedThresholdsClassifierCV : The same from out-of-fold scores of an estimator.

    Notes
    -----
    No other threshold gives a better value of the metric on these scores. Of equally good ones
    it is the one that predicts a number of positives nearest to the true number, and of two
    such the higher.

    A threshold lies halfway between the lowest score that it accepts and the next lower one of
    any sample. It is the lowest score itself where all are accepted, and just above the highest
    where accepting none is best. Equal scores are accepted together.

    The common threshold is the one best for all classes pooled, as if they were one (the metric
    is then micro-averaged). A class without positives always takes it. With n_c positives and
    shrinkage k, a class has ``(n_c * own + k * common) / (n_c + k)``; that makes sense where all
    classes' scores are on one scale, such as probabilities. A threshold tuned on a handful of
    positives may accept nearly every sample: with many such classes a shrinkage of 3 raised
    macro-F1 on new data, with few it made little difference; it always raised micro-F1
    (``benchmarks/thresholds.py``). Larger values favour micro-F1 over macro-F1.

    Tune on scores of held-out samples: those that the model was trained on are too good.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.model_selection import tune_thresholds
    >>> y_true = np.array([[1, 0], [1, 0], [0, 1], [0, 0]])
    >>> y_score = np.array([[0.9, 0.1], [0.6, 0.2], [0.4, 0.3], [0.1, 0.0]])
    >>> tune_thresholds(y_true, y_score)
    array([0.5 , 0.25])
    """
    if metric != "fbeta" and beta != 1:
        raise ValueError(f"beta={beta} has no part in metric={metric!r}; set metric='fbeta'.")
    target = as_multilabel_target(y_true)
    scores = _check_scores(y_score, target)
    serves = partial(fbeta, beta=float(beta)) if metric == "fbeta" else METRICS[metric]

    matrix = _canonical_columns(y_true) if issparse(y_true) else as_array(y_true)
    thresholds = np.empty(target.n_classes, dtype=_float_dtype(scores))
    for classes in row_slices(target.n_classes, _CLASSES):
        rows = _positive_rows(matrix, classes)
        for c, column in enumerate(_columns(scores, classes), start=classes.start):
            _check_finite(column, target.classes[c])
            thresholds[c] = best_threshold(column, column.take(next(rows)), serves)

    is_rare = target.class_counts < min_positives
    if shrinkage > 0 or is_rare.any():
        common = float(_common_threshold(matrix, scores, serves))
        if shrinkage > 0:
            own_weight = target.class_counts / (target.class_counts + shrinkage)
            with np.errstate(invalid="ignore"):  # infinite, above the largest float
                thresholds[:] = own_weight * thresholds + (1 - own_weight) * common
        thresholds[is_rare] = common
    return thresholds


# -- the door ----------------------------------------------------------------------------------


def as_multilabel_target(y: Any) -> Indicator:
    """Recognise an indicator matrix; a single-label target is an error."""
    target = as_target(y)
    if isinstance(target, LabelIndicator):
        raise ValueError(
            "y must be a multi-label indicator matrix with a column for each of two or more "
            "classes, got a single-label target; for a binary one see "
            "sklearn.model_selection.TunedThresholdClassifierCV."
        )
    return target


def _check_scores(y_score: Any, target: Indicator) -> NDArray[Any]:
    if isinstance(y_score, list | tuple) and np.ndim(y_score[0] if len(y_score) else 0) == 2:
        raise ValueError(
            "y_score must be one array of shape (n_samples, n_classes), got a list of arrays, as "
            "predict_proba of trees gives it: pass np.column_stack([p[:, 1] for p in y_score])."
        )
    if is_tensor(y_score):
        y_score = as_array(y_score)  # of any device, and with a gradient
    scores = check_array(y_score, dtype="numeric", ensure_all_finite=False, input_name="y_score")
    if scores.shape != (target.n_samples, target.n_classes):
        raise ValueError(
            f"y_score must have the shape of y_true, {(target.n_samples, target.n_classes)}, got "
            f"{scores.shape}."
        )
    return scores


def _float_dtype(scores: NDArray[Any]) -> Any:
    return np.result_type(scores, np.float32)


def _check_finite(column: NDArray[Any], name: Any) -> None:
    finite = np.isfinite(column)
    if not finite.all():
        row = int(finite.argmin())
        raise ValueError(
            f"y_score must be finite, got {column[row]} in row {row}, class {plain(name)!r}; "
            f"replace infinite scores with np.nan_to_num, drop samples without a score."
        )


# -- columns -----------------------------------------------------------------------------------


def _columns(scores: NDArray[Any], classes: slice) -> NDArray[Any]:
    """Give the scores of some classes, each class's in one piece, as floats."""
    dtype = _float_dtype(scores)
    if scores.flags.f_contiguous and scores.dtype == dtype:
        return scores[:, classes].T
    columns = np.empty((classes.stop - classes.start, len(scores)), dtype=dtype)
    for rows in row_slices(len(scores), _ROWS):
        columns[:, rows] = scores[rows, classes].T
    return columns


def _canonical_columns(y: Any) -> csc_array:
    columns = csc_array(y, copy=True)
    columns.sum_duplicates()
    columns.eliminate_zeros()
    return columns


def _positive_rows(matrix: Any, classes: slice) -> Iterator[NDArray[Any]]:
    """Give the rows that carry each of some classes."""
    if issparse(matrix):
        ends = matrix.indptr[classes.start : classes.stop + 1]
        return (matrix.indices[start:end] for start, end in pairwise(ends))
    carries = np.empty((classes.stop - classes.start, len(matrix)), dtype=np.bool_)
    for rows in row_slices(len(matrix), _ROWS):
        carries[:, rows] = (matrix[rows, classes] == 1).T
    return map(np.flatnonzero, carries)


# -- all classes as one ------------------------------------------------------------------------


def _common_threshold(matrix: Any, scores: NDArray[Any], metric: Metric) -> Any:
    carries = np.zeros_like(scores, dtype=np.bool_)
    for c, rows in enumerate(_positive_rows(matrix, slice(0, scores.shape[1]))):
        carries[rows, c] = True
    if scores.flags.f_contiguous:
        scores, carries = scores.T, carries.T  # in the order in which they lie
    pooled = scores.ravel().astype(_float_dtype(scores), copy=False)
    return best_threshold(pooled, pooled[carries.ravel()], metric)
