"""Make multi-label, long-tailed data from a data set that scikit-learn ships."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.utils import check_random_state

from mlresample._utils.sklearn import Interval, StrOptions, validate_params

_SCAN = 8  # pixels
_CELL = 10  # pixels, with room to shift a scan
_N_TRAIN_SCANS = 1200  # of 1,797
_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "subset": [StrOptions({"train", "test"})],
        "exponent": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_multilabel_digits(
    n_samples: int = 2000,
    *,
    subset: str = "train",
    exponent: float = 3.0,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[str]]:
    """Compose scanned digits into long-tailed multi-label images.

    Each image holds one to four different digits, in random corners. Digit 0 is the most
    common and digit 9 the rarest: the k-th is drawn in proportion to ``k ** -exponent``.

    Parameters
    ----------
    n_samples : int, default=2000
        Number of images.
    subset : {"train", "test"}, default="train"
        Which scans to use; no scan is in both subsets. Images of the same subset share scans, so
        that scores from folds of one subset are slightly too good.
    exponent : float, default=3.0
        Exponent of the power law; 0 makes all digits equally common.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same images on every call.

    Returns
    -------
    X : ndarray of shape (n_samples, 1, 20, 20)
        Images, uint8.
    y : ndarray of shape (n_samples, 10)
        Indicator matrix of the digits in each image, uint8.
    class_names : list of str
        The digits in words.

    Raises
    ------
    ValueError
        If a parameter is outside its range.

    References
    ----------
    .. [1] E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
       Learning Repository, 1998; :func:`sklearn.datasets.load_digits`.

    Examples
    --------
    >>> from mlresample.datasets import make_multilabel_digits
    >>> X, y, class_names = make_multilabel_digits(500, random_state=0)
    >>> X.shape
    (500, 1, 20, 20)
    >>> dict(zip(class_names, y.sum(axis=0).tolist()))["nine"]
    8
    """
    # Each subset has its own generator, so that one seed does not make equal targets for both.
    seeds = check_random_state(random_state).randint(2**31 - 1, size=2, dtype=np.int64)
    generator = np.random.RandomState(seeds[0 if subset == "train" else 1])
    digits = load_digits()
    part = slice(None, _N_TRAIN_SCANS) if subset == "train" else slice(_N_TRAIN_SCANS, None)
    scans, labels = digits.images[part], digits.target[part]

    weights = np.arange(1, len(_NAMES) + 1, dtype=np.float64) ** -exponent
    n_digits = generator.randint(1, 5, size=n_samples, dtype=np.int64)
    # Sampling without replacement in proportion to weights: the smallest of E / w, E ~ Exp(1).
    order = np.argsort(generator.exponential(size=(n_samples, len(_NAMES))) / weights, axis=1)
    corners = np.argsort(generator.uniform(size=(n_samples, 4)), axis=1)

    X = np.zeros((n_samples, 1, 2 * _CELL, 2 * _CELL), dtype=np.uint8)
    y = np.zeros((n_samples, len(_NAMES)), dtype=np.uint8)
    for k in range(4):
        images = np.flatnonzero(n_digits > k)
        digit = order[images, k]
        y[images, digit] = 1
        shift = generator.randint(_CELL - _SCAN + 1, size=(2, len(images)), dtype=np.int64)
        top, left = np.stack(np.divmod(corners[images, k], 2)) * _CELL + shift
        rows = top[:, None, None] + np.arange(_SCAN)[:, None]
        columns = left[:, None, None] + np.arange(_SCAN)
        chosen = _one_of_each(labels, digit, generator)
        X[images[:, None, None], 0, rows, columns] = scans[chosen] * 255 // 16
    return X, y, list(_NAMES)


def _one_of_each(
    labels: NDArray[np.int64], wanted: NDArray[np.int64], generator: np.random.RandomState
) -> NDArray[np.int64]:
    """Choose a random position of each wanted label."""
    by_label = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    offset = (generator.uniform(size=len(wanted)) * sizes[wanted]).astype(np.int64)
    return by_label[starts[wanted] + offset]
