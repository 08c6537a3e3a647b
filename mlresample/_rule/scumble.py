"""How far common and rare classes occur together in a sample."""

import numpy as np
from numpy.typing import NDArray

from mlresample._target.indicators import Indicator


def sample_scumble(
    indicator: Indicator, imbalance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count each sample's classes, and compute its SCUMBLE from their imbalance."""
    ones = np.ones(len(imbalance))
    sums = indicator.row_sums(np.column_stack([ones, imbalance, np.log(imbalance)]))
    n_carried, arithmetic, logarithm = sums.T
    n = np.maximum(n_carried, 1)
    # 1 - geometric / arithmetic mean; 1 - 1 / 1 for a sample without a class
    scumble = 1 - np.exp(logarithm / n) / np.where(n_carried > 0, arithmetic / n, 1.0)
    return n_carried, np.maximum(scumble, 0.0)
