"""Find the exact best threshold of one class, mostly from its highest scores alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._utils.containers import row_slices

# (true positives, false positives, positives, negatives) -> value; the larger the better. With
# Python's integers, values are exact, or a quotient of exact ones, so that ties are ties. Arrays
# must be floats: the square of a large class's counts overflows integers.
Metric = Callable[[Any, Any, int, int], Any]

_TRIES = 64  # candidates that a guess is made from
_MARGIN = 8  # number of scores of the sample that the guess may be off by
_CANDIDATES = 1 << 18  # evaluated together
_ROUNDING = 1e-12  # relative error that values of arrays may have


def fbeta(tp: Any, fp: Any, n_positives: int, n_negatives: int, *, beta: float = 1.0) -> Any:
    """Compute F-beta, (1 + beta^2) tp / (beta^2 P + tp + fp)."""
    weight = beta**2
    return (1 + weight) * tp / (weight * n_positives + tp + fp)


def _accuracy(tp: Any, fp: Any, n_positives: int, n_negatives: int) -> Any:
    return (tp + n_negatives - fp) / (n_positives + n_negatives)


def _balanced_accuracy(tp: Any, fp: Any, n_positives: int, n_negatives: int) -> Any:
    # (tp / P + 1 - fp / N) / 2 up to constants: whole numbers, so that ties are ties
    return tp * max(1, n_negatives) - fp * max(1, n_positives)


def _matthews_corrcoef(tp: Any, fp: Any, n_positives: int, n_negatives: int) -> Any:
    # Its square with its sign, up to constants: a fraction of whole numbers, without a root
    covariance = tp * n_negatives - fp * n_positives
    variance = (tp + fp) * (n_positives + n_negatives - tp - fp)
    return covariance * abs(covariance) / (variance + (variance == 0))


METRICS: dict[str, Metric] = {
    "f1": fbeta,
    "fbeta": fbeta,
    "balanced_accuracy": _balanced_accuracy,
    "matthews_corrcoef": _matthews_corrcoef,
    "accuracy": _accuracy,
}


def likely_bound(sample: NDArray[Any], positives: NDArray[Any], n: int, metric: Metric) -> Any:
    """Guess from a sample of n scores the lowest score that a best threshold may have.

    Both arrays ascend. `best_threshold` verifies the guess; a wrong guess only costs time.
    """
    n_positives, n_negatives = len(positives), n - len(positives)
    stride = n / len(sample)
    candidates = positives[:: 1 + n_positives // _TRIES]
    tp = _n_not_below(positives, candidates)
    seen = _n_not_below(sample, candidates)
    predicted = stride * (seen + 2 * np.sqrt(seen) + 2)  # rather too many than too few
    values = metric(tp, np.clip(predicted - tp, 0, n_negatives), n_positives, n_negatives)
    reached = max(values.max(), metric(0, 0, n_positives, n_negatives))
    # How far down the sample all true positives could still make up for the false ones.
    n_false = np.minimum(np.arange(0, n_negatives + 1, stride), n_negatives)
    bounds = metric(n_positives, n_false, n_positives, n_negatives)
    depth = np.count_nonzero(bounds >= reached) + int(n_positives / stride) + _MARGIN
    return sample[-depth] if depth <= len(sample) // 4 else -np.inf


def best_threshold(top: NDArray[Any], positives: NDArray[Any], n: int, metric: Metric) -> Any:
    """Find the best threshold of a class from the highest of n scores and its positives' scores.

    Both arrays ascend. Every metric falls, or stays, with more false positives among the same
    true ones, wherever it is better than accepting nothing. So a threshold that is not at the
    score of a positive is never better than that of the next positive above it: the candidates
    are the scores of the positives, and accepting nothing. Returns None if a score below `top`
    might be as good as the best.
    """
    if len(top) == 0:
        return None
    value, accepted = _best_candidate(top, positives, metric, n)
    if len(top) < n:
        # A candidate below `top` has no more true positives than there are, and no fewer false
        # ones than `top` has.
        n_false = len(top) - int(_n_not_below(positives, top[0]))
        if metric(len(positives), n_false, len(positives), n - len(positives)) >= value:
            return None
    return _separate(top, len(top) - accepted)


def _best_candidate(
    top: NDArray[Any], positives: NDArray[Any], metric: Metric, n_samples: int
) -> tuple[float, int]:
    """Return the best value, and the number of scores accepted with it."""
    n_positives = len(positives)
    totals = n_positives, n_samples - n_positives

    def order(tp: int, accepted: int) -> tuple[float, int, int]:
        return metric(tp, accepted - tp, *totals), -abs(accepted - n_positives), -accepted

    best = order(0, 0)
    first = n_positives - int(_n_not_below(positives, top[0]))
    for block in row_slices(n_positives - first, _CANDIDATES):
        candidates = positives[first:][block]
        most = n_positives - first - block.start
        tp = np.arange(most, most - len(candidates), -1, dtype=np.int64)
        accepted = _n_not_below(top, candidates)
        values = metric(tp.astype(float), (accepted - tp).astype(float), *totals)
        highest = values.max()
        may_be_best = values >= highest - _ROUNDING * abs(highest)
        rivals = zip(tp[may_be_best].tolist(), accepted[may_be_best].tolist(), strict=True)
        best = max(best, *(order(*rival) for rival in rivals))
    return best[0], -best[2]


def _n_not_below(ascending: NDArray[Any], bounds: Any) -> Any:
    return len(ascending) - np.searchsorted(ascending, bounds)


def _separate(ascending: NDArray[Any], n_refused: int) -> Any:
    """Return a threshold between the last score that is refused and the first that is accepted."""
    if n_refused == len(ascending):
        return just_above(ascending[-1])
    if n_refused == 0:
        return ascending[0]
    low, high = ascending[n_refused - 1], ascending[n_refused]
    half = ascending.dtype.type(0.5)  # NumPy 1 would divide float32 by 2 in float64
    middle = half * low + half * high  # the sum of both might be infinite
    return middle if low < middle <= high else high


def just_above(score: Any) -> Any:
    with np.errstate(over="ignore", under="ignore"):  # above the largest float is infinity
        return np.nextafter(score, np.inf, dtype=score.dtype)
