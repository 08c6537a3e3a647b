"""An indicator matrix in the layout that it has: its class counts, and sums and maxima over it.

Every entry is checked once, when the indicator is made, in the pass that counts the classes;
later passes trust what they read. All passes go block by block, so that a target in the form of
floats or objects is never converted as a whole.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mlresample import _kernels
from mlresample._containers import row_slices

BLOCK_SIZE = _kernels.FLOATS  # entries

Locate = Callable[[int], tuple[int, Any]]  # position in a block -> row and class name


class Indicator(ABC):
    """An indicator matrix of shape (n_samples, n_classes)."""

    n_samples: int
    classes: NDArray[Any]
    class_counts: NDArray[np.int64]
    column_name: Any = None  # of a single-label target, whose classes have other names

    @property
    def n_classes(self) -> int:
        """Number of columns."""
        return len(self.classes)

    @abstractmethod
    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        """Largest rank among each sample's classes, 0 for a sample without a class.

        Ranks are small unsigned integers, one a class.
        """

    @abstractmethod
    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        """Sum the weights of each class's samples; a sample's weight is values[its level]."""

    @abstractmethod
    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum each sample's classes' rows of `values`, of shape (n_classes, n_values)."""

    @abstractmethod
    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        """Count the samples of each rank that carry each class, of shape (n_ranks, n_classes)."""


class LabelIndicator(Indicator):
    """One class a sample, by its number."""

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
        for rows in row_slices(self.n_samples, BLOCK_SIZE):
            weights = values.take(levels[rows])
            counts += np.bincount(self._codes[rows], weights, minlength=self.n_classes)
        return counts

    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values.take(self._codes, axis=0)

    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        pairs = ranks.astype(np.int64) * self.n_classes + self._codes
        counts = np.bincount(pairs, minlength=n_ranks * self.n_classes)
        return counts.reshape(n_ranks, self.n_classes)


