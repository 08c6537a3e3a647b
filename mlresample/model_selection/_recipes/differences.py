"""Whether a recipe differs from another beyond noise: paired differences over folds."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t


class Difference(NamedTuple):
    """A mean difference, its confidence interval and its two-sided p-value."""

    mean: float
    low: float
    high: float
    p_value: float


def corrected_t_test(
    differences: NDArray[np.float64], test_ratio: float, confidence: float
) -> Difference:
    """Test whether the mean of differences over k splits is 0.

    t = mean / sqrt((1 / k + n_test / n_train) * variance), with k - 1 degrees of freedom. The
    second term, `test_ratio`, is for training parts that overlap: without it, the variance
    would be too small [1]_. Splits with NaN, which could not be scored, are left out.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52,
       2003.
    """
    differences = differences[~np.isnan(differences)]
    k = len(differences)
    if k < 2:
        mean = float(differences.mean()) if k else np.nan
        return Difference(mean, np.nan, np.nan, np.nan)
    mean = float(differences.mean())
    error = float(np.sqrt((1 / k + test_ratio) * differences.var(ddof=1)))
    margin = float(student_t.ppf(0.5 + confidence / 2, k - 1)) * error
    if error == 0:
        p_value = 1.0 if mean == 0 else 0.0
    else:
        p_value = float(2 * student_t.sf(abs(mean) / error, k - 1))
    return Difference(mean, mean - margin, mean + margin, p_value)


def holm(p_values: Any) -> NDArray[np.float64]:
    """Adjust p-values for their number; NaN stays NaN and does not count.

    The i-th smallest of m becomes the largest of (m - j + 1) p_j over j <= i, at most 1 [1]_.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
       Journal of Statistics 6, 1979.
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1.0)
    return adjusted
