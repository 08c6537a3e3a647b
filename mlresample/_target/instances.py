"""Counts of instances, such as the boxes of each class in an image."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from mlresample._target.bits import as_numbers
from mlresample._target.kernels import BLOCK_SIZE
from mlresample._utils.containers import row_slices
from mlresample._utils.names import plain

_MOST = 2**53  # up to which floats hold every whole number


class InstanceCounts:
    """Instances of each class in each sample, of shape (n_samples, n_classes), all checked."""

    def __init__(self, matrix: Any, classes: NDArray[Any]) -> None:
        self._matrix: Any = _canonical(matrix) if issparse(matrix) else _as_numeric(matrix)
        sums = np.zeros(len(classes))
        for rows in self._blocks():
            block: Any = self._matrix[rows]
            values: NDArray[Any] = block.data if issparse(block) else block
            wrong = _are_no_counts(values)
            if wrong.any():
                mask = (
                    csr_array((wrong, block.indices, block.indptr)) if issparse(block) else wrong
                )
                row, column = (int(place[0]) for place in mask.nonzero())
                row += rows.start
                value = self._matrix[row, column] if issparse(matrix) else matrix[row, column]
                raise ValueError(
                    f"y must hold counts of instances, whole numbers >= 0, got "
                    f"{plain(value)!r} in row {row}, class {plain(classes[column])!r}."
                )
            sums += block.sum(axis=0, dtype=np.float64)
        if sums.max(initial=0) > _MOST:
            raise ValueError(
                f"y must hold at most 2**53 instances of a class, got {sums.max():g}."
            )
        self.class_counts = sums.astype(np.int64)

    def _blocks(self) -> Iterator[slice]:
        n_samples = self._matrix.shape[0]
        n_entries = self._matrix.nnz if issparse(self._matrix) else self._matrix.size
        return row_slices(n_samples, max(1, 4 * BLOCK_SIZE * n_samples // max(1, n_entries)))

    def presence(self) -> Any:
        """Return the indicator matrix of the classes that each sample carries: count > 0."""
        if not issparse(self._matrix):
            return self._matrix > 0
        ones = np.ones(self._matrix.nnz, dtype=np.uint8)
        entries = ones, self._matrix.indices, self._matrix.indptr
        return csr_array(entries, shape=self._matrix.shape)

    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        """Sum each class's instances; those of a sample weigh values[its level]."""
        counts = np.zeros(self._matrix.shape[1])
        for rows in self._blocks():
            counts += values.take(levels[rows]) @ self._matrix[rows].astype(np.float64)
        return counts


def _as_numeric(array: NDArray[Any]) -> NDArray[Any]:
    return as_numbers(array) if array.dtype.kind == "O" else array


def _are_no_counts(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return a mask of the values that are negative, fractional, infinite or NaN."""
    if values.dtype.kind in "bui":
        return np.asarray(values < 0)
    with np.errstate(invalid="ignore"):  # the remainder of infinity is NaN
        return ~((values >= 0) & (values % 1 == 0))


def _canonical(matrix: Any) -> csr_array:
    """Convert a sparse matrix to CSR of floats, without duplicates and explicit zeros."""
    copy = matrix.astype(np.float64)  # in which sums of duplicates cannot overflow
    if copy.format in ("csr", "csc"):
        copy.check_format(full_check=True)
    counts = csr_array(copy)
    counts.sum_duplicates()
    counts.eliminate_zeros()
    return counts
