"""The hot loops over an indicator matrix, block by block.

Every block holds exact zeros and ones (``_targets`` sees to it): that is what makes sums in
bytes and products with ranks exact.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from mlresample._targets import Target


def count_classes(target: Target) -> NDArray[np.int64]:
    """Count the samples of each class: n_c = sum_i Y_ic."""
    counts = np.zeros(target.n_classes, dtype=np.int64)
    for _, columns, block in target.read():
        counts[columns] += _count_sparse(block) if issparse(block) else _count_dense(block)
    return counts


def _count_sparse(block: Any) -> NDArray[np.int64]:
    return np.bincount(block.indices, minlength=block.shape[1])


def _count_dense(block: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Add up to 255 rows in bytes, which cannot overflow and is many times faster than int64.

    Narrow matrices are read as at most 255 wide rows, each of several rows side by side.
    """
    n_rows, n_classes = block.shape
    side_by_side = -(-n_rows // 255)
    n_wide = n_rows // side_by_side
    wide = block[: n_wide * side_by_side].reshape(n_wide, side_by_side * n_classes)
    counts = np.add.reduce(wide, axis=0, dtype=np.uint8).reshape(side_by_side, n_classes)
    rest = block[n_wide * side_by_side :]
    return counts.sum(axis=0, dtype=np.int64) + rest.sum(axis=0, dtype=np.int64)


def weighted_class_counts(
    target: Target, sample_weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum the weights of each class's samples: sum_i w_i Y_ic. Weights of 0 cost nothing."""
    counts = np.zeros(target.n_classes)
    for rows, columns, block in target.read():
        weights = sample_weights[rows]
        weighted = np.flatnonzero(weights)
        counts[columns] += weights[weighted] @ block[weighted]
    return counts


def row_maximum(target: Target, ranks: NDArray[Any]) -> NDArray[Any]:
    """Largest rank among each sample's classes, 0 for a sample without a class.

    Ranks are unsigned integers >= 1, one a class.
    """
    maximum = np.zeros(target.n_samples, dtype=ranks.dtype)
    for rows, columns, block in target.read():
        largest = _row_maximum_sparse if issparse(block) else _row_maximum_dense
        np.maximum(maximum[rows], largest(block, ranks[columns]), out=maximum[rows])
    return maximum


def _row_maximum_sparse(block: Any, ranks: NDArray[Any]) -> NDArray[Any]:
    maximum = np.zeros(block.shape[0], dtype=ranks.dtype)
    occupied = np.flatnonzero(np.diff(block.indptr))  # reduceat misreads empty rows
    if len(occupied):
        starts = block.indptr[occupied]
        maximum[occupied] = np.maximum.reduceat(ranks[block.indices], starts)
    return maximum


def _row_maximum_dense(block: NDArray[np.uint8], ranks: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.multiply(block, ranks, dtype=ranks.dtype).max(axis=1))
