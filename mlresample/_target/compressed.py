"""Read the ones of a compressed sparse matrix in blocks of rows."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mlresample._target import kernels
from mlresample._target.bits import checked_bits


class CompressedEntries:
    """Ones of a CSR matrix, or of the transpose of a CSC matrix, read in blocks of rows."""

    def __init__(self, matrix: Any, n_columns: int, locate: Callable[[int, int], Any]) -> None:
        self._indptr, self._indices, self._data = matrix.indptr, matrix.indices, matrix.data
        self._n_columns = n_columns
        if self._indptr[-1] <= np.iinfo(self._indices.dtype).max:
            # SciPy's products would widen the indices if the two were of different types.
            self._indptr = self._indptr.astype(self._indices.dtype, copy=False)
        if self._indptr[0] != 0 or self._indptr[-1] > len(self._indices):
            raise ValueError(
                "y is not a valid sparse matrix: its indptr does not span its entries."
            )
        self._blocks = list(self._cut())
        ends = self._indptr[[block.stop for block in self._blocks]]
        self.most_in_a_block = int(np.diff(ends, prepend=0).max())
        self._clean = True
        self.widest = 0
        for rows in self._blocks:
            self._check(rows, locate)

    def _cut(self) -> Iterator[slice]:
        n_rows, start = len(self._indptr) - 1, 0
        while start < n_rows:
            near = self._indptr[start : start + kernels.BLOCK_SIZE + 1]
            full = (
                start
                + int(np.searchsorted(near, int(near[0]) + kernels.BLOCK_SIZE, side="right"))
                - 1
            )
            stop = min(max(start + 1, full), start + kernels.BLOCK_SIZE, n_rows)
            yield slice(start, stop)
            start = stop

    def _raw(self, rows: slice) -> tuple[kernels.Entries, NDArray[Any]]:
        indptr = self._indptr[rows.start : rows.stop + 1]
        entries = slice(indptr[0], indptr[-1])
        return (indptr - indptr[0], self._indices[entries]), self._data[entries]

    def _canonical(self, rows: slice) -> csr_array:
        entries, data = self._raw(rows)
        shape = rows.stop - rows.start, self._n_columns
        matrix = kernels.compressed(csr_array, entries, data, shape).copy()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix

    def _check(self, rows: slice, locate: Callable[[int, int], Any]) -> None:
        (indptr, indices), data = self._raw(rows)
        lengths = np.diff(indptr)
        if lengths.min() < 0:
            raise ValueError("y is not a valid sparse matrix: its indptr does not ascend.")
        self.widest = max(self.widest, min(int(lengths.max()), self._n_columns))
        if len(indices) and not 0 <= indices.min() <= indices.max() < self._n_columns:
            raise ValueError("y is not a valid sparse matrix: it has indices outside its shape.")
        if _ascend(indptr, indices, lengths) and (data == 1).all():
            return
        canonical = self._canonical(rows)
        self._clean &= canonical.nnz == len(indices)  # if equal, only the order differs

        def locate_entry(position: int) -> tuple[int, Any]:
            row = int(np.searchsorted(canonical.indptr, position, side="right")) - 1
            return locate(rows.start + row, canonical.indices[position])

        checked_bits(canonical.data, locate_entry)

    def read(self, rows: slice) -> kernels.Entries:
        """Return indptr and indices of some rows, without duplicates and explicit zeros."""
        if self._clean:
            return self._raw(rows)[0]
        matrix = self._canonical(rows)
        return matrix.indptr, matrix.indices

    def indices(self) -> Iterator[NDArray[Any]]:
        """Iterate over the indices alone, in the same blocks."""
        for rows in self._blocks:
            if self._clean:
                yield self._indices[self._indptr[rows.start] : self._indptr[rows.stop]]
            else:
                yield self.read(rows)[1]

    def blocks(self) -> Iterator[tuple[slice, kernels.Entries]]:
        """Iterate over all rows, with their indptr and indices, in blocks."""
        return ((rows, self.read(rows)) for rows in self._blocks)

    def lengths(self) -> NDArray[np.int64]:
        """Count the ones of each row."""
        lengths = [np.diff(indptr) for _, (indptr, _) in self.blocks()]
        return np.concatenate(lengths).astype(np.int64)


def _ascend(indptr: NDArray[Any], indices: NDArray[Any], lengths: NDArray[Any]) -> bool:
    """Check whether the indices strictly ascend within each row, hence without duplicates."""
    if len(indices) == 0:
        return True
    falls = np.zeros(len(indices), dtype=np.bool_)  # from an entry to the next
    np.less_equal(indices[1:], indices[:-1], out=falls[:-1])
    at_ends = falls.take(indptr[1:] - 1, mode="wrap") & (lengths > 0)  # of rows
    return bool(np.count_nonzero(falls) == np.count_nonzero(at_ends))
