"""Take rows of any container, keeping its kind."""

import sys
from collections.abc import Iterator
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.dependencies import is_pandas_dataframe, is_pandas_series
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack

_CHUNK = 1 << 15  # rows
_SHORT = 64  # entries per row on average


def row_slices(n_rows: int, step: int, first: int = 0) -> Iterator[slice]:
    """Cut the rows from `first` on into slices of `step` rows; the last may be shorter."""
    return (slice(start, min(start + step, n_rows)) for start in range(first, n_rows, step))


def is_dataframe(container: Any) -> bool:
    """Check whether a container is an eager data frame (pandas, polars, pyarrow)."""
    return not _is_matrix(container) and bool(nw.dependencies.is_into_dataframe(container))


def is_series(container: Any) -> bool:
    """Check whether a container is a series (pandas, polars, pyarrow)."""
    return not _is_matrix(container) and bool(nw.dependencies.is_into_series(container))


def _is_matrix(container: Any) -> bool:
    return isinstance(container, np.ndarray) or bool(issparse(container))


def is_tensor(container: Any) -> bool:
    """Check whether a container is a torch tensor, without importing torch."""
    return _is_instance_of(container, "torch", "Tensor")


def _is_instance_of(container: Any, module: str, *names: str) -> bool:
    """Check whether an object is of a class of an optional module, without importing it."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(
        container, tuple(getattr(loaded, name) for name in names)
    )


def take_rows(container: Any, indices: NDArray[np.int64]) -> Any:
    """Return rows by index, keeping kind, dtype and column names.

    pandas objects get a new RangeIndex, and memory-mapped arrays are returned in memory. Arrays of
    other libraries whose rows cannot be indexed become NumPy arrays. Apart from these, and from
    sparse formats other than CSR, which are converted to CSR and back, no memory of the
    container's size is used besides the result.
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
    if _is_instance_of(container, "pyarrow", "Array", "RecordBatch"):
        return container.take(indices)
    if _is_instance_of(container, "datasets", "Dataset"):  # of Hugging Face
        return container.select(indices)
    if hasattr(container, "shape"):
        return _take_array_rows(container, indices)
    if hasattr(container, "__array__") and not hasattr(container, "__getitem__"):
        return np.asarray(container).take(indices, axis=0)
    return _take_items(container, indices)


def append_rows(container: Any, rows: Any) -> Any:
    """Return a container with the rows of an array or a CSR matrix below its own.

    Kind and dtype stay. Arrays of other libraries become NumPy arrays.
    """
    if issparse(container):
        below = type(container)(rows.astype(container.dtype))
        return type(container)(vstack([container, below], format=container.format))
    dense = rows.toarray() if issparse(rows) else rows
    if is_tensor(container):
        torch = sys.modules["torch"]
        return torch.cat([container, torch.from_numpy(dense).to(container)])
    if is_pandas_dataframe(container):
        below = type(container)(dense, columns=container.columns).astype(container.dtypes)
        return sys.modules["pandas"].concat([container, below], ignore_index=True)
    if is_dataframe(container):
        frame = nw.from_native(container, eager_only=True)
        columns = dict(zip(frame.columns, dense.T, strict=True))
        below = nw.from_dict(columns, backend=frame.implementation)
        cast = [nw.col(name).cast(dtype) for name, dtype in frame.schema.items()]
        return nw.concat([frame, below.select(cast)]).to_native()
    if isinstance(container, list | tuple):
        kind = type(container[0]) if len(container) else list
        below = [row if kind is np.ndarray else kind(row.tolist()) for row in dense]
        return type(container)([*container, *below])
    array = np.asarray(container)
    return np.concatenate([array, dense], dtype=array.dtype, casting="unsafe")


def _take_array_rows(array: Any, indices: NDArray[np.int64]) -> Any:
    """Return rows of another library's array (JAX, h5py), or of a memoryview.

    Its own take() is not used: without an axis it may flatten the array, or mean something else.
    Some libraries cannot index by arrays, or only by ascending ones.
    """
    shape = (len(indices), *array.shape[1:])
    try:
        rows = array[indices]
        if tuple(rows.shape) == shape:
            return rows
    except Exception:  # each library raises its own
        pass
    rows = np.asarray(array)
    if rows.shape != tuple(array.shape):
        raise ValueError(
            f"The rows of {type(array).__name__} cannot be indexed, and it cannot be converted to "
            f"an array: pass a NumPy array."
        )
    return rows.take(indices, axis=0)


def _take_items(sequence: Any, indices: NDArray[np.int64]) -> list[Any] | tuple[Any, ...]:
    """Return items of a list, a tuple or another sequence."""
    items: list[Any] = []
    if isinstance(sequence, list | tuple) and _begins_with_all(indices, len(sequence)):
        items.extend(sequence)  # all at once, which is several times as fast
    for part in row_slices(len(indices), _CHUNK, len(items)):
        items.extend(map(sequence.__getitem__, indices[part].tolist()))
    return tuple(items) if isinstance(sequence, tuple) else items


def _take_sparse_rows(matrix: Any, indices: NDArray[np.int64]) -> Any:
    """Return rows of a CSR matrix.

    SciPy copies row by row, which for short rows is several times slower than copying a block. So
    if the indices begin with all rows in order, those are copied as a block. SciPy also counts
    entries in the index type of the matrix, which may be too small for the result.
    """
    n_rows, n_columns = matrix.shape
    short = matrix.nnz < _SHORT * n_rows and len(indices) < 2 * n_rows
    n_first = n_rows if short and _begins_with_all(indices, n_rows) else 0
    n_entries, index_type = _count_entries(matrix, indices)
    if not n_first and index_type == matrix.indptr.dtype:
        return matrix[indices]
    taken = type(matrix)((len(indices), n_columns), dtype=matrix.dtype)
    taken.indptr = np.zeros(len(indices) + 1, dtype=index_type)
    taken.indices = np.empty(n_entries, dtype=index_type)
    taken.data = np.empty(n_entries, dtype=matrix.dtype)
    end = matrix.nnz if n_first else 0
    taken.indptr[: n_first + 1] = matrix.indptr[: n_first + 1]
    taken.indices[:end], taken.data[:end] = matrix.indices[:end], matrix.data[:end]
    longest = int(np.diff(matrix.indptr).max(initial=1))
    step = min(_CHUNK, np.iinfo(matrix.indptr.dtype).max // longest)
    for part in row_slices(len(indices), step, n_first):
        rows = matrix[indices[part]]
        taken.indptr[part.start + 1 : part.stop + 1] = rows.indptr[1:] + index_type.type(end)
        entries = slice(end, end + rows.nnz)
        taken.indices[entries], taken.data[entries] = rows.indices, rows.data
        end = entries.stop
    return taken


def _count_entries(matrix: Any, indices: NDArray[np.int64]) -> tuple[int, np.dtype[Any]]:
    """Count the entries of rows of a CSR matrix, and find an index type that can hold them."""
    n_entries = 0
    for part in row_slices(len(indices), _CHUNK):
        rows = indices[part]
        lengths = matrix.indptr[rows + 1] - matrix.indptr[rows]
        n_entries += int(lengths.sum(dtype=np.int64))
    index_type = matrix.indptr.dtype
    fits = n_entries <= np.iinfo(index_type).max
    return n_entries, index_type if fits else np.dtype(np.int64)


def _begins_with_all(indices: NDArray[np.int64], n_rows: int) -> bool:
    return len(indices) >= n_rows and all(
        np.array_equal(indices[rows], np.arange(rows.start, rows.stop))
        for rows in row_slices(n_rows, _CHUNK)
    )
