"""Read any target as an indicator matrix with class names.

This module recognizes the container and names the classes; ``indicators.py`` reads the matrix
block by block in its own layout.
"""

import re
import sys
import warnings
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.dependencies import is_pandas_dataframe
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets

from mlresample._target.bits import check_kind
from mlresample._target.indicators import (
    DenseIndicator,
    Indicator,
    LabelIndicator,
    SparseRowIndicator,
    dense_column_indicator,
    sparse_column_indicator,
)
from mlresample._target.instances import InstanceCounts
from mlresample._target.unknown import is_value, split_unknown
from mlresample._utils.containers import is_dataframe, is_series, is_tensor
from mlresample._utils.names import (
    as_classes,
    check_column_order,
    check_row_order,
    count_of,
    in_another_order,
    plain,
)


def as_target(
    y: Any,
    *,
    class_names: ArrayLike | None = None,
    is_batch: bool = False,
    instances: bool = False,
    unknown: Any = None,
) -> Indicator:
    """Read a target: 2-D is an indicator matrix; 1-D, or one column, is single-label.

    Labels must be of more than one class, except those of a batch. With `instances`, `y` holds
    counts of instances, of which those > 0 are the classes of a sample. `unknown` is the value of
    unknown entries, or a mask of them: they are zeros of the matrix, and ones of its `unknown`.
    """
    if instances:
        if unknown is not None:
            raise ValueError(
                "unknown is for an indicator matrix of 0 and 1, instances=True for counts: leave "
                "out one of the two."
            )
        return _counted_target(y, class_names, is_batch)
    if y is None:
        raise ValueError("Expected array-like (array or non-string sequence), got None as y.")
    if "class_names" in getattr(y, "_fields", ()):
        raise ValueError("y is a table of ids, labels and class names: pass its y.")
    if is_dataframe(y):
        return _frame_target(y, class_names, is_batch, unknown)
    if is_series(y):
        _check_no_unknown_labels(unknown)
        labels = _label_target(_series_to_numpy(y), class_names, is_batch)
        labels.column_name = nw.from_native(y, series_only=True).name
        return labels
    matrix: Any = y if issparse(y) else as_array(y)
    check_kind(matrix.dtype)
    if matrix.ndim == 0:
        raise ValueError(f"Expected array-like (array or sequence of rows), got {y!r} as y.")
    if matrix.ndim > 2:
        raise ValueError(
            f"y must have one dimension (one label per sample) or two (an indicator matrix of "
            f"shape (n_samples, n_classes)), got {matrix.ndim}."
        )
    if matrix.shape[0] == 0:
        raise ValueError("y has no samples.")
    if matrix.ndim == 1 or matrix.shape[1] == 1:
        _check_no_unknown_labels(unknown)
        labels = matrix.toarray() if issparse(matrix) else matrix
        return _label_target(labels, class_names, is_batch)
    classes = as_classes(range(matrix.shape[1]) if class_names is None else class_names)
    _check_n_classes(classes, matrix.shape[1])
    indicator = _with_unknown(matrix, unknown, classes)
    indicator.named = class_names is not None
    return indicator


def as_array(y: Any) -> NDArray[Any]:
    """Convert a tensor or a sequence to an array, without a copy if none is needed."""
    if is_tensor(y):
        return tensor_to_numpy(y)
    rows = y if isinstance(y, list | tuple) else ()
    if np.ma.is_masked(y) or any(np.ma.is_masked(row) for row in rows):
        raise ValueError("y has masked values; fill them or drop their rows.")
    try:
        array = np.asarray(y)
        if array.dtype.kind == "T":  # NumPy's StringDType
            return array.astype(object)
        if array.dtype.kind == "U" and len(rows):
            array = np.asarray(y, dtype=object)  # keeps NaN among strings
        return array
    except ValueError as error:
        raise ValueError(
            "y has rows of different length. Convert lists of labels to an indicator matrix with "
            "sklearn.preprocessing.MultiLabelBinarizer."
        ) from error


def tensor_to_numpy(tensor: Any, name: str = "y") -> NDArray[Any]:
    """Convert a tensor on any device to an array, without its gradient."""
    if tensor.is_nested:
        raise ValueError(
            f"{name} is a nested torch tensor, whose rows may have different lengths; pass one "
            f"of a fixed shape."
        )
    if tensor.layout is not sys.modules["torch"].strided:
        raise ValueError(
            f"{name} is a torch tensor of layout {tensor.layout}; pass {name}.to_dense()."
        )
    if tensor.is_meta:
        raise ValueError(f"{name} is a torch tensor on the meta device, which holds no values.")
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    try:
        return np.asarray(tensor.numpy())
    except TypeError:  # bfloat16 and smaller floats, which NumPy doesn't have
        return np.asarray(tensor.float().numpy())


def _series_to_numpy(series: Any) -> NDArray[Any]:
    """Convert a series to an array; raise if values are missing."""
    column = nw.from_native(series, series_only=True)
    if column.is_null().any():
        raise ValueError("y has missing values; fill them or drop their rows.")
    return _one_dimension(column)


