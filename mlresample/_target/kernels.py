"""Hot loops over an indicator matrix: take a block of it, return counts or maxima.

A dense block is a C-contiguous uint8 array of exact zeros and ones. A sparse block is the
``indptr`` and ``indices`` of CSR without duplicates and explicit zeros, in any order within a
row. ``indicators.py`` makes sure of both, which is why the sums below are exact.
"""

from collections.abc import Callable, Iterable
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

_NARROW = 256  # classes up to which the maximum of a dense row is read from a product
FLOATS = 1 << 18  # entries converted to floats at a time: one or two megabytes
BLOCK_SIZE = FLOATS  # entries of a block
_FEW = 1 << 13  # entries up to which plain NumPy is faster than setting up a product

Entries = tuple[NDArray[Any], NDArray[Any]]  # indptr and indices


def compressed(kind: Any, entries: Entries, data: NDArray[Any], shape: tuple[int, int]) -> Any:
    """Make a csr_array or csc_array without the checks of SciPy's constructor of every index."""
    matrix = kind(shape, dtype=data.dtype)
    matrix.indptr, matrix.indices, matrix.data = *entries, data
    return matrix


# -- counts ------------------------------------------------------------------------------------


def count_bytes(block: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the ones of each column.

    At most 255 rows are added in bytes, which cannot overflow and is many times faster than in
    int64. A longer block is read as 255 wide rows, each made of several rows side by side.
    """
    n_rows, n_columns = block.shape
    side_by_side = max(1, -(-n_rows // 255))
    n_wide = n_rows // side_by_side
    wide = block[: n_wide * side_by_side].reshape(n_wide, side_by_side * n_columns)
    counts = np.add.reduce(wide, axis=0, dtype=np.uint8).reshape(side_by_side, n_columns)
    rest = block[n_wide * side_by_side :]
    return counts.sum(axis=0, dtype=np.int64) + rest.sum(axis=0, dtype=np.int64)


def count_sparse(
    indices: NDArray[Any], n_columns: int, ones: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Count the entries of each column.

    All entries are treated as one column of a transposed matrix: the compiled product adds 1 for
    each, while bincount would convert them to 64 bits first. `ones` must be at least as long.
    """
    if len(indices) < _FEW:
        return np.bincount(indices, minlength=n_columns)
    all_entries = np.array([0, len(indices)], dtype=indices.dtype), indices
    column = compressed(csc_array, all_entries, ones[: len(indices)], (n_columns, 1))
    return np.asarray(column @ np.ones(1)).astype(np.int64)


def add_joint_counts(counts: NDArray[np.int64], ranks: NDArray[Any], entries: Entries) -> None:
    """Add the rows of each rank that carry each class to counts of shape (n_ranks, n_classes)."""
    indptr, indices = entries
    pairs = np.repeat(ranks.astype(np.int64) * counts.shape[1], np.diff(indptr))
    pairs += indices
    if len(pairs) < counts.size:
        np.add.at(counts.reshape(-1), pairs, 1)
    else:
        counts += np.bincount(pairs, minlength=counts.size).reshape(counts.shape)


def count_pairs(
    pairs: Iterable[tuple[NDArray[Any], NDArray[Any]]], shape: tuple[int, int]
) -> csr_array:
    """Count equal pairs of row and column, as a sparse matrix of integers.

    Pieces are gathered until they are as many as the pairs counted so far, so that these are not
    sorted again for each piece.
    """
    counted = np.empty(0, dtype=np.int64)  # row * n_columns + column
    counts = np.empty(0, dtype=np.int64)
    gathered: list[NDArray[np.int64]] = []
    n_gathered = 0
    for rows, columns in pairs:
        gathered.append(rows.astype(np.int64) * shape[1] + columns)
        n_gathered += len(rows)
        if n_gathered > max(len(counted), BLOCK_SIZE):
            counted, counts = _merge_counts(counted, counts, gathered)
            gathered, n_gathered = [], 0
    counted, counts = _merge_counts(counted, counts, gathered)
    rows, columns = np.divmod(counted, shape[1])
    return csr_array((counts, (rows, columns)), shape=shape)


def _merge_counts(
    counted: NDArray[np.int64], counts: NDArray[np.int64], gathered: list[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    found, position = np.unique(np.concatenate([counted, *gathered]), return_inverse=True)
    sums = np.bincount(position[len(counted) :], minlength=len(found))
    sums[position[: len(counted)]] += counts
    return found, sums


def weighted_rows(values: NDArray[np.float64], levels: NDArray[Any]) -> NDArray[np.intp]:
    """Return the rows whose weight, values[level], is nonzero."""
    zeros = np.flatnonzero(values == 0)
    if len(zeros) == 1:  # a comparison is many times faster than looking up every row
        return np.flatnonzero(levels != int(zeros[0]))
    return np.flatnonzero((values != 0).take(levels))


def weighted_count_sparse(
    entries: Entries,
    n_columns: int,
    values: NDArray[np.float64],
    levels: NDArray[Any],
    ones: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum the rows' weights over the entries of each column; a row's weight is values[its level].

    `ones` must be at least as long as there are entries.
    """
    indptr, indices = entries
    weighted = weighted_rows(values, levels)
    if len(weighted) < len(levels) // 4:
        levels = levels.take(weighted)
        indptr, indices = take_sparse_rows(entries, weighted)
    weights = values.take(levels)
    if len(indices) < _FEW:
        weights = np.repeat(weights, np.diff(indptr))  # one per entry
        return np.bincount(indices, weights, minlength=n_columns).astype(np.float64, copy=False)
    shape = n_columns, len(weights)
    transposed = compressed(csc_array, (indptr, indices), ones[: len(indices)], shape)
    return np.asarray(transposed @ weights)


def take_sparse_rows(entries: Entries, rows: NDArray[Any]) -> Entries:
    """Return rows by index."""
    indptr, indices = entries
    starts = indptr.take(rows)
    lengths = indptr.take(rows + 1) - starts
    taken_indptr = np.zeros(len(rows) + 1, dtype=indptr.dtype)
    np.cumsum(lengths, out=taken_indptr[1:])
    positions = np.arange(taken_indptr[-1]) + np.repeat(starts - taken_indptr[:-1], lengths)
    return taken_indptr, indices.take(positions)


# -- row maxima --------------------------------------------------------------------------------
#
# A maximum from a sum: each rank has a power of two as weight, so large that the weights of all
# lower ranks in one row cannot add up to it. The exponent of the row's sum of weights is then that
# of its highest rank, and the sum is a compiled product of a matrix and a vector. Floats have room
# for about 250 (float32) or 2,000 (float64) bits of such weights.


class Band:
    """Weights of a range of ranks, and the ranks that sums of weights stand for."""

    def __init__(
        self, ranks: NDArray[Any], run: list[int], exponents: list[int], info: Any
    ) -> None:
        exponent = np.asarray(exponents, dtype=int)
        of_rank = np.zeros(int(ranks.max()) + 1, dtype=info.dtype)
        of_rank[run] = np.ldexp(info.dtype.type(1), exponent + info.minexp)
        self.weights = of_rank.take(ranks)
        # Floats store an exponent of minexp as 1. Exponents between two belong to the lower rank.
        self._rank_of_exponent = np.zeros(2 * info.maxexp, dtype=ranks.dtype)
        self._rank_of_exponent[exponent + 1] = run
        np.maximum.accumulate(self._rank_of_exponent, out=self._rank_of_exponent)
        self._mantissa, self._integer = info.nmant, f"i{info.dtype.itemsize}"

    def maximum(self, sums: NDArray[Any]) -> NDArray[Any]:
        """Return the highest rank of the band in each sum of weights, 0 for a sum of 0."""
        return self._rank_of_exponent.take(sums.view(self._integer) >> self._mantissa)


def bands(ranks: NDArray[Any], widest: int, dtype: Any) -> list[Band]:
    """Split the ranks above 0 into as many bands as the exponents of the dtype need.

    No row may hold more than `widest` ones.
    """
    info = np.finfo(dtype)
    room = info.maxexp - info.minexp
    runs: list[tuple[list[int], list[int]]] = [([], [])]  # ranks and exponents of each band
    exponent, most = 0, 0.0  # largest sum of one row, in units of 2**exponent
    for rank, n_columns in enumerate(np.bincount(ranks).tolist()):
        if rank == 0 or n_columns == 0:
            continue
        rise = _exponent_above(most)
        exponent, most = exponent + rise, min(n_columns + most / 2.0**rise, widest)
        if exponent + _exponent_above(most) > room:
            runs.append(([], []))
            exponent, most = 0, min(n_columns, widest)
        runs[-1][0].append(rank)
        runs[-1][1].append(exponent)
    return [Band(ranks, *run, info) for run in runs]


def _exponent_above(value: float) -> int:
    """Return the smallest e with value < 2**e, with room for rounding of the sum."""
    return frexp(value * 1.01)[1]


def bytes_maximum(ranks: NDArray[Any], n_rows: int) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return a function from a dense block to the highest rank of each row's ones, or 0.

    Ranks are small unsigned integers, one per column; `n_rows` is the number in all blocks.
    """
    n_columns = len(ranks)
    if n_columns > _NARROW or n_rows * n_columns < _FEW:
        # A product and a maximum in one or two bytes.
        return lambda block: np.multiply(block, ranks, dtype=ranks.dtype).max(axis=1)
    if n_columns % 16 == 0:
        return _packed_maximum(ranks)
    for dtype in (np.float32, np.float64):
        found = bands(ranks, n_columns, dtype)
        if len(found) == 1:
            break
    (band,) = found  # 256 columns always fit float64

    def maximum(block: NDArray[np.uint8]) -> NDArray[Any]:
        n_rows = FLOATS // n_columns
        starts = range(0, max(1, len(block)), n_rows)
        pieces = (block[start : start + n_rows] for start in starts)
        sums = np.concatenate([piece.astype(dtype) @ band.weights for piece in pieces])
        return band.maximum(sums)

    return maximum


def _packed_maximum(ranks: NDArray[Any]) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return a function that packs rows to 16-bit words and looks up the highest rank of each."""
    n_words = len(ranks) // 16
    tables = []
    for of_bit in ranks.reshape(n_words, 16):
        table = np.zeros(1, dtype=ranks.dtype)
        for rank in of_bit:  # words with this bit come after those without
            table = np.concatenate([table, np.maximum(table, rank)])
        tables.append(table)

    def maximum(block: NDArray[np.uint8]) -> NDArray[Any]:
        words = np.packbits(block.reshape(-1), bitorder="little").view("<u2")
        found = np.zeros(len(block), dtype=ranks.dtype)
        for table, word in zip(tables, words.reshape(-1, n_words).T, strict=True):
            np.maximum(found, table.take(word), out=found)
        return found

    return maximum


def sparse_maximum(
    ranks: NDArray[Any], widest: int, ones: NDArray[np.float64]
) -> Callable[[Entries], NDArray[Any]]:
    """Return a function from a sparse block to the highest rank of each row's entries, or 0.

    Ranks are small unsigned integers, one per column. No row may have more than `widest` entries,
    and no block more entries than `ones`.
    """
    if len(ones) < _FEW:
        return lambda entries: maximum_reduceat(entries, ranks)
    found = bands(ranks, widest, np.float64)
    if len(found) > 2:
        return lambda entries: maximum_reduceat(entries, ranks)
    # Two bands are the parts of a complex number: one product sums both.
    weights = found[0].weights + 1j * found[1].weights if len(found) == 2 else found[0].weights
    ones = ones.astype(weights.dtype, copy=False)

    def maximum(entries: Entries) -> NDArray[Any]:
        indptr, indices = entries
        shape = len(indptr) - 1, len(ranks)
        sums = compressed(csr_array, entries, ones[: len(indices)], shape) @ weights
        if len(found) == 1:
            return found[0].maximum(sums)
        low, high = found
        return np.maximum(low.maximum(sums.real.copy()), high.maximum(sums.imag.copy()))

    return maximum


def maximum_reduceat(entries: Entries, ranks: NDArray[Any]) -> NDArray[Any]:
    """Return the highest rank of each row's entries, or 0; an entry may be there twice."""
    indptr, indices = entries
    maximum = np.zeros(len(indptr) - 1, dtype=ranks.dtype)
    occupied = np.flatnonzero(np.diff(indptr))  # reduceat misreads empty rows
    if len(occupied):
        maximum[occupied] = np.maximum.reduceat(ranks.take(indices), indptr[occupied])
    return maximum
