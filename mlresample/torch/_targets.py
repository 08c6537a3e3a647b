"""The target of a dataset, without loading images if that can be avoided."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import Any

import narwhals as nw
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse, vstack
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset

from mlresample._target.read import as_array
from mlresample._utils.containers import is_dataframe, take_rows
from mlresample.torch._datasets import ResampledDataset


def collect_targets(
    dataset: Any,
    labels: str | Callable[[int], Any] | None = None,
    *,
    n_classes: int | None = None,
    progress: bool = False,
) -> Any:
    """Collect the target of a dataset, for :func:`mlresample.plan_resampling`.

    Parameters
    ----------
    dataset : map-style dataset
        A torch Dataset, a Hugging Face dataset, or a Subset or ConcatDataset of these.
    labels : str or callable, default=None
        Source of the labels: the name of a column or attribute, or a function from a sample's
        number in `dataset` to its labels, such as ``lambda i: dataset.annotations[i].classes``.
        By default the column or attribute ``targets`` or ``labels``, or the last tensor of a
        TensorDataset that has several.
    n_classes : int, default=None
        If set, labels are class numbers from 0 to ``n_classes - 1``, one or any number of them
        per sample; a repeated one counts once. Otherwise labels are rows of an indicator matrix,
        or one class label per sample.
    progress : bool, default=False
        Whether to report progress on standard error while a function is called for each sample.

    Returns
    -------
    y : {array-like, sparse array, tensor} of shape (n_samples, n_classes) or (n_samples,)
        Indicator matrix (a sparse one if `n_classes` is set) or class labels. The result of a
        function can be indexed by a list of positions.

    Raises
    ------
    TypeError
        If the dataset is not map-style, or has no labels in the place that was searched.
    ValueError
        If a class number is outside the range, labels and dataset differ in length, or `labels`
        is a function and `dataset` is, wraps or concatenates a Subset or ResampledDataset.

    Notes
    -----
    A Subset renumbers its samples, so it would be unclear which number a function receives. Pass
    the dataset behind it, and take the rows of the subset:
    ``collect_targets(subset.dataset, function)[subset.indices]``. In a ConcatDataset the numbers
    continue from part to part; ``dataset.select`` of Hugging Face returns a dataset that is
    numbered from 0.

    Attributes are read as they are, without a ``target_transform``.

    Examples
    --------
    >>> from mlresample.torch import collect_targets
    >>> class Birds:
    ...     targets = [[0], [0, 2], [], [0, 0, 1]]
    ...     def __len__(self):
    ...         return 4
    >>> collect_targets(Birds(), n_classes=3).toarray()
    array([[1, 0, 0],
           [1, 0, 1],
           [0, 0, 0],
           [1, 1, 0]], dtype=uint8)
    """
    _check_parameters(dataset, labels, n_classes)
    if not callable(labels):
        found = _find(dataset, labels)
    else:
        _refuse_renumbered(dataset)
        found = _stacked([labels(i) for i in _counted(len(dataset), progress)])
    return found if n_classes is None else _class_numbers_to_indicator(found, int(n_classes))


def _check_parameters(dataset: Any, labels: Any, n_classes: Any) -> None:
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        raise TypeError(
            f"{type(dataset).__name__} is not a map-style dataset: the labels of an "
            f"iterable-style one cannot be read by index. Make the target from its label file."
        )
    if not (labels is None or isinstance(labels, str) or callable(labels)):
        raise TypeError(
            f"labels must be the name of a column or attribute, or a function from a sample's "
            f"number to its labels, got {type(labels).__name__}. To use labels "
            f"directly, pass them to plan_resampling."
        )
    if n_classes is not None and (
        isinstance(n_classes, bool) or not isinstance(n_classes, int | np.integer) or n_classes < 1
    ):
        raise ValueError(f"n_classes must be None or an integer >= 1, got {n_classes!r}.")


# -- functions ---------------------------------------------------------------------------------


def _refuse_renumbered(dataset: Any) -> None:
    """Raise an error if a Subset or ResampledDataset is anywhere inside the dataset."""
    pending, seen = [dataset], set()
    while pending:
        inner = pending.pop()
        if isinstance(inner, Subset | ResampledDataset):
            kind = type(inner).__name__
            where = "" if inner is dataset else f", which the {type(dataset).__name__} holds"
            raise ValueError(
                f"labels must not be a function for a {kind}{where}: it renumbers its samples, so "
                f"it is unclear which number is meant. Pass the dataset behind it and take its "
                f"rows, collect_targets(subset.dataset, labels)[subset.indices]; or pass the "
                f"name of an attribute or a column."
            )
        if id(inner) not in seen:
            seen.add(id(inner))
            for value in getattr(inner, "__dict__", {}).values():
                if isinstance(value, dict):
                    value = list(value.values())
                parts = value if isinstance(value, list | tuple) else [value]
                pending += [part for part in parts if isinstance(part, Dataset)]


def _stacked(rows: list[Any]) -> Any:
    """Stack rows into an array or tensor that a list of positions indexes."""
    rows = _stacked_tensors(rows)
    if torch.is_tensor(rows):
        return rows
    try:
        return as_array(rows)
    except (TypeError, ValueError):  # of different lengths
        return np.fromiter(rows, dtype=object, count=len(rows))


def _stacked_tensors(rows: Any) -> Any:
    """Stack tensors of one shape; return anything else as it is."""
    if not (isinstance(rows, list | tuple) and rows and all(map(torch.is_tensor, rows))):
        return rows
    return torch.stack(list(rows)) if len({row.shape for row in rows}) == 1 else rows


def _counted(n_samples: int, progress: bool) -> Iterator[int]:
    latest = time.monotonic()
    for i in range(n_samples):
        if progress and time.monotonic() - latest > 1:
            latest = time.monotonic()
            print(f"\rlabels of {i:,} of {n_samples:,} samples", end="", file=sys.stderr)
        yield i
    if progress:
        print(f"\rlabels of {n_samples:,} of {n_samples:,} samples", file=sys.stderr)


# -- columns and attributes --------------------------------------------------------------------


def _find(dataset: Any, name: str | None) -> Any:
    if isinstance(dataset, Subset | ResampledDataset):
        indices = np.asarray(dataset.indices)
        if len(indices) and indices.dtype.kind not in "iu":
            raise TypeError(
                f"indices of {type(dataset).__name__} must be integer positions, got "
                f"{indices.dtype}; convert a mask by np.flatnonzero."
            )
        return take_rows(_find(dataset.dataset, name), indices.astype(np.int64))
    if isinstance(dataset, ConcatDataset):
        return _concatenated([_find(part, name) for part in dataset.datasets])
    if name is None and isinstance(dataset, TensorDataset):
        if len(dataset.tensors) == 1:
            raise TypeError("A TensorDataset of one tensor has only inputs, and no labels.")
        return _checked(dataset.tensors[-1], dataset, "tensors[-1]")
    names = ("targets", "labels") if name is None else (name,)
    for place in names:
        if place in (getattr(dataset, "column_names", None) or ()):  # of a Hugging Face dataset
            return dataset.with_format(None)[place][:]
        found = getattr(dataset, place, None)
        if found is not None:
            return _checked(found, dataset, place)
    raise TypeError(
        f"{type(dataset).__name__} has no {' or '.join(map(repr, names))}: pass as labels the "
        f"name of a column or attribute, or a function from a sample's number to its labels."
    )


def _checked(found: Any, dataset: Any, name: str) -> Any:
    """Return the labels in an attribute, which must hold those of each sample."""
    place = f"{name!r} of {type(dataset).__name__}"
    if torch.is_tensor(found) and found.is_nested:
        found = list(found.unbind())
    if torch.is_tensor(found) and found.layout is not torch.strided:
        raise TypeError(
            f"{place} is a tensor of layout {found.layout}: pass its to_dense() to "
            f"plan_resampling."
        )
    is_sized = hasattr(found, "shape") or hasattr(found, "__len__")
    if isinstance(found, str | Mapping) or not is_sized:
        raise TypeError(
            f"{place} must hold the labels of each sample in order, got "
            f"{type(found).__name__}: pass as labels a function from a sample's number to its "
            f"labels."
        )
    shape = found.shape if hasattr(found, "shape") else (len(found),)
    if tuple(shape[:1]) != (len(dataset),):
        raise ValueError(
            f"{place} must have one row per sample, {len(dataset):,} in all, got shape "
            f"{tuple(shape)}: pass as labels a function from a sample's number to its labels."
        )
    return _stacked_tensors(found)


def _concatenated(parts: list[Any]) -> Any:
    if any(map(is_dataframe, parts)):  # different names or orders of columns are an error
        return nw.concat([nw.from_native(part, eager_only=True) for part in parts]).to_native()
    if any(map(issparse, parts)):
        return vstack([csr_array(part) for part in parts], format="csr")
    if all(map(torch.is_tensor, parts)):
        return torch.cat(parts)
    if any(isinstance(part, list | tuple) for part in parts):
        return [row for part in parts for row in part]
    arrays = [as_array(part) for part in parts]
    n_strings = sum(array.dtype.kind in "US" for array in arrays)
    mixed = 0 < n_strings < len(arrays)  # NumPy would turn all into strings
    return np.concatenate(arrays, dtype=object if mixed else None)


# -- class numbers -----------------------------------------------------------------------------


def _class_numbers_to_indicator(labels: Any, n_classes: int) -> csr_array:
    """Convert class numbers, one or several per sample, to an indicator matrix."""
    if issparse(labels) or is_dataframe(labels):
        raise ValueError(
            f"With n_classes, labels must be class numbers for each sample, got a "
            f"{type(labels).__name__}: leave out n_classes for an indicator matrix."
        )
    rows = [_class_numbers(row, i, n_classes) for i, row in enumerate(labels)]
    if rows and n_classes > 1 and all(map(_is_indicator_row, labels, repeat(n_classes))):
        raise ValueError(
            f"The labels of each sample are {n_classes} numbers that are 0 or 1, as in an "
            f"indicator matrix: leave out n_classes, or pass class numbers as sets."
        )
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.concatenate([np.empty(0, dtype=np.int64), *rows])
    ones = np.ones(len(indices), dtype=np.uint8)
    return csr_array((ones, indices, indptr), shape=(len(rows), n_classes))


def _class_numbers(row: Any, i: int, n_classes: int) -> NDArray[np.int64]:
    row = row.cpu() if torch.is_tensor(row) else row
    numbers = np.asarray(list(row) if isinstance(row, set | frozenset) else row)
    if np.ma.is_masked(row) or (numbers.size and numbers.dtype.kind not in "iu"):
        raise ValueError(
            f"The labels of sample {i} must be class numbers, since n_classes is set, got {row!r}."
        )
    numbers = np.unique(numbers).astype(np.int64)
    if len(numbers) and not 0 <= numbers[0] <= numbers[-1] < n_classes:
        raise ValueError(
            f"The labels of sample {i} must be from 0 to {n_classes - 1}, got {row!r}."
        )
    return numbers


def _is_indicator_row(row: Any, n_classes: int) -> bool:
    is_sequence = hasattr(row, "__len__") and not isinstance(row, set | frozenset)
    return is_sequence and len(row) == n_classes and all(0 <= label <= 1 for label in row)