def _one_dimension(column: nw.Series[Any]) -> NDArray[Any]:
    try:
        values = np.asarray(column.to_numpy())
    except Exception as error:  # each library raises its own
        raise ValueError(
            f"Column {column.name!r} of y has the type {column.dtype}, which NumPy does not have; "
            f"cast it to another type, such as Int64."
        ) from error
    if values.ndim != 1:
        raise ValueError(
            f"Column {column.name!r} of y holds an array of shape {values.shape[1:]} in each "
            f"row; pass an indicator matrix with one column per class."
        )
    return values


# -- indicator matrices ------------------------------------------------------------------------


def _frame_target(
    y: Any, class_names: ArrayLike | None, is_batch: bool, unknown: Any
) -> Indicator:
    try:
        frame = nw.from_native(y, eager_only=True)
        names = list(frame.columns)
    except nw.exceptions.DuplicateError as error:
        raise ValueError(
            "y has two columns of the same name; class names must be unique."
        ) from error
    if len(frame) == 0:
        raise ValueError("y has no samples.")
    if len(names) == 1:
        _check_no_unknown_labels(unknown)
        labels = _label_target(_series_to_numpy(frame[:, 0].to_native()), class_names, is_batch)
        labels.column_name = names[0]
        return labels
    classes = _renamed(as_classes(names), class_names)
    _check_n_classes(classes, len(names))
    check_row_order(unknown, "unknown", y, "y")
    if is_pandas_dataframe(y) and _is_one_array(y):
        return _with_unknown(y.to_numpy(), unknown, classes)
    return _with_unknown(_FrameColumns(frame, names), unknown, classes)


class _FrameColumns:
    """Columns of a data frame, read one by one like those of an array in column order."""

    strides = 1, 2

    def __init__(self, frame: Any, names: list[str]) -> None:
        self._frame, self._names, self.shape = frame, names, frame.shape

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, place: tuple[slice, int]) -> NDArray[Any]:
        return _one_dimension(self._frame.get_column(self._names[place[1]]))


def _counted_target(y: Any, class_names: ArrayLike | None, is_batch: bool) -> Indicator:
    """Read counts of instances: presence as the indicator matrix, and the counts beside it."""
    matrix: Any = y
    if is_dataframe(y):
        columns = list(nw.from_native(y, eager_only=True).iter_columns())
        class_names = _renamed(as_classes([column.name for column in columns]), class_names)
        matrix = np.column_stack(list(map(_one_dimension, columns)))
    elif not issparse(y):
        matrix = as_array(y)
    if matrix.ndim != 2 or matrix.shape[1] < 2 or matrix.dtype.kind not in "buifO":
        raise ValueError(
            f"y must hold counts of instances, with one column for each of two or more classes, "
            f"got an array of shape {matrix.shape} and dtype {matrix.dtype}: leave out "
            f"instances=True for class labels."
        )
    classes = as_classes(range(matrix.shape[1]) if class_names is None else class_names)
    _check_n_classes(classes, matrix.shape[1])
    counts = InstanceCounts(matrix, classes)
    target = as_target(counts.presence(), class_names=class_names, is_batch=is_batch)
    target.instances = counts
    return target


def _is_one_array(frame: Any) -> bool:
    """Check whether a pandas data frame holds one array, which to_numpy returns without a copy."""
    first = frame.iloc[:1]
    return all(isinstance(dtype, np.dtype) for dtype in set(frame.dtypes)) and np.shares_memory(
        first.to_numpy(), first.to_numpy()
    )


def _with_unknown(matrix: Any, unknown: Any, classes: NDArray[Any]) -> Indicator:
    """Read a matrix, and beside it the mask of its unknown entries if there are any."""
    if unknown is None:
        return _matrix_indicator(matrix, classes)
    mark = unknown if is_value(unknown) else _read_mask(unknown, matrix.shape, classes)
    known, mask = split_unknown(matrix, mark)
    are_unknown = _matrix_indicator(mask, classes)
    if not are_unknown.class_counts.any():
        return _matrix_indicator(matrix, classes)
    indicator = _matrix_indicator(known, classes)
    indicator.unknown = are_unknown
    return indicator


def _matrix_indicator(matrix: Any, classes: NDArray[Any]) -> Indicator:
    if not issparse(matrix):
        if abs(matrix.strides[0]) < abs(matrix.strides[1]):
            return dense_column_indicator(len(matrix), classes, lambda c: matrix[:, c])
        return DenseIndicator(matrix, classes)
    if matrix.format == "csc":
        return sparse_column_indicator(matrix, classes)
    return SparseRowIndicator(matrix.tocsr(), classes)


