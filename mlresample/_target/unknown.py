"""Unknown entries of a target, which nobody looked at: those of a value, or those of a mask."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, issparse

from mlresample._target.bits import as_numbers
from mlresample._utils.names import plain

OfPiece = Callable[[NDArray[Any], Any], NDArray[Any]]  # from values, and their place in the target


def is_value(unknown: Any) -> bool:
    """Check whether `unknown` is a value that stands for unknown entries, not a mask of these."""
    return isinstance(unknown, Real | np.bool_)


def check_unknown_value(unknown: Any) -> Any:
    """Return `unknown` if it is a value or None; a mask could not be sliced as folds slice y."""
    if unknown is None or is_value(unknown):
        return unknown
    raise ValueError(
        f"unknown must be None or the number that stands for unknown entries of y, such as -1 or "
        f"nan, got {type(unknown).__name__}. A mask would not follow the rows of y: put the "
        f"number into y instead, for example by np.where(mask, -1, y)."
    )


def split_unknown(matrix: Any, unknown: Any) -> tuple[Any, Any]:
    """Return the target with 0 for its unknown entries, and the mask of these.

    `unknown` is a value, or a mask as an array or a sparse matrix of bools. An array, or what has
    its shape and indexing, is not copied: its pieces are changed as they are read.
    """
    if not is_value(unknown):
        if issparse(matrix):
            known, _ = _split_sparse(matrix, lambda stored: _are_in(unknown, stored))
            return known, type(known)(unknown)
        mask = unknown.toarray() if issparse(unknown) else unknown
        return AsRead(matrix, lambda values, place: with_zeros(values, mask[place])), mask
    value = plain(unknown)
    if value in (0, 1):
        raise ValueError(
            f"unknown must be another value than 0 and 1, which mean negative and positive, got "
            f"{value!r}."
        )
    if issparse(matrix):
        return _split_sparse(matrix, lambda stored: are_equal(stored.data, value))
    return (
        AsRead(matrix, lambda values, _: with_zeros(values, are_equal(values, value))),
        AsRead(matrix, lambda values, _: are_equal(values, value)),
    )


class AsRead:
    """An array whose pieces are changed as they are read: slices of rows, and single columns."""

    def __init__(self, array: Any, change: OfPiece) -> None:
        self._array, self._change = array, change
        self.shape = array.shape
        self.strides = getattr(array, "strides", None)
        self.itemsize = getattr(array, "itemsize", None)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, tuple):
            _, column = place
            return AsRead(
                self._array[place], lambda values, rows: self._change(values, (rows, column))
            )
        return self._change(self._array[place], place)


def with_zeros(values: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the values with 0 where the mask is True."""
    return np.where(mask, np.zeros((), dtype=values.dtype), values)


def are_equal(values: NDArray[Any], value: Any) -> NDArray[np.bool_]:
    """Return a mask of the entries that have the value; nan stands for all that is missing."""
    if values.dtype.kind not in "buifO":  # refused elsewhere
        return np.zeros(values.shape, dtype=np.bool_)
    if value != value:
        return _are_missing(values)
    numbers = as_numbers(values) if values.dtype.kind == "O" else values
    return np.asarray(numbers == value)


def _are_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind != "O":
        return np.asarray(values != values)
    pandas = nw.dependencies.get_pandas()  # which has a missing value besides NaN and None
    if pandas is not None:
        return np.asarray(pandas.isna(values))
    return np.asarray((values != values) | (values == np.array(None)))


# -- sparse matrices ---------------------------------------------------------------------------


def _split_sparse(matrix: Any, find: Callable[[Any], NDArray[np.bool_]]) -> tuple[Any, Any]:
    """Split the stored entries into known and unknown ones, of which `find` returns a mask."""
    kind = csc_array if matrix.format == "csc" else csr_array
    stored = kind(matrix)
    stored.check_format(full_check=True)
    if not stored.has_canonical_format:
        stored = stored.copy()
        stored.sum_duplicates()
    are_unknown = find(stored)
    known = with_zeros(stored.data, are_unknown)
    return _with_data(stored, known), _with_data(stored, are_unknown)


def _with_data(stored: Any, data: NDArray[Any]) -> Any:
    """Return a matrix with other data in the same places, without explicit zeros."""
    entries = data, stored.indices.copy(), stored.indptr.copy()
    matrix = type(stored)(entries, shape=stored.shape)
    matrix.eliminate_zeros()
    return matrix


def _are_in(mask: Any, stored: Any) -> NDArray[np.bool_]:
    """Return which of the stored entries are in the mask."""
    from_one = np.arange(1, stored.nnz + 1)
    numbered = type(stored)((from_one, stored.indices, stored.indptr), shape=stored.shape)
    found = numbered.multiply(type(stored)(mask)).data - 1
    are_in = np.zeros(stored.nnz, dtype=np.bool_)
    are_in[found] = True
    return are_in
