"""Find the negatives that a model takes for positives."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._target.indicators import Indicator
from mlresample._utils.names import check_row_order, count_of, plain
from mlresample._utils.sklearn import Interval, validate_params
from mlresample._utils.typing import MatrixLike, Unknown
from mlresample.annotation._ranked import RankedSamples
from mlresample.model_selection._search import METRICS
from mlresample.model_selection._thresholds import (
    as_mask,
    as_multilabel_target,
    check_scores,
    tune_read_thresholds,
)


@validate_params(
    {
        "y": "no_validation",
        "y_score": "no_validation",
        "per_class": [Interval(Integral, 1, None, closed="left")],
        "unknown": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def find_hard_negatives(
    y: MatrixLike, y_score: MatrixLike, *, per_class: int = 20, unknown: Unknown | None = None
) -> RankedSamples:
    """Find the samples that score highest for a class that they do not carry.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1.
    y_score : {array-like, dataframe, tensor} of shape (n_samples, n_classes)
        Finite scores, larger for likelier classes, by a model that was not trained on these
        samples, such as out-of-fold probabilities.
    per_class : int, default=20
        Maximum number of hard negatives listed per class, and of entries for review.
    unknown : float or mask of y's shape, default=None
        Value of the unknown entries of `y`, such as -1 or NaN, or a mask of them.

    Returns
    -------
    negatives : RankedSamples
        Its `indices` are the samples that are a hard negative of some class. Its columns:
        "class"; "rank", from 1 in each class and kind; "index"; "score"; "threshold" of the
        class; "is_for_review", if the entry is unknown.

    Raises
    ------
    ValueError
        If y or y_score is not as described, or if their shapes, or the orders of their rows by
        index, differ.

    See Also
    --------
    mlresample.model_selection.tune_thresholds : The thresholds above which a negative is hard.

    Notes
    -----
    A negative is hard if its score reaches the threshold that is tuned for the F1 of the class on
    the known entries. Look at the first of each class before you repeat them: some negatives with
    a high score are positives that somebody overlooked. Unknown entries are candidates for review,
    not negatives, and :meth:`RankedSamples.sample_multipliers` leaves them at 1.

    Examples
    --------
    >>> from mlresample.annotation import find_hard_negatives
    >>> y = [[1, 0], [1, 0], [0, 1], [0, -1]]
    >>> y_score = [[0.9, 0.1], [0.5, 0.2], [0.7, 0.8], [0.1, 0.9]]
    >>> negatives = find_hard_negatives(y, y_score, unknown=-1)
    >>> negatives
    1 of 4 samples are hard negatives, 1 entry is for review
    class  rank  index  score  threshold  for review
    0         1      2  0.700      0.330
    1         1      3  0.900      0.387         yes
    >>> negatives.sample_multipliers(2)
    array([1., 1., 2., 1.])
    """
    target = as_multilabel_target(y, unknown)
    check_row_order(y_score, "y_score", y, "y")
    scores = check_scores(y_score, target)
    positive, not_known = as_mask(target), None
    thresholds = tune_read_thresholds(target, scores, positive, METRICS["f1"])
    if target.unknown is not None:
        not_known = as_mask(target.unknown)

    rows: list[tuple[int, int, int, bool]] = []
    for c in range(target.n_classes):
        is_candidate = (scores[:, c] >= thresholds[c]) & ~positive[:, c]
        kinds = {False: is_candidate}
        if not_known is not None:
            kinds = {False: is_candidate & ~not_known[:, c], True: is_candidate & not_known[:, c]}
        for for_review, candidates in kinds.items():
            found = np.flatnonzero(candidates)
            found = found[np.argsort(-scores[found, c], kind="stable")][:per_class]
            rows += [(c, rank, i, for_review) for rank, i in enumerate(found.tolist(), start=1)]
    return _ranked(target, scores, thresholds, np.array(rows, dtype=np.int64).reshape(-1, 4))


def _ranked(
    target: Indicator, scores: NDArray[Any], thresholds: NDArray[Any], rows: NDArray[np.int64]
) -> RankedSamples:
    classes, ranks, samples, for_review = rows.T
    found = scores[samples, classes]
    names = np.empty(len(rows), dtype=object)
    names[:] = [plain(target.classes[c]) for c in classes.tolist()]
    hard = np.flatnonzero(for_review == 0)
    hard = hard[np.lexsort([-found[hard], ranks[hard]])]  # the first of each class first
    _, first = np.unique(samples[hard], return_index=True)
    indices = samples[hard][np.sort(first)]
    n_review = int(for_review.sum())
    review = ""
    if target.unknown is not None:
        review = f", {count_of(n_review, 'entry is', 'entries are')} for review"
    return RankedSamples(
        indices,
        target.n_samples,
        {
            "class": names,
            "rank": ranks,
            "index": samples,
            "score": found.astype(np.float64),
            "threshold": thresholds[classes].astype(np.float64),
            "is_for_review": for_review.astype(np.bool_),
        },
        f"{len(indices):,} of {target.n_samples:,} samples are hard negatives{review}",
    )
