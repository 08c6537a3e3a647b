"""REMEDIAL: samples in which common and rare classes occur together, split in two."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from mlresample._plan.random_plan import class_imbalance
from mlresample._rule.scumble import sample_scumble
from mlresample._sampler import MultilabelSampler
from mlresample._target.indicators import Indicator
from mlresample._utils.containers import append_rows, take_rows
from mlresample._utils.names import count_of

_ROUNDING = 1e-12  # to which a SCUMBLE of 0 is exact


def decoupled(indicator: Indicator, skip_empty: bool) -> NDArray[np.int64]:
    """Return the samples to split: those with a SCUMBLE above the mean over all samples."""
    imbalance, mean = class_imbalance(indicator)
    occurs = imbalance > 0
    n_carried, scumble = sample_scumble(indicator, np.where(occurs, imbalance, 1.0))
    is_split = scumble > scumble.mean() + _ROUNDING
    if skip_empty:
        n_minority = indicator.row_sums((imbalance > mean)[:, np.newaxis].astype(np.float64))[:, 0]
        is_split &= (n_minority > 0) & (n_minority < n_carried)
    return np.flatnonzero(is_split)


def split_labels(labels: csr_array, is_minority: NDArray[np.bool_]) -> csr_array:
    """Return the rows with their majority classes only, then those with the minority classes."""
    halves = [labels.multiply(~is_minority), labels.multiply(is_minority)]
    split = csr_array(vstack(halves, format="csr"))
    split.eliminate_zeros()
    return split


class REMEDIAL(MultilabelSampler):
    """Split samples in which common and rare classes occur together.

    The SCUMBLE of a sample says how far the imbalance of its classes differs: 1 minus the
    geometric over the arithmetic mean. A sample whose SCUMBLE is above the mean over all samples
    is replaced by two: one with its majority classes alone, one with its minority classes, those
    with an imbalance above the mean imbalance. X stays the same in both.

    Parameters
    ----------
    skip_empty : bool, default=True
        Whether to leave alone a sample with minority classes only, or with majority classes only,
        because one of the two would have no class. False splits it, too, as in the paper.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Column names or numbers of an indicator matrix, or the labels of a single-label target.
    class_counts_ : ndarray of shape (n_classes,)
        Samples that carry each class, which splitting leaves as they are.
    split_samples_ : ndarray of shape (n_split,)
        Rows of X that are split.
    sample_indices_ : ndarray of shape (n_samples + n_split,)
        Rows of X in the result: the samples that are not split, in order, then those that are,
        with majority classes, then the same with minority classes. Set by :meth:`fit_resample`,
        like the next one.
    sampling_strategy_ : dict
        Change in the number of positives of each class: 0.
    n_features_in_ : int
        Size of the second dimension of X, if it has one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if they are all strings.

    Warns
    -----
    UserWarning
        If X has more than two dimensions and samples are split.

    See Also
    --------
    mlresample.metrics.measure_imbalance : Measures SCUMBLE.
    mlresample.over_sampling.MLROS : To follow in a pipeline (REMEDIAL-HwR-ROS).

    Notes
    -----
    The two samples contradict each other: each denies the classes of the other. With tables, a
    classifier that works locally may ignore that; a network sees the same image twice, with
    opposite targets.

    Nothing is random, and class counts and their imbalance do not change.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Resampling multilabel datasets
       by decoupling highly imbalanced labels", HAIS 2015.
    .. [2] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Dealing with difficult minority
       labels in imbalanced multilabel data sets", Neurocomputing 326-327, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.combine import REMEDIAL
    >>> y = np.array([[1, 0], [1, 0], [1, 0], [1, 1]])
    >>> sampler = REMEDIAL()
    >>> X_resampled, y_resampled = sampler.fit_resample(np.arange(4).reshape(-1, 1), y)
    >>> X_resampled.ravel()
    array([0, 1, 2, 3, 3])
    >>> y_resampled[-2:]
    array([[1, 0],
           [0, 1]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {"skip_empty": ["boolean"]}

    def __init__(self, *, skip_empty: bool = True) -> None:
        self.skip_empty = skip_empty

    def _learn(self, indicator: Indicator) -> dict[str, Any]:
        return {
            "classes_": indicator.classes,
            "class_counts_": indicator.class_counts,
            "split_samples_": decoupled(indicator, self.skip_empty),
        }

    def _resample(
        self, X: Any, y: Any, indicator: Indicator, learned: dict[str, Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        split = learned["split_samples_"]
        whole = np.setdiff1d(np.arange(indicator.n_samples), split)
        indices = np.concatenate([whole, split, split])
        y_resampled = take_rows(y, whole)
        if len(split):
            if getattr(X, "ndim", 2) > 2:
                warnings.warn(
                    f"REMEDIAL splits {len(split):,} of {count_of(indicator.n_samples, 'sample')} "
                    f"into two identical ones with contradicting targets: a network that learns "
                    f"from images cannot tell them apart.",
                    stacklevel=5,
                )
            imbalance, mean = class_imbalance(indicator)
            labels = indicator.to_csr()[split].astype(np.int64)
            y_resampled = append_rows(y_resampled, split_labels(labels, imbalance > mean))
        drawn = {
            "sample_indices_": indices,
            "sampling_strategy_": dict.fromkeys(indicator.classes.tolist(), 0),
        }
        return take_rows(X, indices), y_resampled, drawn
