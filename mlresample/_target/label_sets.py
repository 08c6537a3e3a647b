"""The set of classes of each sample, as a number."""

import numpy as np
from numpy.typing import NDArray

from mlresample._target.indicators import Indicator

HALF = 50  # classes, whose set is a whole number that float64 holds exactly
MOST_CLASSES = 2 * HALF  # whose sets are compared exactly

Complexes = NDArray[np.complex128]


def label_sets(indicator: Indicator) -> Complexes:
    """Return the label set of each sample, of shape (n_samples,): equal sets are equal numbers.

    A set is the sums of two numbers for each class, which are whole and so small that the sums are
    exact: powers of two, or random numbers if there are too many classes for that.
    """
    n_classes = indicator.n_classes
    if n_classes <= MOST_CLASSES:
        column = np.arange(n_classes)
        numbers = np.zeros((n_classes, 2))
        numbers[column, column // HALF] = 2.0 ** (column % HALF)
    else:
        most = min(2 ** (52 - int(n_classes).bit_length()), 2**43)
        generator = np.random.RandomState(0)
        numbers = generator.randint(most, size=(n_classes, 2), dtype=np.int64).astype(np.float64)
    return indicator.row_sums(numbers).view(np.complex128)[:, 0]
