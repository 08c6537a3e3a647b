"""The door: any target becomes an indicator matrix, read in blocks, with its classes.

All validation of y lives here. A block is a rectangle of the matrix, small enough that what
is made of it costs no memory worth naming; a target in the form of floats, objects or a data
frame is never converted as a whole.
"""

import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from numbers import Real
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, issparse
from sklearn.utils.multiclass import check_classification_targets

from mlresample._containers import is_dataframe, is_series, is_tensor

BLOCK_SIZE = 1 << 20  # entries


class Block(NamedTuple):
    """A rectangle of an indicator matrix."""

    rows: slice
    columns: slice
    values: Any  # C-contiguous uint8 array, or CSR without duplicates and explicit zeros


@dataclass(frozen=True)
class Target:
    """An indicator matrix of shape (n_samples, n_classes), read block by block."""

    n_samples: int
    classes: NDArray[Any]
    read: Callable[[], Iterator[Block]]

    @property
    def n_classes(self) -> int:
        """Number of columns."""
        return len(self.classes)


def as_target(y: Any, *, class_names: ArrayLike | None = None) -> Target:
    """Recognise a target: 2-D is an indicator matrix, 1-D or one column is single-label."""
    if y is None:
        raise ValueError("Expected array-like (array or non-string sequence), got None as y.")
    if is_dataframe(y):
        return _frame_target(y, class_names)
    if is_series(y):
        return _label_target(_series_to_numpy(y), class_names)
    matrix: Any = y if issparse(y) else _as_array(y)
    _check_kind(matrix.dtype)
    if matrix.ndim == 0:
        raise ValueError(f"Expected array-like (array or sequence of rows), got {y!r} as y.")
    if matrix.ndim > 2:
        raise ValueError(
            f"y must have one dimension (a label a sample) or two (an indicator matrix of "
            f"shape (n_samples, n_classes)), got {matrix.ndim}."
        )
    if matrix.shape[0] == 0:
        raise ValueError("y has no samples.")
    if matrix.ndim == 1 or matrix.shape[1] == 1:
        return _label_target(matrix.toarray() if issparse(matrix) else matrix, class_names)
    classes = _classes(range(matrix.shape[1]) if class_names is None else class_names)
    _check_n_classes(classes, matrix.shape[1])
    if issparse(matrix):
        return Target(matrix.shape[0], classes, partial(_sparse_blocks, matrix.tocsr(), classes))
    return Target(matrix.shape[0], classes, partial(_array_blocks, matrix, classes))


def _as_array(y: Any) -> NDArray[Any]:
    """Turn a tensor or a sequence into an array, without a copy where none is needed."""
    if is_tensor(y):
        return _tensor_to_numpy(y)
    rows = y if isinstance(y, list | tuple) else ()
    if np.ma.is_masked(y) or any(np.ma.is_masked(row) for row in rows):
        raise ValueError("y has masked values; fill them or drop their rows.")
    try:
        array = np.asarray(y)
        if array.dtype.kind == "U" and len(rows):
            array = np.asarray(y, dtype=object)  # strings that were strings, NaN that was NaN
        return array
    except ValueError as error:
        raise ValueError(
            "y has rows of different length. Lists of labels become an indicator matrix with "
            "sklearn.preprocessing.MultiLabelBinarizer."
        ) from error


def _tensor_to_numpy(y: Any) -> NDArray[Any]:
    if y.layout is not sys.modules["torch"].strided:
        raise ValueError(f"y is a torch tensor of layout {y.layout}; pass y.to_dense().")
    y = y.detach().cpu()
    try:
        return np.asarray(y.numpy())
    except TypeError:  # bfloat16 and smaller floats, which NumPy doesn't have
        return np.asarray(y.float().numpy())


def _check_kind(dtype: Any) -> None:
    if dtype.kind not in "buifOUS":
        raise ValueError(f"y must hold 0 and 1 or class labels, got dtype {dtype}.")


def _series_to_numpy(series: Any) -> NDArray[Any]:
    """Turn a column into an array; missing values are an error."""
    column = nw.from_native(series, series_only=True)
    if column.is_null().any():
        raise ValueError("y has missing values; fill them or drop their rows.")
    return _one_dimension(column)


def _one_dimension(column: nw.Series[Any]) -> NDArray[Any]:
    values = np.asarray(column.to_numpy())
    if values.ndim != 1:
        raise ValueError(
            f"Column {column.name!r} of y holds an array of shape {values.shape[1:]} a row; pass "
            f"an indicator matrix with a column for each class."
        )
    return values


# -- indicator matrices ------------------------------------------------------------------------


