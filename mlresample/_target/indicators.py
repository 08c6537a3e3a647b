"""Indicator matrices in their own layout: class counts, and sums and maxima over rows.

Every entry is checked once, when the indicator is made, in the pass that counts the classes; later
passes trust what they read. All passes go block by block, so that a target of floats or objects is
never converted as a whole.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mlresample._target import kernels
from mlresample._target.bits import as_bits, checked_bits
from mlresample._target.compressed import CompressedEntries
from mlresample._target.instances import InstanceCounts
from mlresample._utils.containers import row_slices


class Indicator(ABC):
    """An indicator matrix of shape (n_samples, n_classes)."""

    n_samples: int
    classes: NDArray[Any]
    class_counts: NDArray[np.int64]
    named = True  # whether the classes are names; otherwise, they are column numbers
    column_name: Any = None  # of a single-label target, whose classes are its values
    instances: InstanceCounts | None = None  # if the target holds counts
    unknown: "Indicator | None" = None  # the mask of unknown entries, which are zeros here

    @property
    def n_classes(self) -> int:
        """Number of columns."""
        return len(self.classes)

    @property
    def instance_counts(self) -> NDArray[np.int64] | None:
        """Instances of each class, if the target holds counts."""
        return None if self.instances is None else self.instances.class_counts

    @property
    def known_counts(self) -> NDArray[np.int64] | None:
        """Samples of which it is known whether they carry each class; None if all are."""
        return None if self.unknown is None else self.n_samples - self.unknown.class_counts

    def undecided(self, row_maximum: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which samples have unknown entries and no class, given the `row_maximum`."""
        undecided = row_maximum == 0
        if self.unknown is None:
            return np.zeros_like(undecided)
        has_unknown = self.unknown.row_maximum(np.ones(self.n_classes, dtype=np.uint8))
        return undecided & has_unknown.view(np.bool_)

    @abstractmethod
    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        """Return the largest rank among each sample's classes, 0 for a sample without a class.

        Ranks are small unsigned integers, one per class.
        """

    @abstractmethod
    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        """Sum the weights of each class's samples; the weight of a sample is values[its level]."""

    @abstractmethod
    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum the rows of `values`, of shape (n_classes, n_values), over each sample's classes."""

    @abstractmethod
    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        """Count the samples of each rank that carry each class, of shape (n_ranks, n_classes)."""

    @abstractmethod
    def pairs(self, ranks: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Iterate over all ones in pieces: the ranks of their samples, and their classes."""

    def to_csr(self) -> csr_array:
        """Return the matrix as CSR of bytes, its indices ascending in each row."""
        nothing = np.empty(0, dtype=np.int32)  # there may be no piece
        pieces = [(nothing, nothing)] + [
            (rows.astype(np.int32), columns.astype(np.int32))
            for rows, columns in self.pairs(np.arange(self.n_samples))
        ]
        rows, columns = map(np.concatenate, zip(*pieces, strict=True))
        ones = np.ones(len(rows), dtype=np.uint8)
        matrix = csr_array((ones, (rows, columns)), shape=(self.n_samples, self.n_classes))
        matrix.sort_indices()
        return matrix

    def sparse_joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> csr_array:
        """Count as `joint_counts`, for so many ranks and classes that most counts are 0."""
        return kernels.count_pairs(self.pairs(ranks), (n_ranks, self.n_classes))


class LabelIndicator(Indicator):
    """One class per sample, as its number."""

    def __init__(self, codes: NDArray[np.int64], classes: NDArray[Any]) -> None:
        self.n_samples, self.classes = len(codes), classes
        self._codes = codes
        self.class_counts = np.bincount(codes, minlength=len(classes))

    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        return ranks.take(self._codes)

    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        counts = np.zeros(self.n_classes)
        for rows in row_slices(self.n_samples, kernels.BLOCK_SIZE):
            weights = values.take(levels[rows])
            counts += np.bincount(self._codes[rows], weights, minlength=self.n_classes)
        return counts

    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values.take(self._codes, axis=0)

    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        pairs = ranks.astype(np.int64) * self.n_classes + self._codes
        counts = np.bincount(pairs, minlength=n_ranks * self.n_classes)
        return counts.reshape(n_ranks, self.n_classes)

    def pairs(self, ranks: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for rows in row_slices(self.n_samples, kernels.BLOCK_SIZE):
            yield ranks[rows], self._codes[rows]


class DenseIndicator(Indicator):
    """Array in row order, of any dtype."""

    def __init__(self, array: NDArray[Any], classes: NDArray[Any]) -> None:
        self.n_samples, self.classes = len(array), classes
        self._array = array
        self.class_counts = np.zeros(len(classes), dtype=np.int64)
        for rows in self._rows(16 * kernels.BLOCK_SIZE // array.itemsize):
            values = np.ascontiguousarray(array[rows])
            bits = checked_bits(values, partial(_locate_in_rows, rows.start, classes=classes))
            self.class_counts += kernels.count_bytes(bits)

    def _rows(self, n_entries: int) -> Iterator[slice]:
        return row_slices(self.n_samples, max(1, n_entries // self.n_classes))

    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        kernel = kernels.bytes_maximum(ranks, self.n_samples)
        maximum = np.empty(self.n_samples, dtype=ranks.dtype)
        for rows in self._rows(4 * kernels.BLOCK_SIZE):
            maximum[rows] = kernel(as_bits(np.ascontiguousarray(self._array[rows])))
        return maximum

    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        counts = np.zeros(self.n_classes)
        for rows in self._rows(4 * kernels.BLOCK_SIZE):
            block, block_levels = np.ascontiguousarray(self._array[rows]), levels[rows]
            weighted = kernels.weighted_rows(values, block_levels)
            for piece in row_slices(len(weighted), max(1, kernels.BLOCK_SIZE // self.n_classes)):
                if len(weighted) == len(block):
                    bits, weights = as_bits(block[piece]), values.take(block_levels[piece])
                else:
                    bits = as_bits(block.take(weighted[piece], axis=0))
                    weights = values.take(block_levels.take(weighted[piece]))
                counts += weights @ bits.astype(np.float64)
        return counts

    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.empty((self.n_samples, values.shape[1]))
        for rows in self._rows(kernels.BLOCK_SIZE):
            bits = as_bits(np.ascontiguousarray(self._array[rows]))
            sums[rows] = bits.astype(np.float64) @ values
        return sums

    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        counts = np.zeros((n_ranks, self.n_classes), dtype=np.int64)
        for rows in self._rows(16 * kernels.BLOCK_SIZE // self._array.itemsize):
            order = np.argsort(ranks[rows], kind="stable")
            block = np.ascontiguousarray(self._array[rows]).take(order, axis=0)
            sizes = np.bincount(ranks[rows], minlength=n_ranks)
            ends = np.cumsum(sizes)
            for rank in np.flatnonzero(sizes):
                of_rank = block[ends[rank] - sizes[rank] : ends[rank]]
                counts[rank] += kernels.count_bytes(as_bits(of_rank))
        return counts

    def pairs(self, ranks: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for rows in self._rows(kernels.BLOCK_SIZE):
            ones, classes = np.nonzero(as_bits(np.ascontiguousarray(self._array[rows])))
            yield ranks[rows].take(ones), classes


class SparseRowIndicator(Indicator):
    """CSR matrix."""

    def __init__(self, matrix: Any, classes: NDArray[Any]) -> None:
        self.n_samples, self.classes = matrix.shape[0], classes
        self.class_counts = np.zeros(len(classes), dtype=np.int64)

        def locate(row: int, column: int) -> tuple[int, Any]:
            return row, classes[column]

        self._entries = CompressedEntries(matrix, len(classes), locate)
        self._ones = np.ones(self._entries.most_in_a_block)
        for indices in self._entries.indices():
            self.class_counts += kernels.count_sparse(indices, len(classes), self._ones)

    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        kernel = kernels.sparse_maximum(ranks, self._entries.widest, self._ones)
        maximum = np.empty(self.n_samples, dtype=ranks.dtype)
        for rows, entries in self._entries.blocks():
            maximum[rows] = kernel(entries)
        return maximum

    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        counts = np.zeros(self.n_classes)
        for rows, entries in self._entries.blocks():
            counts += kernels.weighted_count_sparse(
                entries, self.n_classes, values, levels[rows], self._ones
            )
        return counts

    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.empty((self.n_samples, values.shape[1]))
        for rows, entries in self._entries.blocks():
            shape = rows.stop - rows.start, self.n_classes
            ones = self._ones[: len(entries[1])]
            sums[rows] = kernels.compressed(csr_array, entries, ones, shape) @ values
        return sums

    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        counts = np.zeros((n_ranks, self.n_classes), dtype=np.int64)
        for rows, entries in self._entries.blocks():
            kernels.add_joint_counts(counts, ranks[rows], entries)
        return counts

    def pairs(self, ranks: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for rows, (indptr, indices) in self._entries.blocks():
            yield np.repeat(ranks[rows], np.diff(indptr)), indices


class ColumnIndicator(Indicator):
    """Columns as the rows that carry each class: CSC, Fortran order, data frames."""

    def __init__(
        self,
        n_samples: int,
        classes: NDArray[Any],
        class_counts: NDArray[np.int64],
        rows_of: Callable[[int], Iterable[NDArray[Any]]],
    ) -> None:
        """Store a function from the number of a class to its rows, in pieces."""
        self.n_samples, self.classes, self.class_counts = n_samples, classes, class_counts
        self._rows_of = rows_of

    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        maximum = np.zeros(self.n_samples, dtype=ranks.dtype)
        for c in np.argsort(ranks, kind="stable"):
            if ranks[c]:
                for rows in self._rows_of(c):
                    maximum[rows] = ranks[c]  # ranks ascend: none there is larger
        return maximum

    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        counts = np.zeros(self.n_classes)
        for c in range(self.n_classes):
            counts[c] = sum(values.take(levels.take(rows)).sum() for rows in self._rows_of(c))
        return counts

    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.zeros((self.n_samples, values.shape[1]))
        for c in range(self.n_classes):
            for rows in self._rows_of(c):
                sums[rows] += values[c]
        return sums

    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        counts = np.zeros((n_ranks, self.n_classes), dtype=np.int64)
        for c in range(self.n_classes):
            for rows in self._rows_of(c):
                counts[:, c] += np.bincount(ranks.take(rows), minlength=n_ranks)
        return counts

    def pairs(self, ranks: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for c in range(self.n_classes):
            for rows in self._rows_of(c):
                yield ranks.take(rows), np.full(len(rows), c)


def sparse_column_indicator(matrix: Any, classes: NDArray[Any]) -> ColumnIndicator:
    """Read a CSC matrix by columns."""

    def locate(column: int, row: int) -> tuple[int, Any]:
        return row, classes[column]

    n_samples = matrix.shape[0]
    entries = CompressedEntries(matrix, n_samples, locate)

    def rows_of(c: int) -> Iterator[NDArray[Any]]:
        _, rows = entries.read(slice(c, c + 1))
        return (rows[piece] for piece in row_slices(len(rows), kernels.BLOCK_SIZE))

    return ColumnIndicator(n_samples, classes, entries.lengths(), rows_of)


def dense_column_indicator(
    n_samples: int, classes: NDArray[Any], column: Callable[[int], NDArray[Any]]
) -> ColumnIndicator:
    """Read columns one by one; `column` returns one of them as a 1-D array."""

    def pieces(c: int) -> Iterator[tuple[int, NDArray[Any]]]:
        values = column(c)
        for rows in row_slices(n_samples, kernels.BLOCK_SIZE):
            yield rows.start, np.ascontiguousarray(values[rows])

    def count(c: int) -> int:
        locate = partial(_locate_in_rows, classes=classes[c : c + 1])
        bits = (checked_bits(piece, partial(locate, start)) for start, piece in pieces(c))
        return sum(map(np.count_nonzero, bits))

    def rows_of(c: int) -> Iterator[NDArray[Any]]:
        for start, piece in pieces(c):
            yield np.flatnonzero(as_bits(piece).view(np.bool_)) + start

    class_counts = np.fromiter(map(count, range(len(classes))), dtype=np.int64)
    return ColumnIndicator(n_samples, classes, class_counts, rows_of)


def _locate_in_rows(start: int, position: int, *, classes: NDArray[Any]) -> tuple[int, Any]:
    row, column = divmod(position, len(classes))
    return start + row, classes[column]
