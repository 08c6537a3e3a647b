"""The labels of a record batch, in any layout, as offsets and codes: none becomes an object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlresample._target.kernels import Entries

_FEW_CODES = 1 << 20  # integers up to which a class's number is its code


@dataclass(frozen=True)
class BatchLabels:
    """Labels of the rows of a batch, as `indptr` and codes; a label may be there twice.

    `names` has the label of each code, if it is not the code itself.
    """

    entries: Entries
    n_codes: int
    names: list[Any] | None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.entries[0]) - 1

    def name(self, code: Any) -> Any:
        """Return the label of a code."""
        return int(code) if self.names is None else self.names[code]

    def positions(self, position_of: Mapping[Any, int]) -> NDArray[np.intp]:
        """Return the position of each code's label, -1 for one that is not there."""
        if self.names is not None:
            found = (position_of.get(name, -1) for name in self.names)
            return np.fromiter(found, dtype=np.intp, count=self.n_codes)
        positions = np.full(self.n_codes, -1, dtype=np.intp)
        for name, position in position_of.items():
            if isinstance(name, int) and 0 <= name < self.n_codes:
                positions[name] = position
        return positions

    def count(self) -> NDArray[np.int64]:
        """Count the rows that carry each code: a label that a row has twice counts once."""
        _, pairs, is_again = self._sorted_pairs()
        counts = np.bincount(self.entries[1], minlength=self.n_codes)
        again = pairs[1:][is_again] % max(self.n_codes, 1)
        return counts - np.bincount(again, minlength=self.n_codes)

    def distinct(self) -> Entries:
        """Return the entries without those that a row has twice."""
        first_of_row, pairs, is_again = self._sorted_pairs()
        if not is_again.any():
            return self.entries
        lengths = np.diff(self.entries[0])
        lengths -= np.bincount(pairs[1:][is_again] // self.n_codes, minlength=self.n_rows)
        indptr = np.append(0, np.cumsum(lengths))
        kept = np.append(pairs[:1], pairs[1:][~is_again])
        return indptr, kept - np.repeat(first_of_row, lengths)

    def _sorted_pairs(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
        """Return row * n_codes of each row, row * n_codes + code sorted, and which are again."""
        indptr, codes = self.entries
        # Small numbers are sorted twice as fast.
        dtype = np.int32 if self.n_rows * self.n_codes < 2**31 else np.int64
        first_of_row = (np.arange(self.n_rows) * self.n_codes).astype(dtype)
        pairs = np.repeat(first_of_row, np.diff(indptr)) + codes.astype(dtype, copy=False)
        pairs.sort()
        return first_of_row, pairs, pairs[1:] == pairs[:-1]


@dataclass(frozen=True)
class LabelLayout:
    """How the labels lie in a table: in one column of lists or cells, or a column per class."""

    labels: str | Sequence[str]
    separator: str | None
    null_is_background: bool

    def __post_init__(self) -> None:
        is_named = np.iterable(self.labels) and all(isinstance(n, str) for n in self.labels)
        if not is_named or not self.columns:
            raise TypeError(
                f"labels must name a column, or the columns of the classes, got {self.labels!r}."
            )
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(f"labels names a column twice: {self.labels!r}.")
        if self.separator is not None and not isinstance(self.labels, str):
            raise ValueError("separator is for a column of strings, not for one column per class.")
        if self.separator == "":
            raise ValueError("separator must not be empty.")

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [self.labels] if isinstance(self.labels, str) else list(self.labels)

    def read(self, batch: pa.RecordBatch, first_row: int) -> BatchLabels:
        """Read the labels of a batch, whose first row has this number in the table."""
        if not isinstance(self.labels, str):
            return self._of_class_columns(batch, first_row)
        column = batch.column(self.labels)
        if not _is_label(column.type) or _has_null_name(column):
            column = decoded(column)
        if column.null_count and not self.null_is_background:
            row = first_row + first_true(column.is_null())
            raise ValueError(
                f"column {self.labels!r} is null in row {row}: "
                f"its labels may be unknown. Pass null_is_background=True if null means no class."
            )
        if self.separator is not None:
            column = self._split(column)
        if _is_label(column.type):  # one label per row
            lengths = column.is_valid().cast(pa.int64())
            values = column.drop_null() if column.null_count else column
        elif is_list(column.type) and _is_label(column.type.value_type):
            lengths = pc.fill_null(pc.list_value_length(column), 0)
            values = column.flatten()
            values = decoded(values) if _has_null_name(values) else values
        else:
            raise ValueError(
                f"column {self.labels!r} has the type {column.type}: labels are strings or "
                f"integers, one in each row or a list of them, or cells with a separator."
            )
        indptr = np.zeros(len(column) + 1, dtype=np.int64)
        np.cumsum(lengths.to_numpy(zero_copy_only=False), out=indptr[1:])
        if values.null_count:
            row = int(np.searchsorted(indptr, first_true(values.is_null()), side="right")) - 1
            raise ValueError(
                f"column {self.labels!r} has a label that is null in row {first_row + row}."
            )
        labels = _encoded(indptr, values)
        self._check_are_labels(labels, first_row)
        return labels

    def _check_are_labels(self, labels: BatchLabels, first_row: int) -> None:
        """Check that no label is empty, and that lists are not rows of an indicator matrix."""
        indptr, codes = labels.entries
        if labels.names is None and len(codes) and labels.n_codes <= 2:
            lengths = np.diff(indptr)
            are_vectors = lengths[0] > 1 and (lengths == lengths[0]).all()
            # A row of two numbers that differ may have both classes.
            if are_vectors and (lengths[0] > 2 or (codes[::2] == codes[1::2]).any()):
                raise ValueError(
                    f"column {self.labels!r} has {lengths[0]} numbers in each row, all 0 or 1, as "
                    f"an indicator matrix has: labels are the numbers or names of a row's "
                    f"classes. Make a column of each class, and name these."
                )
        if labels.names is not None and "" in labels.names:
            found = np.flatnonzero(codes == labels.names.index(""))
            if len(found):  # else no row has this name of a dictionary
                row = int(np.searchsorted(indptr, found[0], side="right")) - 1
                raise ValueError(
                    f"column {self.labels!r} has an empty label in row {first_row + row}. If it "
                    f"means no class, pass separator, with which an empty cell has none."
                )

    def _split(self, column: pa.Array) -> pa.Array:
        column = decoded(column)
        if not is_string(column.type):
            raise ValueError(
                f"column {self.labels!r} has the type {column.type}, and separator is for strings."
            )
        column = column.cast(pa.large_string())
        lists = pc.split_pattern(column, self.separator)
        offsets = lists.offsets.to_numpy()
        labels = pc.utf8_trim_whitespace(lists.values)
        kept = pc.not_equal(labels, "")  # as between two separators, and in an empty cell
        n_before = np.zeros(len(labels) + 1, dtype=np.int32)
        np.cumsum(kept.to_numpy(zero_copy_only=False), out=n_before[1:])
        return pa.ListArray.from_arrays(n_before[offsets], labels.filter(kept))

    def _of_class_columns(self, batch: pa.RecordBatch, first_row: int) -> BatchLabels:
        bits = np.empty((batch.num_rows, len(self.columns)), dtype=np.bool_)
        for c, name in enumerate(self.columns):
            column = batch.column(name)
            if column.null_count:
                raise ValueError(
                    f"column {name!r} is null in row {first_row + first_true(column.is_null())}."
                )
            values = column.to_numpy(zero_copy_only=False)
            if values.dtype.kind not in "buif":
                raise ValueError(
                    f"column {name!r} has the type {column.type}: the columns of classes hold 0 "
                    f"and 1."
                )
            bits[:, c] = values == 1
            others = np.flatnonzero(bits[:, c] != (values != 0))
            if len(others):
                value = column[int(others[0])].as_py()
                raise ValueError(
                    f"column {name!r} must hold only 0 and 1, got {value!r} in row "
                    f"{first_row + others[0]}."
                )
        rows, codes = np.nonzero(bits)
        indptr = np.zeros(len(bits) + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=len(bits)), out=indptr[1:])
        return BatchLabels((indptr, codes), len(self.columns), self.columns)


def _encoded(indptr: NDArray[np.int64], values: pa.Array) -> BatchLabels:
    """Give each label a code: integers that are small their own, others their first position."""
    if pa.types.is_integer(values.type) and len(values):
        least, most = (end.as_py() for end in pc.min_max(values).values())
        if least >= 0 and most < _FEW_CODES:
            return BatchLabels((indptr, values.to_numpy()), most + 1, None)
    if not pa.types.is_dictionary(values.type):
        if pa.types.is_string_view(values.type):
            values = values.cast(pa.large_string())
        values = values.dictionary_encode()
    names = values.dictionary.to_pylist()
    codes = values.indices.to_numpy()
    if len(set(names)) < len(names):  # as Arrow allows
        first: dict[Any, int] = {}
        codes = np.array([first.setdefault(name, len(first)) for name in names])[codes]
        names = list(first)
    return BatchLabels((indptr, codes), len(names), names)


def decoded(column: pa.Array) -> pa.Array:
    """Return the values of a dictionary, and any other array as it is."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _has_null_name(values: pa.Array) -> bool:
    """Whether a dictionary has null among its names, which then is no null of the array."""
    return pa.types.is_dictionary(values.type) and values.dictionary.null_count > 0


def first_true(mask: pa.Array) -> int:
    """Return the position of the first True."""
    return int(np.argmax(mask.to_numpy(zero_copy_only=False)))


def is_list(dtype: pa.DataType) -> bool:
    """Check whether a type is lists, of any kind."""
    kinds = ("list", "large_list", "fixed_size_list", "list_view", "large_list_view")
    return _is_any(kinds, dtype)


def is_string(dtype: pa.DataType) -> bool:
    """Check whether a type is strings, of any kind."""
    return _is_any(("string", "large_string", "string_view"), dtype)


def _is_any(kinds: Sequence[str], dtype: pa.DataType) -> bool:
    tests = (getattr(pa.types, f"is_{kind}", None) for kind in kinds)  # older pyarrow has fewer
    return any(test(dtype) for test in tests if test is not None)


def _is_label(dtype: pa.DataType) -> bool:
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    # Of a batch without any label, the type may be null.
    return is_string(dtype) or pa.types.is_integer(dtype) or pa.types.is_null(dtype)
