"""Rows of any container: taking them, in the container's own kind."""

import sys
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.dependencies import is_pandas_dataframe, is_pandas_series
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import _safe_indexing


def is_dataframe(container: Any) -> bool:
    """Tell whether a container is an eager data frame (pandas, polars, pyarrow)."""
    return bool(nw.dependencies.is_into_dataframe(container))


def is_series(container: Any) -> bool:
    """Tell whether a container is a series (pandas, polars, pyarrow)."""
    return bool(nw.dependencies.is_into_series(container))


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
        return container.tocsr()[indices].asformat(container.format)
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
    rows = _safe_indexing(container, indices)
    return tuple(rows) if isinstance(container, tuple) else rows
