"""Check class counts, and put them into the order of class names."""

from typing import Any

import numpy as np
from narwhals.dependencies import is_pandas_series
from numpy.typing import ArrayLike, NDArray

from mlresample._utils.containers import is_dataframe
from mlresample._utils.names import as_classes, is_positional, listed


def checked_counts(class_counts: Any) -> NDArray[np.float64]:
    """Check class counts and return them as floats."""
    counts = np.asarray(class_counts)
    if np.ma.is_masked(class_counts):
        raise ValueError("class_counts has masked values.")
    if counts.ndim == 2 and len(counts) == 1 and not is_dataframe(class_counts):
        # The sum of a SciPy matrix over its rows. Columns of a frame may be in a different order.
        counts = np.ravel(counts)
    if counts.ndim != 1 or counts.dtype.kind not in "iuf":
        raise ValueError(
            f"class_counts must be numbers of shape (n_classes,), one per class, got "
            f"{class_counts!r} of shape {counts.shape}."
        )
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts % 1 == 0).all()):
        raise ValueError(f"class_counts must be whole numbers >= 0, got {class_counts!r}.")
    counts = counts.astype(np.float64)
    if counts.max(initial=0) > 2**53:
        raise ValueError(f"class_counts must be at most 2**53, got {counts.max():g}.")
    if not counts.any():
        raise ValueError("No class occurs: every count is 0.")
    return counts


def counts_by_name(
    class_counts: Any, class_names: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[Any] | None]:
    """Read class counts and their names; a dict or a pandas Series is read by its own names.

    They are put into the order of `class_names` if these are given.
    """
    names = None if class_names is None else as_classes(class_names)
    values = list(class_counts.values()) if isinstance(class_counts, dict) else class_counts
    counts = checked_counts(values)
    if isinstance(class_counts, dict):
        keys = list(class_counts)
    elif is_pandas_series(class_counts) and not is_positional(class_counts, names):
        keys = class_counts.index.tolist()
    else:
        return counts, names
    if names is None:
        return counts, as_classes(keys)
    position = {name: i for i, name in enumerate(keys)}
    if len(position) < len(keys) or set(position) != set(names.tolist()):
        raise ValueError(
            f"class_counts must name each of the {len(names)} classes once: "
            f"{listed(names.tolist())}; got {listed(keys)}. If y has no names, pass class_names "
            f"in the order of its columns."
        )
    return counts[[position[name] for name in names.tolist()]], names


def check_some_class_occurs(class_counts: NDArray[Any]) -> None:
    """Check that the target has a positive."""
    if not class_counts.any():
        raise ValueError("No class occurs in y: every entry is 0.")


def imbalance_per_class(
    counts: NDArray[Any], class_counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute the largest count over that of each class (IRLbl) that occurs before resampling.

    A class that resampling leaves out altogether has an infinite imbalance.
    """
    counts = counts[class_counts > 0]
    with np.errstate(divide="ignore"):
        return np.asarray(counts.max() / counts)