class DenseIndicator(Indicator):
    """An array in row order, of any type."""

    def __init__(self, array: NDArray[Any], classes: NDArray[Any]) -> None:
        self.n_samples, self.classes = len(array), classes
        self._array = array
        self.class_counts = np.zeros(len(classes), dtype=np.int64)
        for rows in self._rows(16 * BLOCK_SIZE // array.itemsize):
            values = np.ascontiguousarray(array[rows])
            bits = checked_bits(values, partial(_locate_in_rows, rows.start, classes=classes))
            self.class_counts += _kernels.count_bytes(bits)

    def _rows(self, n_entries: int) -> Iterator[slice]:
        return row_slices(self.n_samples, max(1, n_entries // self.n_classes))

    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        kernel = _kernels.bytes_maximum(ranks, self.n_samples)
        maximum = np.empty(self.n_samples, dtype=ranks.dtype)
        for rows in self._rows(4 * BLOCK_SIZE):
            maximum[rows] = kernel(_bits(np.ascontiguousarray(self._array[rows])))
        return maximum

    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        counts = np.zeros(self.n_classes)
        for rows in self._rows(4 * BLOCK_SIZE):
            block, own_levels = np.ascontiguousarray(self._array[rows]), levels[rows]
            weighted = _kernels.weighted_rows(values, own_levels)
            for piece in row_slices(len(weighted), max(1, BLOCK_SIZE // self.n_classes)):
                if len(weighted) == len(block):
                    bits, weights = _bits(block[piece]), values.take(own_levels[piece])
                else:
                    bits = _bits(block.take(weighted[piece], axis=0))
                    weights = values.take(own_levels.take(weighted[piece]))
                counts += weights @ bits.astype(np.float64)
        return counts

    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.empty((self.n_samples, values.shape[1]))
        for rows in self._rows(BLOCK_SIZE):
            bits = _bits(np.ascontiguousarray(self._array[rows]))
            sums[rows] = bits.astype(np.float64) @ values
        return sums

    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        counts = np.zeros((n_ranks, self.n_classes), dtype=np.int64)
        for rows in self._rows(16 * BLOCK_SIZE // self._array.itemsize):
            order = np.argsort(ranks[rows], kind="stable")
            block = np.ascontiguousarray(self._array[rows]).take(order, axis=0)
            sizes = np.bincount(ranks[rows], minlength=n_ranks)
            ends = np.cumsum(sizes)
            for rank in np.flatnonzero(sizes):
                of_rank = block[ends[rank] - sizes[rank] : ends[rank]]
                counts[rank] += _kernels.count_bytes(_bits(of_rank))
        return counts


class SparseRowIndicator(Indicator):
    """A matrix in CSR."""

    def __init__(self, matrix: Any, classes: NDArray[Any]) -> None:
        self.n_samples, self.classes = matrix.shape[0], classes
        self.class_counts = np.zeros(len(classes), dtype=np.int64)

        def locate(row: int, column: int) -> tuple[int, Any]:
            return row, classes[column]

        self._entries = _CompressedEntries(matrix, len(classes), locate)
        self._ones = np.ones(self._entries.most_in_a_block)
        for indices in self._entries.indices():
            self.class_counts += _kernels.count_sparse(indices, len(classes), self._ones)

    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        kernel = _kernels.sparse_maximum(ranks, self._entries.widest, self._ones)
        maximum = np.empty(self.n_samples, dtype=ranks.dtype)
        for rows, entries in self._entries.blocks():
            maximum[rows] = kernel(entries)
        return maximum

    def weighted_class_counts(
        self, values: NDArray[np.float64], levels: NDArray[Any]
    ) -> NDArray[np.float64]:
        counts = np.zeros(self.n_classes)
        for rows, entries in self._entries.blocks():
            counts += _kernels.weighted_count_sparse(
                entries, self.n_classes, values, levels[rows], self._ones
            )
        return counts

    def row_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.empty((self.n_samples, values.shape[1]))
        for rows, entries in self._entries.blocks():
            shape = rows.stop - rows.start, self.n_classes
            ones = self._ones[: len(entries[1])]
            sums[rows] = _kernels.compressed(csr_array, entries, ones, shape) @ values
        return sums

    def joint_counts(self, ranks: NDArray[Any], n_ranks: int) -> NDArray[np.int64]:
        counts = np.zeros((n_ranks, self.n_classes), dtype=np.int64)
        for rows, (indptr, indices) in self._entries.blocks():
            pairs = np.repeat(ranks[rows].astype(np.int64) * self.n_classes, np.diff(indptr))
            pairs += indices
            if len(pairs) < counts.size:
                np.add.at(counts.reshape(-1), pairs, 1)
            else:
                counts += np.bincount(pairs, minlength=counts.size).reshape(counts.shape)
        return counts


class ColumnIndicator(Indicator):
    """Columns, each a list of the rows that carry its class: CSC, Fortran order, data frames."""

    def __init__(
        self,
        n_samples: int,
        classes: NDArray[Any],
        class_counts: NDArray[np.int64],
        rows_of: Callable[[int], Iterable[NDArray[Any]]],
    ) -> None:
        """Take a function from the number of a class to its rows, in pieces."""
        self.n_samples, self.classes, self.class_counts = n_samples, classes, class_counts
        self._rows_of = rows_of

    def row_maximum(self, ranks: NDArray[Any]) -> NDArray[Any]:
        maximum = np.zeros(self.n_samples, dtype=ranks.dtype)
        for c in np.argsort(ranks, kind="stable"):
            if ranks[c]:
                for rows in self._rows_of(c):
                    maximum[rows] = ranks[c]  # no larger rank stands there yet
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


def sparse_column_indicator(matrix: Any, classes: NDArray[Any]) -> ColumnIndicator:
    """Read CSC by columns."""

    def locate(column: int, row: int) -> tuple[int, Any]:
        return row, classes[column]

    n_samples = matrix.shape[0]
    entries = _CompressedEntries(matrix, n_samples, locate)

    def rows_of(c: int) -> Iterator[NDArray[Any]]:
        _, rows = entries.read(slice(c, c + 1))
        return (rows[piece] for piece in row_slices(len(rows), BLOCK_SIZE))

    return ColumnIndicator(n_samples, classes, entries.lengths(), rows_of)


def dense_column_indicator(
    n_samples: int, classes: NDArray[Any], column: Callable[[int], NDArray[Any]]
) -> ColumnIndicator:
    """Read columns by themselves; `column` gives one as a one-dimensional array."""

    def pieces(c: int) -> Iterator[tuple[int, NDArray[Any]]]:
        values = column(c)
        for rows in row_slices(n_samples, BLOCK_SIZE):
            yield rows.start, np.ascontiguousarray(values[rows])

    def count(c: int) -> int:
        locate = partial(_locate_in_rows, classes=classes[c : c + 1])
        bits = (checked_bits(piece, partial(locate, start)) for start, piece in pieces(c))
        return sum(map(np.count_nonzero, bits))

    def rows_of(c: int) -> Iterator[NDArray[Any]]:
        for start, piece in pieces(c):
            yield np.flatnonzero(_bits(piece).view(np.bool_)) + start

    class_counts = np.fromiter(map(count, range(len(classes))), dtype=np.int64)
    return ColumnIndicator(n_samples, classes, class_counts, rows_of)


def _locate_in_rows(start: int, position: int, *, classes: NDArray[Any]) -> tuple[int, Any]:
    row, column = divmod(position, len(classes))
    return start + row, classes[column]


# -- compressed matrices -----------------------------------------------------------------------


class _CompressedEntries:
    """The ones of a matrix in CSR, or of the transpose of one in CSC, in blocks of rows."""

    def __init__(self, matrix: Any, n_columns: int, locate: Callable[[int, int], Any]) -> None:
        self._indptr, self._indices, self._data = matrix.indptr, matrix.indices, matrix.data
        self._n_columns = n_columns
        if self._indptr[-1] <= np.iinfo(self._indices.dtype).max:
            # SciPy's products would widen the indices if the two were of different types.
            self._indptr = self._indptr.astype(self._indices.dtype, copy=False)
        if self._indptr[0] != 0 or self._indptr[-1] > len(self._indices):
            raise ValueError("y is broken: its indptr does not go from 0 to its entries.")
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
            near = self._indptr[start : start + BLOCK_SIZE + 1]
            full = start + int(np.searchsorted(near, int(near[0]) + BLOCK_SIZE, side="right")) - 1
            stop = min(max(start + 1, full), start + BLOCK_SIZE, n_rows)
            yield slice(start, stop)
            start = stop

    def _raw(self, rows: slice) -> tuple[_kernels.Entries, NDArray[Any]]:
        indptr = self._indptr[rows.start : rows.stop + 1]
        entries = slice(indptr[0], indptr[-1])
        return (indptr - indptr[0], self._indices[entries]), self._data[entries]

    def _canonical(self, rows: slice) -> csr_array:
        entries, data = self._raw(rows)
        shape = rows.stop - rows.start, self._n_columns
        matrix = _kernels.compressed(csr_array, entries, data, shape).copy()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix

    def _check(self, rows: slice, locate: Callable[[int, int], Any]) -> None:
        (indptr, indices), data = self._raw(rows)
        lengths = np.diff(indptr)
        if lengths.min() < 0:
            raise ValueError("y is broken: its indptr does not ascend.")
        self.widest = max(self.widest, min(int(lengths.max()), self._n_columns))
        if len(indices) and not 0 <= indices.min() <= indices.max() < self._n_columns:
            raise ValueError("y is broken: it has indices outside its shape.")
        if _ascend(indptr, indices, lengths) and (data == 1).all():
            return
        canonical = self._canonical(rows)
        self._clean &= canonical.nnz == len(indices)  # else it is merely in another order

        def locate_entry(position: int) -> tuple[int, Any]:
            row = int(np.searchsorted(canonical.indptr, position, side="right")) - 1
            return locate(rows.start + row, canonical.indices[position])

        checked_bits(canonical.data, locate_entry)

    def read(self, rows: slice) -> _kernels.Entries:
        """Give indptr and indices of some rows, without duplicates and explicit zeros."""
        if self._clean:
            return self._raw(rows)[0]
        matrix = self._canonical(rows)
        return matrix.indptr, matrix.indices

    def indices(self) -> Iterator[NDArray[Any]]:
        """Give the indices alone, in the same blocks."""
        for rows in self._blocks:
            if self._clean:
                yield self._indices[self._indptr[rows.start] : self._indptr[rows.stop]]
            else:
                yield self.read(rows)[1]

    def blocks(self) -> Iterator[tuple[slice, _kernels.Entries]]:
        """Give all rows with their indptr and indices, in blocks."""
        return ((rows, self.read(rows)) for rows in self._blocks)

    def lengths(self) -> NDArray[np.int64]:
        """Count the ones of each row."""
        lengths = [np.diff(indptr) for _, (indptr, _) in self.blocks()]
        return np.concatenate(lengths).astype(np.int64)


def _ascend(indptr: NDArray[Any], indices: NDArray[Any], lengths: NDArray[Any]) -> bool:
    """Return whether the indices ascend within each row, so that none stands twice."""
    if len(indices) == 0:
        return True
    falls = np.zeros(len(indices), dtype=np.bool_)  # from an entry to the next
    np.less_equal(indices[1:], indices[:-1], out=falls[:-1])
    at_ends = falls.take(indptr[1:] - 1, mode="wrap") & (lengths > 0)  # of rows
    return bool(np.count_nonzero(falls) == np.count_nonzero(at_ends))


# -- zeros and ones ----------------------------------------------------------------------------


def _bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Turn zeros and ones of any dtype, which have been checked, into uint8."""
    if values.dtype.kind == "b" or values.dtype == np.uint8:
        return values.view(np.uint8)
    return np.asarray(values == 1).view(np.uint8)


def checked_bits(values: NDArray[Any], locate: Locate) -> NDArray[np.uint8]:
    """Turn zeros and ones of any dtype into uint8; anything else is an error that says where."""
    check_kind(values.dtype)
    if values.dtype.kind in "US":
        raise _not_an_indicator(values.flat[0], *locate(0))
    if values.dtype.kind == "b" or values.dtype == np.uint8:
        bits = _bits(values)
        numbers: NDArray[Any] = bits
        if bits.max(initial=0) <= 1:
            return bits
    else:
        numbers = _as_numbers(values) if values.dtype.kind == "O" else values
        bits = _bits(numbers)
        if np.count_nonzero(bits) == np.count_nonzero(numbers != 0):  # every nonzero is a one
            return bits
    position = int(np.flatnonzero((numbers != 0) & (numbers != 1))[0])
    raise _not_an_indicator(values.flat[position], *locate(position))


def check_kind(dtype: Any) -> None:
    """Refuse what holds neither zeros and ones nor labels."""
    if dtype.kind not in "buifOUS":
        raise ValueError(f"y must hold 0 and 1 or class labels, got dtype {dtype}.")


def _as_numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Objects as floats; what is no number becomes NaN."""
    if all(issubclass(kind, Real | np.bool_) for kind in set(map(type, values.flat))):
        return values.astype(np.float64)
    numbers = (float(v) if isinstance(v, Real | np.bool_) else np.nan for v in values.flat)
    return np.fromiter(numbers, dtype=np.float64, count=values.size).reshape(values.shape)


def plain(value: Any) -> Any:
    """Turn a NumPy scalar into Python's own, which reads better in a message."""
    return value.item() if isinstance(value, np.generic) else value


def _not_an_indicator(value: Any, row: int, name: Any) -> ValueError:
    """Say what was found where, and the way out."""
    value, name = plain(value), plain(name)
    if isinstance(value, str) and value in ("0", "1"):
        way_out = "Turn the strings into numbers with `y.astype(int)`."
    elif not isinstance(value, Real):
        way_out = (
            "Lists of labels become an indicator matrix with "
            "sklearn.preprocessing.MultiLabelBinarizer; missing values must be filled or their "
            "rows dropped."
        )
    elif value != value:
        way_out = "Fill missing values or drop their rows."
    elif float(value).is_integer():
        way_out = (
            "For counts, such as boxes an image, pass `y > 0`; lists of class numbers become an "
            "indicator matrix with sklearn.preprocessing.MultiLabelBinarizer."
        )
    else:
        way_out = "For scores or soft labels, pass `y >= threshold`."
    return ValueError(
        f"y must hold only 0 and 1, got {value!r} in row {row}, class {name!r}. {way_out}"
    )
