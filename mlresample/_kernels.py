"""The hot loops over an indicator matrix: a block of it in, counts or maxima out.

A dense block is a C-contiguous uint8 array of exact zeros and ones. A sparse block is the
``indptr`` and ``indices`` of CSR without duplicates and explicit zeros, in any order within a
row. ``_indicators`` sees to both: that is what makes the sums below exact.
"""

from collections.abc import Callable
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

NARROW = 256  # classes up to which a row's maximum is read from a product


def csr(
    indptr: NDArray[Any], indices: NDArray[Any], data: NDArray[Any], n_columns: int
) -> csr_array:
    """Make CSR of the arrays as they are; SciPy's constructor would look at each again."""
    matrix = csr_array((len(indptr) - 1, n_columns), dtype=data.dtype)
    matrix.indptr, matrix.indices, matrix.data = indptr, indices, data
    return matrix


# -- counts ------------------------------------------------------------------------------------


def count_bytes(block: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the ones of each column.

    At most 255 rows are added up in bytes, which cannot overflow and is many times faster than
    int64. Longer blocks are read as 255 wide rows, each of several rows side by side.
    """
    n_rows, n_columns = block.shape
    side_by_side = -(-n_rows // 255)
    n_wide = n_rows // side_by_side
    wide = block[: n_wide * side_by_side].reshape(n_wide, side_by_side * n_columns)
    counts = np.add.reduce(wide, axis=0, dtype=np.uint8).reshape(side_by_side, n_columns)
    rest = block[n_wide * side_by_side :]
    return counts.sum(axis=0, dtype=np.int64) + rest.sum(axis=0, dtype=np.int64)


def weighted_count_bytes(
    block: NDArray[np.uint8], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum the rows' weights over the ones of each column. Rows of weight 0 cost nothing."""
    weighted = np.flatnonzero(weights)
    return weights[weighted] @ block.take(weighted, axis=0).astype(np.float64)


def weighted_count_sparse(matrix: csr_array, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the rows' weights over the entries of each column."""
    weighted = np.flatnonzero(weights)
    if len(weighted) < len(weights) / 2:  # below that, picking rows costs less than it saves
        matrix, weights = matrix[weighted], weights[weighted]
    return np.asarray(matrix.T @ weights)


# -- row maxima --------------------------------------------------------------------------------
#
# A maximum from a sum: give each rank a power of two as weight, so far above the weights of the
# lower ranks that all of these which one row can hold do not add up to it. The exponent of the
# row's sum of weights then tells its highest rank, and the sum is a compiled product of matrix
# and vector. Floats have room for some 250 (float32) or 2,000 (float64) bits of such weights.


class Band:
    """Weights of a run of ranks, and the way back from sums of weights to ranks."""

    def __init__(self, ranks: NDArray[Any], exponents: dict[int, int], dtype: Any) -> None:
        info = np.finfo(dtype)
        of_rank = np.zeros(int(ranks.max()) + 1, dtype=dtype)
        self._to_rank = np.zeros(2 * info.maxexp, dtype=ranks.dtype)
        for rank, exponent in exponents.items():
            of_rank[rank] = np.ldexp(dtype(1), exponent + info.minexp)
            self._to_rank[exponent + 1] = rank  # floats store exponents from minexp as 1
        np.maximum.accumulate(self._to_rank, out=self._to_rank)
        self._mantissa = info.nmant
        self._bits = np.dtype(f"i{np.dtype(dtype).itemsize}")
        self.weights = of_rank.take(ranks)

    def maximum(self, sums: NDArray[Any]) -> NDArray[Any]:
        """Highest rank of the band in each sum of weights; 0 where the sum is 0."""
        return self._to_rank.take(sums.view(self._bits) >> self._mantissa)


def bands(ranks: NDArray[Any], widest: int, dtype: Any) -> list[Band]:
    """Split the ranks above 0 into as many bands as the exponents of the dtype need.

    No row may hold more than `widest` ones.
    """
    info = np.finfo(dtype)
    room = info.maxexp - info.minexp
    found: list[dict[int, int]] = [{}]
    exponent, most = 0, 0.0  # what one row can add up to at most, in units of 2**exponent
    counts = np.bincount(ranks)
    for rank in np.flatnonzero(counts[1:]) + 1:
        rise = _exponent_above(most)
        most = min(counts[rank] + most / 2.0**rise, widest)
        exponent += rise
        if exponent + _exponent_above(most) > room:
            found.append({})
            exponent, most = 0, min(counts[rank], widest)
        found[-1][int(rank)] = exponent
    return [Band(ranks, exponents, dtype) for exponents in found]


def _exponent_above(value: float) -> int:
    """Smallest e with value < 2**e, with room for what the sum's rounding may add."""
    return frexp(value * 1.01)[1]


def bytes_maximum(ranks: NDArray[Any]) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Make the function from a dense block to the highest rank of each row's ones, or 0.

    Ranks are small unsigned integers, one a column.
    """
    n_columns = len(ranks)
    if n_columns > NARROW:  # tiles: a product and a maximum in bytes, or two bytes
        return lambda block: np.multiply(block, ranks, dtype=ranks.dtype).max(axis=1)
    for dtype in (np.float32, np.float64):
        found = bands(ranks, n_columns, dtype)
        if len(found) == 1:
            break
    (band,) = found  # 256 columns always fit float64
    return lambda block: band.maximum(block.astype(dtype) @ band.weights)


def sparse_maximum(
    ranks: NDArray[Any], widest: int, most_entries: int
) -> Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]:
    """Make the function from a sparse block to the highest rank of each row's entries, or 0.

    Ranks are small unsigned integers, one a column; no row has more than `widest` entries, no
    block more than `most_entries`.
    """
    found = bands(ranks, widest, np.float64)
    if len(found) > 2:
        return lambda indptr, indices: _maximum_reduceat(ranks, indptr, indices)
    # Two bands are the parts of a complex number: one product adds up both.
    weights = found[0].weights + 1j * found[1].weights if len(found) == 2 else found[0].weights
    ones = np.ones(most_entries, dtype=weights.dtype)

    def maximum(indptr: NDArray[Any], indices: NDArray[Any]) -> NDArray[Any]:
        sums = csr(indptr, indices, ones[: len(indices)], len(ranks)) @ weights
        if len(found) == 1:
            return found[0].maximum(sums)
        return np.maximum(found[0].maximum(sums.real.copy()), found[1].maximum(sums.imag.copy()))

    return maximum


def _maximum_reduceat(
    ranks: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any]
) -> NDArray[Any]:
    maximum = np.zeros(len(indptr) - 1, dtype=ranks.dtype)
    occupied = np.flatnonzero(np.diff(indptr))  # reduceat misreads empty rows
    if len(occupied):
        maximum[occupied] = np.maximum.reduceat(ranks.take(indices), indptr[occupied])
    return maximum
