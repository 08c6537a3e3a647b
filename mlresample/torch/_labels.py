"""The target of a dataset, without loading an image where that can be helped."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array, issparse, vstack
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from mlresample._containers import take_rows


def dataset_target(
    dataset: Any,
    labels: str | Callable[[int], Any] | None = None,
    *,
    n_classes: int | None = None,
    progress: bool = False,
) -> Any:
    """Find a dataset's target, for :func:`mlresample.plan_resampling`.

    Parameters
    ----------
    dataset : map-style dataset
        A torch Dataset, a Hugging Face dataset, or a Subset or ConcatDataset of such.
    labels : str or callable, default=None
        Where the labels are: the name of a column or attribute, or a function from a sample's
        number to its labels, such as ``lambda i: dataset.annotations[i].classes``. By default
        the attribute ``targets`` or ``labels``, or the last tensor of a TensorDataset.
    n_classes : int, default=None
        If given, labels are class numbers from 0 to ``n_classes - 1``: one, or any number of
        them a sample, in which each class counts once. Else they are rows of an indicator
        matrix, or one class label a sample.
    progress : bool, default=False
        Whether to count on standard error while a function is asked for each sample.

    Returns
    -------
    y : {array-like, sparse array, tensor} of shape (n_samples, n_classes) or (n_samples,)
        Indicator matrix (a sparse one, where `n_classes` is given) or class labels.

    Raises
    ------
    TypeError
        If the dataset is not map-style, or has no labels where they were looked for.
    ValueError
        If a class number is outside the range.

    Examples
    --------
    >>> from mlresample.torch import dataset_target
    >>> class Birds:
    ...     targets = [[0], [0, 2], [], [0, 0, 1]]
    ...     def __len__(self):
    ...         return 4
    >>> dataset_target(Birds(), n_classes=3).toarray()
    array([[1, 0, 0],
           [1, 0, 1],
           [0, 0, 0],
           [1, 1, 0]], dtype=uint8)
    """
    found = _find(dataset, labels, progress)
    return found if n_classes is None else _class_numbers_to_indicator(found, n_classes)


def _find(dataset: Any, labels: Any, progress: bool) -> Any:
    if not hasattr(dataset, "__len__"):
        raise TypeError(
            f"{type(dataset).__name__} has no length: an iterable-style dataset cannot be asked "
            f"for its labels. Make the target from its label file."
        )
    if callable(labels):
        rows = [labels(i) for i in _counted(len(dataset), progress)]
        return torch.stack(rows) if all(map(torch.is_tensor, rows)) and _alike(rows) else rows
    if isinstance(dataset, Subset):
        whole = _find(dataset.dataset, labels, progress)
        return take_rows(whole, np.asarray(dataset.indices, dtype=np.int64))
    if isinstance(dataset, ConcatDataset):
        return _concatenate([_find(part, labels, progress) for part in dataset.datasets])
    if labels is not None and labels in getattr(dataset, "column_names", ()):
        return dataset.with_format(None)[labels][:]  # a Hugging Face dataset
    if labels is None and isinstance(dataset, TensorDataset):
        return dataset.tensors[-1]
    names = ("targets", "labels") if labels is None else (labels,)
    for name in names:
        if getattr(dataset, name, None) is not None:
            return getattr(dataset, name)
    raise TypeError(
        f"{type(dataset).__name__} has no {' or '.join(map(repr, names))}: pass labels= the name "
        f"of a column or attribute, or a function from a sample's number to its labels."
    )


def _alike(rows: list[torch.Tensor]) -> bool:
    return len({row.shape for row in rows}) == 1


def _concatenate(parts: list[Any]) -> Any:
    if any(map(issparse, parts)):
        return vstack([csr_array(part) for part in parts], format="csr")
    if all(map(torch.is_tensor, parts)):
        return torch.cat(parts)
    if all(isinstance(part, list) for part in parts):
        return [row for part in parts for row in part]
    return np.concatenate([part.cpu() if torch.is_tensor(part) else part for part in parts])


def _counted(n_samples: int, progress: bool) -> Iterator[int]:
    told = time.monotonic()
    for i in range(n_samples):
        if progress and time.monotonic() - told > 1:
            told = time.monotonic()
            print(f"\rlabels of {i:,} of {n_samples:,} samples", end="", file=sys.stderr)
        yield i
    if progress:
        print(f"\rlabels of {n_samples:,} of {n_samples:,} samples", file=sys.stderr)


def _class_numbers_to_indicator(labels: Iterable[Any], n_classes: int) -> csr_array:
    """One class number, or a collection of them, a sample; each class counts once."""
    rows = [_class_numbers(row, i, n_classes) for i, row in enumerate(labels)]
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.concatenate([np.empty(0, dtype=np.int64), *rows])
    ones = np.ones(len(indices), dtype=np.uint8)
    return csr_array((ones, indices, indptr), shape=(len(rows), n_classes))


def _class_numbers(row: Any, i: int, n_classes: int) -> Any:
    row = row.cpu() if torch.is_tensor(row) else row
    numbers = np.asarray(list(row) if isinstance(row, set | frozenset) else row)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise ValueError(f"The labels of sample {i} are not class numbers: {row!r}.")
    numbers = np.unique(numbers).astype(np.int64)
    if len(numbers) and not 0 <= numbers[0] <= numbers[-1] < n_classes:
        raise ValueError(
            f"The labels of sample {i}, {row!r}, are not all from 0 to {n_classes - 1}."
        )
    return numbers
