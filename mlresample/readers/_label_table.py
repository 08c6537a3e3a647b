"""What every reader returns: ids, an indicator matrix and class names."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from mlresample._utils.names import count_of

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")  # 18 digits fit into int64


class LabelTable(NamedTuple):
    """Samples of a label file and their classes.

    Pass it on as ``plan_resampling(table.y, class_names=table.class_names)``.

    Attributes
    ----------
    ids : ndarray of shape (n_samples,)
        Ids of the samples, in the file's order: an object array of str.
    y : csr_array of shape (n_samples, n_classes)
        Indicator matrix of 0 and 1, uint8; or counts of instances, int64, if asked for.
    class_names : ndarray of shape (n_classes,)
        Names of the columns of `y`: int64 if all are integers, else an object array of str.
    """

    ids: NDArray[Any]
    y: csr_array
    class_names: NDArray[Any]

    def __repr__(self) -> str:
        n_samples, n_classes = self.y.shape
        n_without = n_samples - int(np.count_nonzero(np.diff(self.y.indptr)))
        return (
            f"LabelTable: {count_of(n_samples, 'sample')}, "
            f"{count_of(n_classes, 'class')}, {n_without:,} without a class"
        )


def label_table(
    ids: Iterable[str],
    columns: Iterable[Iterable[int]],
    class_names: NDArray[Any],
    values: NDArray[np.int64] | None = None,
) -> LabelTable:
    """Make a table from the numbers of the columns in which each sample has an entry.

    Entries are 1, or else `values`, in the same order.
    """
    indices, indptr = array("q"), array("q", [0])
    for row in columns:
        indices.extend(row)
        indptr.append(len(indices))
    n_samples = len(indptr) - 1
    data = np.ones(len(indices), dtype=np.uint8) if values is None else values
    entries = data, np.asarray(indices), np.asarray(indptr)
    y = csr_array(entries, shape=(n_samples, len(class_names)))
    y.sort_indices()
    return LabelTable(np.array(list(ids), dtype=object), y, class_names)


def object_table(
    ids: Iterable[str], samples: list[Counter[int]], class_names: NDArray[Any], instances: bool
) -> LabelTable:
    """Make a table from the objects of each column in each sample, counted if asked for."""
    values = None
    if instances:
        values = np.array([n for sample in samples for n in sample.values()], dtype=np.int64)
    return label_table(ids, samples, class_names, values)


def as_class_names(names: Sequence[str]) -> NDArray[Any]:
    """Return class names from a file as an array, of integers if all are written as such."""
    if all(map(_INTEGER.fullmatch, names)):
        return np.array([int(name) for name in names], dtype=np.int64)
    return np.array(names, dtype=object)


def check_class_names(class_names: ArrayLike, parameter: str = "class_names") -> NDArray[Any]:
    """Return class names from a caller as an array: distinct strings, or distinct integers."""
    if isinstance(class_names, dict | set | frozenset):
        kind = type(class_names).__name__
        raise ValueError(
            f"{parameter} must be a sequence of names in the order of the classes, got a {kind}."
        )
    names = np.asarray(class_names, dtype=object).tolist()
    names = [name.item() if isinstance(name, np.generic) else name for name in names]
    if not names:
        raise ValueError(f"{parameter} is empty; name at least one class.")
    kinds = {str if isinstance(name, str) else type(name) for name in names}
    if kinds not in ({str}, {int}):
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ValueError(f"{parameter} must be all strings or all integers, got {found}.")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise ValueError(f"{parameter} must differ, but {name!r} occurs {times} times.")
    return np.array(names, dtype=np.int64 if kinds == {int} else object)
