"""Random under-sampling by the rules of Charte et al., Neurocomputing 163, 2015."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np

from mlresample._plan.random_plan import RandomPlan, lp_rus, ml_rus
from mlresample._sampler import PercentageSampler
from mlresample._target.indicators import Indicator
from mlresample._utils.sklearn import Interval

_CONSTRAINTS = {
    **PercentageSampler._parameter_constraints,
    "percentage": [Interval(Real, 0, 100, closed="left")],
}


class MLRUS(PercentageSampler):
    """Leave out random samples of each majority class in turn (ML-RUS).

    A class is a majority class if its imbalance, the largest class count over its own, is below
    the mean imbalance. The majority classes take turns: one random sample of the class is left
    out, until `percentage` is reached or no class is left. A class leaves the turns as soon as its
    imbalance is at least the mean imbalance of the original data.

    Parameters
    ----------
    percentage : float, default=25.0
        Samples to leave out at most, in percent of the number of samples (P in the paper); below
        100.
    random_state : int, RandomState instance or None, default=None
        Controls which samples are left out.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Column names or numbers of an indicator matrix, or the labels of a single-label target.
    class_counts_ : ndarray of shape (n_classes,)
        Samples that carry each class.
    plan_ : object
        How often each sample is seen, with the class counts before and after; printed, a report.
        It has no rule and no class multipliers. PyTorch samplers take it.
    sample_indices_ : ndarray of shape (n_samples_new,)
        Rows of X in the result, in order. Set by :meth:`fit_resample`, like the next two.
    sample_repeats_ : ndarray of shape (n_samples,)
        Times that each sample is in the result: 0 or 1.
    sampling_strategy_ : dict
        Change in the number of positives of each class.
    n_features_in_ : int
        Size of the second dimension of X, if it has one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if they are all strings.

    See Also
    --------
    LPRUS : Leave out samples of common label sets.
    mlresample.MaxMultiplierOverSampler : Its `floor` leaves out samples of common classes only.

    Notes
    -----
    A sample of a majority class may carry a minority class, too, and can go; if a class loses its
    last sample, the plan says so. There are no importance weights for samples that are left out.

    The R package mldr.resampling draws with replacement from samples without a minority class
    instead, so that it leaves out fewer than asked for.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       2015.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.under_sampling import MLRUS
    >>> y = np.array([[1, 0]] * 8 + [[0, 1]] * 2)
    >>> sampler = MLRUS(percentage=30, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(np.arange(10).reshape(-1, 1), y)
    >>> y_resampled.sum(axis=0)
    array([5, 2])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = _CONSTRAINTS

    def _draw(
        self, indicator: Indicator, n_samples: int, generator: np.random.RandomState
    ) -> RandomPlan:
        return ml_rus(indicator, n_samples, generator)


class LPRUS(PercentageSampler):
    """Leave out random samples of common label sets (LP-RUS).

    A label set is common if more samples have it than the mean over the label sets that occur. All
    common sets lose equally many samples, but at most as many as bring them down to the mean; what
    the less common of them cannot lose goes to the more common ones. Samples without a class are a
    label set, too.

    Parameters
    ----------
    percentage : float, default=25.0
        Samples to leave out at most, in percent of the number of samples (P in the paper); below
        100.
    random_state : int, RandomState instance or None, default=None
        Controls which samples are left out.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Column names or numbers of an indicator matrix, or the labels of a single-label target.
    class_counts_ : ndarray of shape (n_classes,)
        Samples that carry each class.
    plan_ : object
        How often each sample is seen, with the class counts before and after; printed, a report.
        It has no rule and no class multipliers. PyTorch samplers take it.
    sample_indices_ : ndarray of shape (n_samples_new,)
        Rows of X in the result, in order. Set by :meth:`fit_resample`, like the next two.
    sample_repeats_ : ndarray of shape (n_samples,)
        Times that each sample is in the result: 0 or 1.
    sampling_strategy_ : dict
        Change in the number of positives of each class.
    n_features_in_ : int
        Size of the second dimension of X, if it has one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if they are all strings.

    See Also
    --------
    MLRUS : Leave out samples of common classes.

    Notes
    -----
    No label set loses all its samples. The mean, and so the number of samples that a label set
    loses, may be a fraction. Fractions are rounded up or down at random so that the total stays
    the same. The R package mldr.resampling rounds what each set may lose to 0 if there are many
    sets and the percentage is small, and then leaves out whole label sets.

    There are no importance weights for samples that are left out.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       2015.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.under_sampling import LPRUS
    >>> y = np.array([[1, 0]] * 6 + [[0, 1]] * 2 + [[1, 1]] * 1)  # 3 a label set on average
    >>> sampler = LPRUS(percentage=50, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(np.arange(9).reshape(-1, 1), y)
    >>> np.unique(y_resampled, axis=0, return_counts=True)[1]
    array([2, 3, 1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = _CONSTRAINTS

    def _draw(
        self, indicator: Indicator, n_samples: int, generator: np.random.RandomState
    ) -> RandomPlan:
        return lp_rus(indicator, n_samples, generator)
