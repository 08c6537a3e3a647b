"""Merge classes that are too rare by themselves into parent classes."""

from __future__ import annotations

from typing import Any, overload

import narwhals as nw
import numpy as np
from narwhals.dependencies import is_pandas_dataframe
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, issparse

from mlresample._target.indicators import LabelIndicator
from mlresample._target.read import as_array, as_target
from mlresample._target.unknown import are_equal, check_unknown_value, split_unknown, with_zeros
from mlresample._utils.containers import is_dataframe, is_tensor
from mlresample._utils.names import as_classes, listed
from mlresample._utils.sklearn import validate_params
from mlresample._utils.typing import Y_


@overload
def merge_classes(
    y: list[Any] | tuple[Any, ...],
    parents: dict[Any, list[Any]],
    *,
    class_names: ArrayLike | None = None,
    unknown: float | None = None,
) -> tuple[NDArray[Any], NDArray[Any]]: ...
@overload
def merge_classes(
    y: Y_,
    parents: dict[Any, list[Any]],
    *,
    class_names: ArrayLike | None = None,
    unknown: float | None = None,
) -> tuple[Y_, NDArray[Any]]: ...
@validate_params(
    {
        "y": "no_validation",
        "parents": [dict],
        "class_names": ["array-like", None],
        "unknown": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def merge_classes(
    y: Any,
    parents: dict[Any, list[Any]],
    *,
    class_names: ArrayLike | None = None,
    unknown: float | None = None,
) -> tuple[Any, NDArray[Any]]:
    """Merge classes into parent classes; a sample carries a parent if it carries a child.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1.
    parents : dict of class to list of classes
        The children of each parent, by name. A parent may be a new class or a class of `y`, which
        keeps its samples. It takes the place of the first of the merged classes.
    class_names : array-like of shape (n_classes,), default=None
        Names of the classes; by default the column names of a data frame, or column numbers.
    unknown : float, default=None
        Value of the unknown entries of `y`, such as -1; nan stands for missing values of all
        kinds. A sample carries a parent if it carries a child; otherwise the parent is unknown if
        one of the children is.

    Returns
    -------
    y_merged : same kind as y, of shape (n_samples, n_classes_new)
        Indicator matrix without the children; an array if `y` is a list of rows.
    class_names_merged : ndarray of shape (n_classes_new,)
        Names of its classes.

    Raises
    ------
    ValueError
        If `y` is not an indicator matrix, a child is unknown, has two parents or is itself a
        parent, or only one class is left.

    Examples
    --------
    >>> from mlresample import merge_classes
    >>> y = [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    >>> y_merged, names = merge_classes(
    ...     y, {"cat": ["lynx", "ocelot"]}, class_names=["dog", "lynx", "ocelot"]
    ... )
    >>> y_merged
    array([[1, 0],
           [0, 1],
           [1, 1]])
    >>> names
    array(['dog', 'cat'], dtype=object)
    """
    unknown = check_unknown_value(unknown)
    indicator = as_target(y, class_names=class_names, unknown=unknown)
    if isinstance(indicator, LabelIndicator):
        raise ValueError(
            "y has one class per sample: replace the labels themselves, for example with "
            "np.where(np.isin(y, children), parent, y)."
        )
    groups = _groups(indicator.classes.tolist(), parents)
    value = None if indicator.unknown is None else unknown
    return _merged(y, list(groups.values()), list(groups), value), as_classes(list(groups))


def _groups(classes: list[Any], parents: dict[Any, list[Any]]) -> dict[Any, list[int]]:
    """Return the old columns of each new class, in the order of the new classes."""
    parent_of: dict[Any, Any] = {}
    known = set(classes)
    for parent, children in parents.items():
        if not isinstance(children, list | tuple) or not children:
            raise ValueError(f"parents[{parent!r}] must be a list of classes, got {children!r}.")
        for child in children:
            if child not in known:
                raise ValueError(
                    f"parents[{parent!r}] names the unknown class {child!r}; the classes are "
                    f"{listed(classes)}."
                )
            if parent_of.setdefault(child, parent) != parent:
                raise ValueError(f"class {child!r} has two parents.")
            if child in parents and child != parent:
                raise ValueError(f"class {child!r} is a child of {parent!r} and itself a parent.")
    groups: dict[Any, list[int]] = {}
    for column, name in enumerate(classes):
        groups.setdefault(parent_of.get(name, name), []).append(column)
    if len(groups) == 1:
        raise ValueError("parents merges all classes into one: at least two must be left.")
    return groups


def _merged(y: Any, groups: list[list[int]], names: list[Any], unknown: Any) -> Any:
    if is_dataframe(y):
        return _merged_frame(y, groups, names, unknown)
    if issparse(y):
        new_columns = np.repeat(np.arange(len(groups)), list(map(len, groups)))
        pairs = np.concatenate(groups), new_columns
        ones = np.ones(len(new_columns), dtype=np.int64)
        to_new = csr_array((ones, pairs), shape=(y.shape[1], len(groups)))
        if unknown is None:
            return type(y)((y.tocsr() @ to_new > 0).astype(y.dtype))
        known, mask = split_unknown(y, unknown)
        carried = csr_array(known @ to_new > 0)
        undecided = csr_array(mask @ to_new > 0) > carried
        return type(y)(carried.astype(y.dtype) + undecided.astype(y.dtype) * y.dtype.type(unknown))
    array = as_array(y)
    merged = np.empty((len(array), len(groups)), dtype=array.dtype)
    for k, group in enumerate(groups):
        merged[:, k] = _merged_columns(array[:, group], unknown)
    return y.new_tensor(merged) if is_tensor(y) else merged


def _merged_columns(columns: NDArray[Any], unknown: Any) -> NDArray[Any]:
    """Return whether a row has a one, or else an unknown entry, as one column."""
    if unknown is None:
        return np.asarray(columns.max(axis=1))
    mask = are_equal(columns, unknown)
    carried = with_zeros(columns, mask).max(axis=1)
    return np.where(mask.any(axis=1) & (carried == 0), unknown, carried)


def _merged_frame(y: Any, groups: list[list[int]], names: list[Any], unknown: Any) -> Any:
    frame = nw.from_native(y, eager_only=True)
    if is_pandas_dataframe(y):
        old = [y.iloc[:, column] for column in range(y.shape[1])]
    elif all(isinstance(name, str) for name in names):
        old = list(frame.iter_columns())
    else:
        raise ValueError(
            f"Class names must be strings for a data frame of this kind, got {names}."
        )
    merged = []
    for group, name in zip(groups, names, strict=True):
        like = old[group[0]]  # the column whose type the merged one has
        if len(group) > 1:
            dtype = np.uint8 if unknown is None else None
            values = np.column_stack([np.asarray(old[column], dtype=dtype) for column in group])
            if unknown is not None:  # which not every type of column can hold
                has_unknown = are_equal(values, unknown).any(axis=0)
                like = old[group[int(has_unknown.argmax())]]
            carried = _merged_columns(values, unknown)
            if is_pandas_dataframe(y):
                like = type(like)(carried, index=y.index).astype(like.dtype)
            else:
                numbers: Any = carried.astype(np.float64)
                if np.isnan(numbers).any() and not like.dtype.is_float():  # which have nulls
                    numbers = [None if number != number else number for number in numbers.tolist()]
                backend = frame.implementation
                like = nw.new_series(name, numbers, nw.Float64, backend=backend).cast(like.dtype)
        merged.append(like)
    if is_pandas_dataframe(y):
        return nw.dependencies.get_pandas().concat(merged, axis=1).set_axis(names, axis=1)
    columns = (column.alias(name) for column, name in zip(merged, names, strict=True))
    return frame.select(*columns).to_native()