def _frame_target(y: Any, class_names: ArrayLike | None) -> Target:
    try:
        frame = nw.from_native(y, eager_only=True)
        names = list(frame.columns)
    except nw.exceptions.DuplicateError as error:
        raise ValueError("y has two columns of the same name; class names must differ.") from error
    if len(frame) == 0:
        raise ValueError("y has no samples.")
    if len(names) == 1:
        return _label_target(_series_to_numpy(frame[:, 0].to_native()), class_names)
    classes = _renamed(_classes(names), class_names)
    _check_n_classes(classes, len(names))
    return Target(len(frame), classes, partial(_frame_blocks, frame, classes))


def _classes(names: Any) -> NDArray[Any]:
    """Class names as an array: integers if all are, else objects."""
    if isinstance(names, dict | set | frozenset):
        raise ValueError(
            f"class_names must be in the classes' order, got a {type(names).__name__}."
        )
    names = names.tolist() if isinstance(names, np.ndarray) else list(names)
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise ValueError(f"class names must differ, but {twice!r} stands more than once.")
    if all(type(name) is int for name in names):
        return np.asarray(names, dtype=np.int64)
    classes = np.empty(len(names), dtype=object)
    for i, name in enumerate(names):  # a name may be a tuple, which slicing would unpack
        classes[i] = name
    return classes


def _renamed(own: NDArray[Any], class_names: Any) -> NDArray[Any]:
    """Give the target's own class names, or others; its own in another order are an error."""
    if class_names is None:
        return own
    classes = _classes(class_names)
    if set(classes.tolist()) == set(own.tolist()) and classes.tolist() != own.tolist():
        raise ValueError(
            f"class_names has y's own class names in another order than y, which is "
            f"{own.tolist()[:10]}: leave class_names out."
        )
    return classes


def _check_n_classes(classes: NDArray[Any], n_columns: int) -> None:
    if n_columns == 0:
        raise ValueError("y has no classes: its second dimension is 0.")
    if len(classes) != n_columns:
        raise ValueError(f"class_names has {len(classes)} names for {n_columns} classes.")


