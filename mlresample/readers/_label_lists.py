"""Rows whose cells list labels."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mlresample._utils.names import count_of
from mlresample.readers import _suspicion as suspicion
from mlresample.readers._cells import split_labels
from mlresample.readers._label_table import as_class_names
from mlresample.readers._layout import Layout
from mlresample.readers._lines import short_repr
from mlresample.readers._rows import Rows
from mlresample.readers._samples import Filters, Samples, indicator_of


@dataclass
class ListOptions:
    """How a cell is split into labels."""

    separator: str | None
    label_key: str | None
    none_values: list[str] | None
    may_be_empty: bool  # a cell of one of several columns


@dataclass
class _Cells:
    """The distinct cells, which are read once, and the row where each occurs first."""

    codes: defaultdict[str, int]
    first_places: list[tuple[int, str]]
    labels: list[list[str]]
    times: NDArray[np.int64]


def read_label_lists(
    rows: Rows,
    layout: Layout,
    samples: Samples,
    filters: Filters,
    options: ListOptions,
    class_names: NDArray[Any] | None,
) -> tuple[csr_array, NDArray[Any], list[str]]:
    """Read all rows; return the indicator matrix, the classes, and what is odd about them."""
    columns = layout.label_columns
    n_ids, n_before = len(samples.columns()), len(samples.columns()) + len(filters.columns)
    codes: defaultdict[str, int] = defaultdict()
    codes.default_factory = codes.__len__  # the next number, for a new cell
    first_places: list[tuple[int, str]] = []
    cell_numbers, sample_numbers = [], []
    for places, cells in rows.read([*samples.columns(), *filters.columns, *columns]):
        numbers = samples.add(places, cells[:n_ids])
        kept = filters.kept(cells[n_ids:n_before])
        if kept is not None:
            numbers, places = numbers[kept], list(compress(places, kept))
        for name, column in zip(columns, cells[n_before:], strict=True):
            counted = column if kept is None else list(compress(column, kept))
            found = np.fromiter(map(codes.__getitem__, counted), np.intp, len(places))
            if len(codes) > len(first_places):
                _, at = np.unique(found, return_index=True)
                new = at[found[at] >= len(first_places)]
                first_places += [(places[i], name) for i in new.tolist()]
            cell_numbers.append(found)
            sample_numbers.append(numbers)
    filters.check()
    of_rows = np.concatenate(cell_numbers)
    distinct = _distinct_cells(rows, list(codes), first_places, options)
    n_entries = _length_of_vectors(distinct) if options.label_key is None else None
    if n_entries is not None:
        distinct = [_positions_of_ones(labels) for labels in distinct]
    times = np.bincount(of_rows, minlength=len(codes))
    cells_read = _Cells(codes, first_places, distinct, times)
    found_labels = set().union(*distinct)
    if n_entries is None:
        classes, written = _classes(rows, cells_read, found_labels, class_names)
    else:
        classes = _names_of_entries(rows, n_entries, class_names)
        written = list(map(str, range(n_entries)))
    _refuse_marks_at_ends(rows, cells_read, set() if class_names is None else set(written))
    if rows.has_header:
        _refuse_sample_as_header(rows, columns[0], found_labels, options.separator)
    odd = _odd_cells(cells_read, options)
    if class_names is None:  # classes that the caller names are no misreading
        odd += _odd_labels(cells_read, found_labels, columns[0], options)
        odd += filter(None, [suspicion.file_names(found_labels)])
        if n_entries is not None:
            odd.append(
                f"each cell is read as {n_entries} numbers, one per class; name the classes by "
                f"class_names=."
            )
        if samples.id_column is None and options.separator is None:
            ids = suspicion.words_that_are_ids(cells_read.labels, cells_read.times.tolist())
            odd += filter(None, [ids])

    of_cells = _indicator_of_cells(cells_read.labels, written)
    if len(columns) == 1 and not samples.merge_rows and not filters.allowed:
        return of_cells[of_rows], classes, odd
    expanded = of_cells[of_rows]
    at_sample = np.repeat(np.concatenate(sample_numbers), np.diff(expanded.indptr))
    y = indicator_of(at_sample, expanded.indices, (len(samples), len(classes)))
    return y, classes, odd


def _indicator_of_cells(cells: list[list[str]], written: list[str]) -> csr_array:
    column = {label: i for i, label in enumerate(written)}
    rows = [sorted({column[label] for label in labels}) for labels in cells]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
    indices = np.fromiter((i for row in rows for i in row), np.int64, int(indptr[-1]))
    ones = np.ones(len(indices), dtype=np.uint8)
    return csr_array((ones, indices, indptr), shape=(len(rows), len(written)))


def _distinct_cells(
    rows: Rows, cells: list[str], places: list[tuple[int, str]], options: ListOptions
) -> list[list[str]]:
    distinct = []
    for cell, (place, column) in zip(cells, places, strict=True):
        try:
            distinct.append(_labels_of(cell, options))
        except ValueError as error:
            raise rows.error(str(error), place, column) from None
    return distinct


def _labels_of(cell: str, options: ListOptions) -> list[str]:
    cell = cell.strip()
    none_values = options.none_values
    if none_values is not None and cell in none_values:
        return []
    if not cell and options.may_be_empty:
        return []
    if not cell:
        way_out = "pass none_value=''" if none_values is None else f"write {none_values[0]!r}"
        raise ValueError(f"the cell is empty; {way_out} if that means no class.")
    labels = split_labels(cell, options.separator, options.label_key)
    if none_values is not None:
        if len(labels) == 1 and labels[0] in none_values:
            return []
        mark = options.separator or " "
        joined = f"{mark}{mark.join(labels)}{mark}"
        beside = [value for value in none_values if value and f"{mark}{value}{mark}" in joined]
        if beside:
            raise ValueError(
                f"{short_repr(cell)} has none_value={beside[0]!r} beside other labels; keep one "
                f"or the other."
            )
    return labels


def _length_of_vectors(cells: list[list[str]]) -> int | None:
    """Return the length of lists of 0 and 1, one per class, or None for lists of labels.

    As lists of labels, all of them would name both classes, or one class several times.
    """
    cells = [labels for labels in cells if labels]
    lengths = set(map(len, cells))
    if len(cells) < 2 or len(lengths) > 1 or not set().union(*cells) <= {"0", "1"}:
        return None
    (length,) = lengths
    return length if length > 1 else None


def _positions_of_ones(labels: list[str]) -> list[str]:
    return [str(i) for i, label in enumerate(labels) if label == "1"]


def _names_of_entries(
    rows: Rows, n_entries: int, class_names: NDArray[Any] | None
) -> NDArray[Any]:
    if class_names is None:
        return np.arange(n_entries)
    if len(class_names) != n_entries:
        raise rows.error(
            f"the cells list {n_entries} numbers, one per class, but class_names has "
            f"{len(class_names)} names; they must be as many."
        )
    return class_names


def _classes(
    rows: Rows, cells: _Cells, found: set[str], class_names: NDArray[Any] | None
) -> tuple[NDArray[Any], list[str]]:
    """Return the classes, and how the source writes each of them."""
    if class_names is None:
        if not found:
            raise rows.error("no row has a label; pass class_names=.")
        classes = np.sort(as_class_names(list(found)))
        return classes, list(map(str, classes.tolist()))
    written = list(map(str, class_names.tolist()))
    if found and not found.intersection(written) and class_names.dtype == object:
        numbers = as_class_names(sorted(found))
        if numbers.dtype != object:  # the names of class 0, 1 and so on
            written = list(map(str, range(len(class_names))))
    unknown = found.difference(written)
    if unknown:
        for labels, (place, column) in zip(cells.labels, cells.first_places, strict=True):
            for label in labels:
                if label in unknown:
                    problem = (
                        f"the label {short_repr(label)} is not one of class_names; add it or "
                        f"correct the cell."
                    )
                    raise rows.error(problem, place, column)
    return class_names, written


def _refuse_marks_at_ends(rows: Rows, cells: _Cells, named: set[str]) -> None:
    for labels, (place, column) in zip(cells.labels, cells.first_places, strict=True):
        for label in labels:
            if label not in named and suspicion.has_marks_at_its_ends(label):
                way_out = (
                    "pass skip_initial_space=True if spaces stand between delimiters and quotes, "
                    "or class_names= with this label in it if it is one"
                )
                if labels == [label] and label[0] in "([<":
                    way_out = (
                        f"pass none_value={label!r} if it means no class, or class_names= with "
                        f"this label in it if it is one"
                    )
                problem = f"the label {short_repr(label)} looks like a part of a list; {way_out}."
                raise rows.error(problem, place, column)


def _odd_cells(cells: _Cells, options: ListOptions) -> list[str]:
    """Return what is odd about the cells and the options."""
    distinct, texts = cells.labels, list(cells.codes)
    warned = []
    twice = [len(set(labels)) < len(labels) for labels in distinct]
    if any(twice):
        n_cells = int(cells.times[twice].sum())
        first = short_repr(texts[twice.index(True)])
        warned.append(
            f"{count_of(n_cells, 'cell lists', 'cells list')} a label twice, such as "
            f"{first}; it counts once."
        )
    stripped = {cell.strip() for cell in texts}
    for value in options.none_values or []:
        if value not in stripped and [value] not in distinct:
            warned.append(f"no cell is none_value={value!r}.")
    return warned


def _odd_labels(cells: _Cells, found: set[str], column: str, options: ListOptions) -> list[str]:
    """Return what is odd about the labels, if they are the classes."""
    distinct, texts, separator = cells.labels, list(cells.codes), options.separator
    warned = []
    if separator is not None and not any(separator in cell for cell in texts):
        marks = [mark for mark in "|;" if any(mark in cell for cell in texts)]
        if marks:
            warned.append(f"no cell has the separator {separator!r}, but some have {marks[0]!r}.")
    if all(len(labels) <= 1 for labels in distinct) and suspicion.is_zero_or_one(found, column):
        values = " and ".join(map(repr, sorted(found)))
        warned.append(
            f"the labels are only {values}; pass class_columns={column!r} if they say whether "
            f"a sample carries that class."
        )
    elif separator is None:
        split = [
            (labels, times)
            for labels, times, text in zip(distinct, cells.times.tolist(), texts, strict=True)
            if labels == text.split()
        ]
        warned += filter(None, [suspicion.words_side_by_side(split)])
    warned += filter(
        None,
        [
            suspicion.marks_within(found, separator),
            suspicion.names_of_no_class(found, options.none_values),
            suspicion.written_alike(found.union(options.none_values or [])),
        ],
    )
    return warned


def _refuse_sample_as_header(
    rows: Rows, header: str, found: set[str], separator: str | None
) -> None:
    """Refuse a header that is a sample: its names are labels of others, or numbers as they are."""
    labels = {label.strip() for label in header.split(separator)}
    if labels <= found or (found and as_class_names([*labels, *found]).dtype != object):
        raise rows.error(
            f"the header {short_repr(header)} looks like a sample; pass header=False if the "
            f"first line is one."
        )
