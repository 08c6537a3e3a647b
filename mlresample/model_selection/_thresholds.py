"""Tune the threshold of each class for a metric."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from numbers import Integral, Real
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import check_array

from mlresample._target.indicators import Indicator, LabelIndicator
from mlresample._target.read import as_array, as_target
from mlresample._utils.containers import is_dataframe, is_tensor, row_slices
from mlresample._utils.names import check_column_order, check_row_order, plain
from mlresample._utils.sklearn import Interval, StrOptions, validate_params
from mlresample._utils.typing import MatrixLike, Unknown
from mlresample.model_selection._search import (
    METRICS,
    Metric,
    best_threshold,
    fbeta,
    just_above,
    likely_bound,
)

_STRIDE = 64  # one in so many samples is looked at first
_CLASSES = 16  # columns copied at a time
_ROWS = 2048  # rows of a tile, which fits into the cache
_LARGEST_INTEGER = 2**53  # float64 holds all integers up to it

TUNING_CONSTRAINTS: dict[str, Any] = {
    "metric": [StrOptions(set(METRICS))],
    "beta": [Interval(Real, 1e-6, 1e6, closed="both")],
    "min_positives": [Interval(Integral, 1, None, closed="left")],
    "shrinkage": [Interval(Real, 0, None, closed="left")],
}


@validate_params(
    {
        "y_true": "no_validation",
        "y_score": "no_validation",
        "unknown": "no_validation",
        **TUNING_CONSTRAINTS,
    },
    prefer_skip_nested_validation=True,
)
def tune_thresholds(
    y_true: MatrixLike,
    y_score: MatrixLike,
    *,
    metric: str = "f1",
    beta: float = 1.0,
    min_positives: int = 1,
    shrinkage: float = 3.0,
    unknown: Unknown | None = None,
) -> NDArray[Any]:
    """Find the best threshold of each class for ``y_score >= threshold``.

    Parameters
    ----------
    y_true : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1, of samples that the model was not trained on.
    y_score : {array-like, dataframe, tensor} of shape (n_samples, n_classes)
        Finite scores: probabilities, logits or others, larger for likelier classes. Integers must
        be at most 2**53, because larger ones may be equal as floats.
    metric : {"f1", "fbeta", "balanced_accuracy", "matthews_corrcoef", "accuracy"}, default="f1"
        Metric that is maximized for each class by itself. The best threshold for F1 is also the
        best for the Jaccard index.
    beta : float, default=1.0
        Weight of recall in F-beta; only for "fbeta".
    min_positives : int, default=1
        Classes with fewer positives get the common threshold, see Notes.
    shrinkage : float, default=3.0
        Number of positives that the common threshold counts as. At 10, the threshold of a class
        with 10 positives lies halfway between its own and the common one. At 0, each class has
        its own threshold, the best one on these scores.

    unknown : float or mask of y_true's shape, default=None
        Value of the unknown entries of `y_true`, such as -1 or NaN, or a mask of them. A class is
        tuned on its known entries alone.

    Returns
    -------
    thresholds : ndarray of shape (n_classes,)
        Thresholds on the scale of the scores; float32 for float32 scores.

    Raises
    ------
    ValueError
        If a parameter, y_true or y_score is not as described, their shapes or the order of their
        rows by their index differ, or every entry of y_true is unknown.

    See Also
    --------
    MultilabelTunedThresholdClassifierCV : Tune on out-of-fold scores of an estimator.

    Notes
    -----
    With ``shrinkage=0``, no other threshold gives a better value of the metric on these scores.
    Of equally good ones it is the one that predicts a number of positives nearest to the true
    number, and of two such the higher.

    A threshold lies halfway between the lowest score that it accepts and the next lower one of
    any sample. If accepting all is best, it is the lowest score; if accepting none is best, it is
    just above the highest. Equal scores are accepted together.

    The common threshold is the best one for all classes pooled as if they were one (the metric is
    then micro-averaged). A class without positives always gets it. With n_c positives and
    shrinkage k, the threshold of a class is ``(n_c * best + k * common) / (n_c + k)``, best being
    the one for the class alone; that requires the scores of all classes to be on the same scale,
    such as probabilities. A threshold tuned on a handful of positives may accept nearly every
    sample: with many such classes, a shrinkage of 3 raised macro-F1 on new data, with few it made
    little difference; it always raised micro-F1 (``benchmarks/thresholds.py``). Larger values
    favor micro-F1 over macro-F1.

    Tune on scores of held-out samples: scores of training samples are too good.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.model_selection import tune_thresholds
    >>> y_true = np.array([[1, 0], [1, 0], [0, 1], [0, 0]])
    >>> y_score = np.array([[0.9, 0.1], [0.6, 0.2], [0.4, 0.3], [0.1, 0.0]])
    >>> tune_thresholds(y_true, y_score, shrinkage=0)
    array([0.5 , 0.25])
    """
    if metric != "fbeta" and beta != 1:
        raise ValueError(f"beta={beta} has no effect on metric={metric!r}; set metric='fbeta'.")
    target = as_multilabel_target(y_true, unknown)
    check_row_order(y_score, "y_score", y_true, "y_true")
    scores = check_scores(y_score, target)
    measure = partial(fbeta, beta=float(beta)) if metric == "fbeta" else METRICS[metric]
    carries = _carries(y_true, target, by_column=scores.flags.f_contiguous)
    return tune_read_thresholds(
        target, scores, carries, measure, min_positives=min_positives, shrinkage=shrinkage
    )


def tune_read_thresholds(
    target: Indicator,
    scores: NDArray[Any],
    carries: NDArray[np.bool_],
    measure: Metric,
    *,
    min_positives: int = 1,
    shrinkage: float = 3.0,
) -> NDArray[Any]:
    """Tune thresholds on a target and scores that have been read; `carries` is the target."""
    n_known = np.full(target.n_classes, len(scores))
    if target.unknown is not None:
        n_known -= target.unknown.class_counts
        if not n_known.any():
            raise ValueError("Every entry of y_true is unknown: there is nothing to tune on.")
        scores = np.where(as_mask(target.unknown), scores.dtype.type(-np.inf), scores)

    positives = _by_class(scores, carries)
    thresholds = np.zeros(target.n_classes, dtype=scores.dtype)
    for c, top in _highest(scores, positives, measure):
        threshold = best_threshold(top, positives[c], n_known[c], measure)
        if threshold is None:
            threshold = best_threshold(np.sort(scores[:, c]), positives[c], n_known[c], measure)
        thresholds[c] = threshold

    is_rare = target.class_counts < min_positives
    if shrinkage > 0 or is_rare.any():
        common = float(_common_threshold(scores, positives, n_known.sum(), measure))
        if shrinkage > 0:
            weight = target.class_counts / (target.class_counts + shrinkage)
            with np.errstate(invalid="ignore"):  # infinite, above the largest float
                thresholds[:] = weight * thresholds + (1 - weight) * common
        thresholds[is_rare] = common
    return thresholds


# -- validation --------------------------------------------------------------------------------


def as_multilabel_target(y: Any, unknown: Any = None) -> Indicator:
    """Read an indicator matrix; raise if the target is single-label."""
    target = as_target(y, unknown=unknown)
    if isinstance(target, LabelIndicator):
        raise ValueError(
            "y must be a multi-label indicator matrix with one column for each of two or more "
            "classes, got a single-label target; for a binary one see "
            "sklearn.model_selection.TunedThresholdClassifierCV."
        )
    return target


def check_scores(y_score: Any, target: Indicator) -> NDArray[Any]:
    """Read scores as floats of the shape of the target."""
    if isinstance(y_score, list | tuple) and np.ndim(y_score[0] if len(y_score) else 0) == 2:
        raise ValueError(
            "y_score must be one array of shape (n_samples, n_classes), got a list of arrays, as "
            "predict_proba of trees returns it: pass np.column_stack([p[:, 1] for p in y_score])."
        )
    if is_tensor(y_score):
        y_score = as_array(y_score)  # of any device, and with a gradient
    if np.ma.is_masked(y_score):
        raise ValueError("y_score has masked values; fill them or drop their rows.")
    check_column_order(y_score, "y_score", target.classes)
    scores = check_array(y_score, dtype="numeric", ensure_all_finite=False, input_name="y_score")
    if scores.shape != (target.n_samples, target.n_classes):
        raise ValueError(
            f"y_score must have the shape of y_true, {(target.n_samples, target.n_classes)}, got "
            f"{scores.shape}."
        )
    if scores.dtype.kind == "b":
        raise ValueError(
            "y_score must be scores, got bool: thresholds are for probabilities, logits or votes, "
            "not for predictions."
        )
    scores = scores.astype(np.result_type(scores, np.float32), copy=False)
    _check_finite(scores, target.classes)
    _check_integers_are_kept(y_score, scores, target.classes)
    return scores


def _check_integers_are_kept(y_score: Any, scores: NDArray[Any], classes: NDArray[Any]) -> None:
    """Check that all integers are exact in float64."""
    if getattr(getattr(y_score, "dtype", None), "kind", None) == "f":
        return
    is_large = np.abs(scores) >= _LARGEST_INTEGER
    if not is_large.any():
        return
    if is_dataframe(y_score):
        frame = nw.from_native(y_score, eager_only=True)
        columns = [column.to_numpy() for column in frame.iter_columns()]
    else:
        columns = list(np.asarray(y_score, dtype=object).T)
    for c, column in enumerate(columns):
        for row in np.flatnonzero(is_large[:, c]):
            if isinstance(column[row], Integral) and abs(int(column[row])) > _LARGEST_INTEGER:
                raise ValueError(
                    f"y_score must be floats, or integers of at most 2**53, got {column[row]} in "
                    f"row {row}, class {plain(classes[c])!r}: as floats, different ones may be "
                    f"equal. Shift or scale them, or pass their ranks."
                )


def _check_finite(scores: NDArray[Any], classes: NDArray[Any]) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(scores.sum()):  # as fast as reading; rarely infinite if scores are finite
            return
    row, c = np.unravel_index(np.isfinite(scores).argmin(), scores.shape)
    if not np.isfinite(scores[row, c]):
        raise ValueError(
            f"y_score must be finite, got {scores[row, c]} in row {row}, class "
            f"{plain(classes[c])!r}; replace infinite scores with np.nan_to_num, drop samples "
            f"without a score."
        )


# -- the scores of each class ------------------------------------------------------------------
# Scores of unknown entries are -inf, below those of all known ones: no threshold accepts them.


def _carries(y: Any, target: Indicator, by_column: bool) -> NDArray[np.bool_]:
    if issparse(y) or target.unknown is not None:
        return as_mask(target, by_column)
    return as_array(y) == 1  # the fastest way


def as_mask(target: Indicator, by_column: bool = False) -> NDArray[np.bool_]:
    """Return the matrix as an array of bools."""
    return target.to_csr().astype(np.bool_).toarray(order="F" if by_column else "C")


def _by_class(scores: NDArray[Any], chosen: NDArray[np.bool_]) -> list[NDArray[Any]]:
    """Return the chosen scores of each class, ascending."""
    n_samples, n_classes = scores.shape
    if scores.flags.f_contiguous:
        classes = np.flatnonzero(chosen.T)
        values = scores.T.ravel().take(classes)
        classes //= n_samples
    else:
        classes = np.flatnonzero(chosen)
        values = scores.ravel().take(classes)
        classes %= n_classes
    ends = np.bincount(classes, minlength=n_classes).cumsum()
    classes = classes.astype(np.min_scalar_type(n_classes))  # narrow integers are sorted by radix
    by_class = np.split(values.take(np.argsort(classes, kind="stable")), ends[:-1])
    for class_scores in by_class:
        class_scores.sort()
    return by_class


def _highest(
    scores: NDArray[Any], positives: list[NDArray[Any]], metric: Metric
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield each class with positives, and its scores that may be best thresholds, ascending."""
    n_samples, n_classes = scores.shape
    sample = np.sort(scores[::_STRIDE].T)
    bounds = np.full(n_classes, np.inf, dtype=scores.dtype)
    for c, class_positives in enumerate(positives):
        if len(class_positives):
            bounds[c] = likely_bound(sample[c], class_positives, n_samples, metric)

    is_whole = np.isneginf(bounds)
    for classes in np.array_split(np.flatnonzero(is_whole), 1 + n_classes // _CLASSES):
        yield from zip(classes.tolist(), np.sort(_columns(scores, classes)), strict=True)
    bounds[is_whole] = np.inf
    highest = _by_class(scores, scores >= bounds)
    yield from ((c, highest[c]) for c in np.flatnonzero(np.isfinite(bounds)).tolist())


def _columns(scores: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Return the scores of some classes, contiguous for each class."""
    columns = np.empty((len(classes), len(scores)), dtype=scores.dtype)
    for rows in row_slices(len(scores), _ROWS):
        columns[:, rows] = scores[rows, classes].T
    return columns


def _common_threshold(
    scores: NDArray[Any], positives: list[NDArray[Any]], n_known: int, metric: Metric
) -> Any:
    """Tune one threshold for all classes pooled as if they were one."""
    pooled = np.sort(np.concatenate(positives))
    if len(pooled) == 0:
        return just_above(scores.max())
    sample = np.sort(scores[::_STRIDE], axis=None)
    bound = likely_bound(sample, pooled, scores.size, metric)
    rows = scores.T if scores.flags.f_contiguous else scores  # in the order of memory
    threshold = best_threshold(_not_below(rows, bound), pooled, n_known, metric)
    if threshold is None:
        threshold = best_threshold(_not_below(rows, -np.inf), pooled, n_known, metric)
    return threshold


def _not_below(scores: NDArray[Any], bound: Any) -> NDArray[Any]:
    top = scores[scores >= bound]
    top.sort()
    return top