def _array_blocks(array: NDArray[Any], classes: NDArray[Any]) -> Iterator[Block]:
    step = max(1, BLOCK_SIZE // array.shape[1])
    for start in range(0, len(array), step):
        rows = slice(start, min(start + step, len(array)))
        values = np.ascontiguousarray(array[rows])
        bits = _bits(values, partial(_locate_dense, start, classes))
        yield Block(rows, slice(0, len(classes)), bits)


def _frame_blocks(frame: nw.DataFrame[Any], classes: NDArray[Any]) -> Iterator[Block]:
    for first in range(0, len(frame), BLOCK_SIZE):
        part = frame[first : first + BLOCK_SIZE]
        rows = slice(first, first + len(part))
        step = max(1, BLOCK_SIZE // len(part))
        series = part.iter_columns()
        for start in range(0, len(classes), step):
            names = classes[start : start + step]
            values = np.empty((len(part), len(names)), dtype=np.uint8)
            for j, column in enumerate(islice(series, len(names))):
                locate = partial(_locate_dense, first, names[j : j + 1])
                values[:, j] = _bits(_one_dimension(column), locate)
            yield Block(rows, slice(start, start + len(names)), values)


def _sparse_blocks(matrix: Any, classes: NDArray[Any]) -> Iterator[Block]:
    start = 0
    while start < matrix.shape[0]:
        first = matrix.indptr[start]
        full = int(np.searchsorted(matrix.indptr, first + BLOCK_SIZE, side="right")) - 1
        stop = min(max(start + 1, full), start + BLOCK_SIZE, matrix.shape[0])
        entries = slice(first, matrix.indptr[stop])
        indptr = matrix.indptr[start : stop + 1] - first
        block = csr_array(
            (matrix.data[entries], matrix.indices[entries], indptr),
            shape=(stop - start, len(classes)),
        )
        if not block.has_canonical_format or not block.data.all():
            block = block.copy()  # the caller's arrays stay as they are
            block.sum_duplicates()
            block.eliminate_zeros()
        block.data = _bits(block.data, partial(_locate_sparse, block, start, classes))
        yield Block(slice(start, stop), slice(0, len(classes)), block)
        start = stop


def _locate_dense(start: int, classes: NDArray[Any], position: int) -> tuple[int, Any]:
    row, column = divmod(position, len(classes))
    return start + row, classes[column]


def _locate_sparse(
    block: Any, start: int, classes: NDArray[Any], position: int
) -> tuple[int, Any]:
    row = int(np.searchsorted(block.indptr, position, side="right")) - 1
    return start + row, classes[block.indices[position]]


def _bits(values: NDArray[Any], locate: Callable[[int], tuple[int, Any]]) -> NDArray[np.uint8]:
    """Zeros and ones of any dtype as uint8; anything else is an error that says where."""
    _check_kind(values.dtype)
    if values.dtype.kind in "US":
        raise _not_an_indicator(values.flat[0], *locate(0))
    if values.dtype.kind in "b" or values.dtype == np.uint8:
        bits = values.view(np.uint8)
        if bits.max(initial=0) <= 1:
            return bits
        numbers: NDArray[Any] = bits
    else:
        numbers = _as_numbers(values) if values.dtype.kind == "O" else values
        bits = (numbers == 1).view(np.uint8)
        if np.count_nonzero(bits) == np.count_nonzero(numbers != 0):  # every nonzero is a one
            return bits
    position = int(np.flatnonzero((numbers != 0) & (numbers != 1))[0])
    raise _not_an_indicator(values.flat[position], *locate(position))


def _as_numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Objects as floats; what is no number becomes NaN."""
    if all(issubclass(kind, Real | np.bool_) for kind in set(map(type, values.flat))):
        return values.astype(np.float64)
    numbers = (float(v) if isinstance(v, Real | np.bool_) else np.nan for v in values.flat)
    return np.fromiter(numbers, dtype=np.float64, count=values.size).reshape(values.shape)


def plain(value: Any) -> Any:
    """Turn a NumPy scalar into Python's own, which reads better in a message."""
    return value.item() if isinstance(value, np.generic) else value


def _not_an_indicator(value: Any, row: int, name: Any) -> ValueError:
    """Say what was found where, and the way out."""
    value, name = plain(value), plain(name)
    if isinstance(value, str) and value in ("0", "1"):
        way_out = "Turn the strings into numbers with `y.astype(int)`."
    elif not isinstance(value, Real):
        way_out = (
            "Lists of labels become an indicator matrix with "
            "sklearn.preprocessing.MultiLabelBinarizer; missing values must be filled or their "
            "rows dropped."
        )
    elif value != value:
        way_out = "Fill missing values or drop their rows."
    elif float(value).is_integer():
        way_out = (
            "For counts, such as boxes an image, pass `y > 0`; lists of class numbers become an "
            "indicator matrix with sklearn.preprocessing.MultiLabelBinarizer."
        )
    else:
        way_out = "For scores or soft labels, pass `y >= threshold`."
    return ValueError(
        f"y must hold only 0 and 1, got {value!r} in row {row}, class {name!r}. {way_out}"
    )


# -- single-label targets ----------------------------------------------------------------------


def _label_target(labels: NDArray[Any], class_names: ArrayLike | None) -> Target:
    """One class a sample: an indicator matrix with a single entry in each row."""
    labels = labels.reshape(-1)
    if len(labels) == 0:
        raise ValueError("y has no samples.")
    if labels.dtype.kind == "O":
        labels = _plain_labels(labels)
    check_classification_targets(labels)
    values, codes = np.unique(labels, return_inverse=True)
    if len(values) == 1:
        raise ValueError(
            f"y holds one class only, {plain(values[0])!r}: there is nothing to balance. (A "
            f"target with several classes a sample has a column for each.)"
        )
    _warn_of_label_lists(values)
    classes = _renamed(values, class_names)
    _check_n_classes(classes, len(values))
    return Target(len(labels), classes, partial(_label_blocks, codes, classes))


def _plain_labels(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels held as objects: strings stay as they are, numbers become numbers."""
    kinds = set(map(type, labels))
    if all(issubclass(kind, str) for kind in kinds):
        return labels
    if all(issubclass(kind, Real | np.bool_) for kind in kinds):
        return np.asarray(labels.tolist())
    collections = (list, tuple, set, frozenset, dict, np.ndarray)
    if any(issubclass(kind, collections) for kind in kinds):
        raise ValueError(
            "y holds lists of labels; turn them into an indicator matrix with "
            "sklearn.preprocessing.MultiLabelBinarizer."
        )
    raise ValueError(
        f"y must hold class labels that are all strings or all numbers, none missing, got labels "
        f"of type {', '.join(sorted(kind.__name__ for kind in kinds))}."
    )


def _warn_of_label_lists(values: NDArray[Any]) -> None:
    """Notice several labels in one string, as label files have them: "16 0" or "cat|dog"."""
    listed = re.compile(r"\s*\d+(\s*[\s,;|]\s*\d+)+\s*|.*[|;].*")
    found = [value for value in values.tolist() if isinstance(value, str)]
    found = [value for value in found if listed.fullmatch(value)]
    if found:
        warnings.warn(
            f"y has one dimension: each of its {len(values)} strings is a class of its own, "
            f"{found[0]!r} too. If it lists several labels, split it and use "
            f"sklearn.preprocessing.MultiLabelBinarizer.",
            UserWarning,
            stacklevel=2,
        )


def _label_blocks(codes: NDArray[np.int64], classes: NDArray[Any]) -> Iterator[Block]:
    for start in range(0, len(codes), BLOCK_SIZE):
        indices = codes[start : start + BLOCK_SIZE]
        rows = slice(start, start + len(indices))
        ones = np.ones(len(indices), dtype=np.uint8)
        indptr = np.arange(len(indices) + 1)
        block = csr_array((ones, indices, indptr), shape=(len(indices), len(classes)))
        yield Block(rows, slice(0, len(classes)), block)