def _read_mask(unknown: Any, shape: tuple[int, ...], classes: NDArray[Any]) -> Any:
    """Read a mask in any container as an array or a sparse matrix of bools."""
    if is_dataframe(unknown):
        check_column_order(unknown, "unknown", classes)
        columns = nw.from_native(unknown, eager_only=True).iter_columns()
        mask: Any = np.column_stack(list(map(_one_dimension, columns)))
    elif is_tensor(unknown):
        mask = tensor_to_numpy(unknown, "unknown")
    else:
        mask = unknown if issparse(unknown) else np.asarray(unknown)
    if mask.dtype.kind == "O" and all(isinstance(value, bool) for value in mask.flat):
        mask = mask.astype(np.bool_)
    if mask.dtype.kind != "b":
        raise ValueError(
            f"unknown must be the number that stands for unknown entries of y, such as -1 or nan, "
            f"or a mask of True and False in the shape of y, got {type(unknown).__name__} of "
            f"dtype {mask.dtype}."
        )
    if mask.shape != shape:
        raise ValueError(
            f"unknown must be a mask of y's shape {shape}, got one of shape {mask.shape}."
        )
    return mask


def _check_no_unknown_labels(unknown: Any) -> None:
    if unknown is not None:
        raise ValueError(
            "unknown is for an indicator matrix, with one column for each of two or more classes, "
            "got class labels as y: drop the samples whose label is unknown."
        )


def _renamed(names: NDArray[Any], class_names: Any) -> NDArray[Any]:
    """Return `class_names` if given, else the target's own; raise if only their order differs."""
    if class_names is None:
        return names
    classes = as_classes(class_names)
    if in_another_order(classes.tolist(), names.tolist()):
        raise ValueError(
            f"class_names has the class names of y in a different order, which in y is "
            f"{names.tolist()[:10]}: leave class_names out."
        )
    return classes


def _check_n_classes(classes: NDArray[Any], n_columns: int) -> None:
    if n_columns == 0:
        raise ValueError("y has no classes: its second dimension is 0.")
    if len(classes) != n_columns:
        raise ValueError(
            f"class_names has {count_of(len(classes), 'name')} for {count_of(n_columns, 'class')}."
        )


# -- single-label targets ----------------------------------------------------------------------


def _label_target(
    labels: NDArray[Any], class_names: ArrayLike | None, is_batch: bool
) -> LabelIndicator:
    """Read labels, one per sample, as an indicator matrix with a single one in each row."""
    labels = labels.reshape(-1)
    if len(labels) == 0:
        raise ValueError("y has no samples.")
    if labels.dtype.kind == "O":
        labels = _plain_labels(labels)
    values, codes = _encode(labels)
    many = len(values) > len(labels) / 2 and not is_batch  # as good as continuous
    if many or labels.dtype.kind in "fS":
        check_classification_targets(labels)
    if len(values) == 1 and not is_batch:
        raise ValueError(
            f"y has only one class, {plain(values[0])!r}: there is nothing to balance. (A "
            f"multi-label target has one column per class.)"
        )
    _warn_of_label_lists(values)
    classes = _renamed(values, class_names)
    _check_n_classes(classes, len(values))
    return LabelIndicator(codes, classes)


def _plain_labels(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels held as objects: strings as they are, numbers as an array of numbers."""
    kinds = set(map(type, labels))
    if all(issubclass(kind, str) for kind in kinds):
        return labels
    if all(issubclass(kind, Real | np.bool_) for kind in kinds):
        return np.asarray(labels.tolist())
    collections = (list, tuple, set, frozenset, dict, np.ndarray)
    if any(issubclass(kind, collections) for kind in kinds):
        raise ValueError(
            "y holds lists of labels; convert them to an indicator matrix with "
            "sklearn.preprocessing.MultiLabelBinarizer."
        )
    raise ValueError(
        f"y must hold class labels that are all strings or all numbers, none missing, got labels "
        f"of type {', '.join(sorted(kind.__name__ for kind in kinds))}."
    )


def _encode(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the sorted distinct labels, and the index of each label among them."""
    if labels.dtype.kind not in "OUS":
        return np.unique(labels, return_inverse=True)
    strings = labels.tolist()  # a dict is many times faster than sorting
    values = sorted(set(strings))
    position = {value: i for i, value in enumerate(values)}
    codes = np.fromiter(map(position.__getitem__, strings), np.int64, count=len(strings))
    return np.asarray(values, dtype=labels.dtype), codes


def label_lists(names: list[Any]) -> list[str]:
    """Return the names that look like lists of labels, such as "16 0" or "cat|dog"."""
    several = re.compile(r"\s*\d+(\s*[\s,;|]\s*\d+)+\s*|.*[|;].*")
    return [name for name in names if isinstance(name, str) and several.fullmatch(name)]


def _warn_of_label_lists(values: NDArray[Any]) -> None:
    """Warn if a string lists several labels."""
    found = label_lists(values.tolist())
    if found:
        warnings.warn(
            f"y has one dimension, so each of its {len(values)} distinct strings is a class, even "
            f"{found[0]!r}. If that lists several labels, split it and use "
            f"sklearn.preprocessing.MultiLabelBinarizer.",
            UserWarning,
            stacklevel=2,
        )
