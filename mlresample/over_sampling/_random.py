"""Random over-sampling by the rules of Charte et al., Neurocomputing 163, 2015."""

from __future__ import annotations

import numpy as np

from mlresample._plan.random_plan import RandomPlan, lp_ros, ml_ros
from mlresample._sampler import PercentageSampler
from mlresample._target.indicators import Indicator


class MLROS(PercentageSampler):
    """Clone random samples of each minority class in turn (ML-ROS).

    A class is a minority class if its imbalance, the largest class count over its own, is above
    the mean imbalance. The minority classes take turns: one random sample of the class is cloned,
    with all its classes, until `percentage` is reached or no class is left. A class leaves the
    turns as soon as its imbalance is at most the mean imbalance of the original data.

    Parameters
    ----------
    percentage : float, default=25.0
        Samples to clone at most, in percent of the number of samples (P in the paper).
    random_state : int, RandomState instance or None, default=None
        Controls which samples are cloned.

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
        Rows of X in the result: the originals in order, then the clones. Set by
        :meth:`fit_resample`, like the next two.
    sample_repeats_ : ndarray of shape (n_samples,)
        Times that each sample is in the result.
    sampling_strategy_ : dict
        Change in the number of positives of each class.
    n_features_in_ : int
        Size of the second dimension of X, if it has one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if they are all strings.

    See Also
    --------
    LPROS : Clone samples of rare label sets.
    mlresample.MaxMultiplierOverSampler : A multiplier for each class, with a cap.

    Notes
    -----
    Since classes leave the turns, the result stops growing: once no class is left, a larger
    `percentage` changes nothing, and the plan says so. The imbalance of a class is updated after
    each clone; so is the largest class count, which clones can raise.

    The R package mldr.resampling never drops a class, so it reaches any size.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       2015.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.over_sampling import MLROS
    >>> y = np.array([[1, 0]] * 8 + [[0, 1]] * 2)
    >>> sampler = MLROS(percentage=100, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(np.arange(10).reshape(-1, 1), y)
    >>> y_resampled.sum(axis=0)  # 8 / 4 is below (8 / 8 + 8 / 2) / 2
    array([8, 4])
    >>> print(sampler.plan_.verdicts[0]["text"])
    2 of 10 copies were made: then none of the minority classes had an imbalance above the mean \
of 2.5. A larger percentage adds nothing.
    """

    def _draw(
        self, indicator: Indicator, n_samples: int, generator: np.random.RandomState
    ) -> RandomPlan:
        return ml_ros(indicator, n_samples, generator)


class LPROS(PercentageSampler):
    """Clone random samples of rare label sets (LP-ROS).

    A label set is rare if fewer samples have it than the mean over the label sets that occur. All
    rare sets get equally many clones, but at most as many as raise them to the mean; what the more
    frequent of them cannot take goes to the rarer ones. Samples without a class are a label set,
    too.

    Parameters
    ----------
    percentage : float, default=25.0
        Samples to clone at most, in percent of the number of samples (P in the paper).
    random_state : int, RandomState instance or None, default=None
        Controls which samples are cloned.

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
        Rows of X in the result: the originals in order, then the clones. Set by
        :meth:`fit_resample`, like the next two.
    sample_repeats_ : ndarray of shape (n_samples,)
        Times that each sample is in the result.
    sampling_strategy_ : dict
        Change in the number of positives of each class.
    n_features_in_ : int
        Size of the second dimension of X, if it has one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if they are all strings.

    See Also
    --------
    MLROS : Clone samples of rare classes.

    Notes
    -----
    Once all label sets have as many samples as the mean, a larger `percentage` changes nothing,
    and the plan says so. If each sample has a label set of its own, there is nothing to clone.

    The mean, and so the number of clones of a label set, may be a fraction. Fractions are rounded
    up or down at random so that the total stays the same; the R package mldr.resampling cuts them
    off and adds what is missing to random label sets, which can exceed `percentage`.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       2015.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.over_sampling import LPROS
    >>> y = np.array([[1, 0]] * 6 + [[0, 1]] * 2 + [[1, 1]] * 1)  # 3 a label set on average
    >>> sampler = LPROS(percentage=100, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(np.arange(9).reshape(-1, 1), y)
    >>> np.unique(y_resampled, axis=0, return_counts=True)[1]
    array([3, 6, 3])
    """

    def _draw(
        self, indicator: Indicator, n_samples: int, generator: np.random.RandomState
    ) -> RandomPlan:
        return lp_ros(indicator, n_samples, generator)
