"""Rows of any container: taking them, in the container's own kind."""

import sys
from collections.abc import Iterator
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.dependencies import is_pandas_dataframe, is_pandas_series
from numpy.typing import NDArray
from scipy.sparse import issparse

from mlresample._sklearn import safe_indexing

_CHUNK = 1 << 15  # rows
_SHORT = 64  # entries a row on average


def row_slices(n_rows: int, step: int) -> Iterator[slice]:
    """Cut rows into slices of `step`, the last of what is left."""
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))


def is_dataframe(container: Any) -> bool:
    """Tell whether a container is an eager data frame (pandas, polars, pyarrow)."""
    return not _is_matrix(container) and bool(nw.dependencies.is_into_dataframe(container))


def is_series(container: Any) -> bool:
    """Tell whether a container is a series (pandas, polars, pyarrow)."""
    return not _is_matrix(container) and bool(nw.dependencies.is_into_series(container))


def _is_matrix(container: Any) -> bool:
    return isinstance(container, np.ndarray) or bool(issparse(container))


def is_tensor(container: Any) -> bool:
    """Tell whether a container is a torch tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(container, torch.Tensor)


def take_rows(container: Any, indices: NDArray[np.int64]) -> Any:
    """Take rows by index; kind, dtype and column names stay.

    pandas objects get a fresh RangeIndex, memory-mapped arrays come back in memory. Nothing
    of the container's size is held beside the result, except for sparse formats other than CSR,
    which are converted to it and back.
    """
    if issparse(container):
        return _take_sparse_rows(container.tocsr(), indices).asformat(container.format)
    if is_tensor(container):
        return container[sys.modules["torch"].from_numpy(indices).to(container.device)]
    if isinstance(container, np.ndarray):
        # take() is faster than indexing, but first copies a source that is not contiguous.
        contiguous = container.flags.c_contiguous
        rows = container.take(indices, axis=0) if contiguous else container[indices]
        return rows.view(np.ndarray) if isinstance(rows, np.memmap) else rows
    if is_pandas_dataframe(container) or is_pandas_series(container):
        rows = container.take(indices)
        if is_pandas_dataframe(container) and not rows.dtypes.equals(container.dtypes):
            rows = rows.astype(container.dtypes)  # pandas 2.1 widens sparse columns
        rows.index = range(len(rows))
        return rows
    if is_dataframe(container) or is_series(container):
        return nw.from_native(container, eager_only=True, allow_series=True)[indices].to_native()
    if hasattr(container, "take"):  # pandas.Index and extension arrays
        return container.take(indices)
    rows = safe_indexing(container, indices)
    return tuple(rows) if isinstance(container, tuple) else rows


def _take_sparse_rows(matrix: Any, indices: NDArray[np.int64]) -> Any:
    """Take rows of CSR.

    SciPy looks at each row by itself, which for short rows takes several times as long as
    copying them. So where all rows come first, in order, these are copied as a block.
    """
    n_rows, n_columns = matrix.shape
    short = matrix.nnz < _SHORT * n_rows and len(indices) < 2 * n_rows
    if not short or not _begins_with_all(indices, n_rows):
        return matrix[indices]
    copies = indices[n_rows:]
    n_entries = matrix.nnz + int((matrix.indptr[copies + 1] - matrix.indptr[copies]).sum())
    if n_entries > np.iinfo(matrix.indptr.dtype).max:
        return matrix[indices]
    taken = type(matrix)((len(indices), n_columns), dtype=matrix.dtype)
    taken.indptr = np.empty(len(indices) + 1, dtype=matrix.indptr.dtype)
    taken.indices = np.empty(n_entries, dtype=matrix.indices.dtype)
    taken.data = np.empty(n_entries, dtype=matrix.dtype)
    end_row, end = n_rows, matrix.nnz
    taken.indptr[: n_rows + 1] = matrix.indptr
    taken.indices[:end], taken.data[:end] = matrix.indices[:end], matrix.data[:end]
    for part in row_slices(len(copies), _CHUNK):
        rows = matrix[copies[part]]
        taken.indptr[end_row : end_row + rows.shape[0] + 1] = rows.indptr + end
        entries = slice(end, end + rows.nnz)
        taken.indices[entries], taken.data[entries] = rows.indices, rows.data
        end_row, end = end_row + rows.shape[0], entries.stop
    return taken


def _begins_with_all(indices: NDArray[np.int64], n_rows: int) -> bool:
    return len(indices) >= n_rows and all(
        np.array_equal(indices[rows], np.arange(rows.start, rows.stop))
        for rows in row_slices(n_rows, _CHUNK)
    )
