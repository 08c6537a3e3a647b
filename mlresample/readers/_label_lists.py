"""Delimited files in which one cell lists all labels of a sample."""

import os
import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from mlresample._utils.sklearn import validate_params
from mlresample.readers._label_table import (
    LabelTable,
    as_class_names,
    check_class_names,
    label_table,
)
from mlresample.readers._lines import FilePath, misread, short_repr
from mlresample.readers._rows import add_id, column_position, id_position, read_table


@validate_params(
    {
        "path": [str, os.PathLike],
        "id_column": [str, None],
        "label_column": [str, None],
        "separator": [str, None],
        "none_value": [str, None],
        "class_names": ["array-like", None],
        "delimiter": [str],
    },
    prefer_skip_nested_validation=True,
)
def read_label_lists(
    path: FilePath,
    *,
    id_column: str | None = None,
    label_column: str | None = None,
    separator: str | None = None,
    none_value: str | None = None,
    class_names: ArrayLike | None = None,
    delimiter: str = ",",
) -> LabelTable:
    r"""Read a delimited file in which one cell lists all labels of a sample.

    The file is UTF-8 and has a header and one row per sample, such as that of the Human Protein
    Atlas, ``Id,Target`` with cells like ``16 0``, or NIH ChestX-ray's, with cells like
    ``Cardiomegaly|Emphysema``.

    Parameters
    ----------
    path : str or path-like
        The file.
    id_column : str, default=None
        Column of the ids, which must be unique. None is the first column.
    label_column : str, default=None
        Column of the labels. None is the other column of a file with two.
    separator : str, default=None
        Text between labels. None is any whitespace, and a cell with one of ``|;,`` is then an
        error; names that contain spaces need a separator.
    none_value : str, default=None
        Cell of a sample without a class, such as ``"No Finding"`` or ``""``. If None, every
        cell must hold labels, and an empty one is an error.
    class_names : array-like of shape (n_classes,), default=None
        Classes, in the order of the columns of `y`; any other label is an error.
        None is those that occur, sorted, as integers if all are. Pass the classes of the
        training set for a file in which some may be absent.
    delimiter : str, default=","
        Character between cells.

    Returns
    -------
    table : LabelTable
        Ids, indicator matrix and class names.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If something in the file cannot be read; the message names the line and the column.

    Notes
    -----
    No row is ever left out. Whitespace around column names and labels is removed; ids stay as
    they are.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mlresample.readers import read_label_lists
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "train.csv")
    ...     _ = path.write_text("Id,Target\na,16 0\nb,0\n")
    ...     table = read_label_lists(path)
    >>> table.class_names
    array([ 0, 16])
    >>> table.y.toarray()
    array([[1, 1],
           [1, 0]], dtype=uint8)
    """
    if separator == "":
        raise ValueError("separator must not be empty; leave it out for any whitespace.")
    none_value = None if none_value is None else none_value.strip()
    classes = None if class_names is None else check_class_names(class_names)
    allowed = None if classes is None else set(map(str, classes.tolist()))
    if none_value is not None and allowed is not None and none_value in allowed:
        raise ValueError(f"none_value={none_value!r} must not be one of class_names.")

    header, rows = read_table(path, delimiter)
    id_at = id_position(path, header, id_column)
    label_at = _label_position(path, header, label_column, id_at)
    ids: dict[str, int] = {}
    # Cells repeat: each distinct one is read once, and a sample refers to it by number.
    numbers: dict[str, int] = {}
    distinct: list[list[str]] = []
    samples = []
    for line, cells in rows:
        add_id(path, ids, cells[id_at], line, header[id_at])
        cell = cells[label_at]
        number = numbers.get(cell)
        if number is None:
            try:
                distinct.append(_split(cell, separator, none_value, allowed))
            except ValueError as error:
                raise misread(path, str(error), line=line, column=header[label_at]) from None
            number = numbers[cell] = len(numbers)
        samples.append(number)

    found = set().union(*distinct)
    _check_header(path, header[label_at], separator, found)
    _warn_of_unused(path, numbers, separator, none_value)
    if classes is None:
        if not found:
            raise misread(path, "no row has a label; pass class_names=.")
        classes = np.sort(as_class_names(list(found)))
    column = {str(name): i for i, name in enumerate(classes.tolist())}
    columns = [[column[label] for label in labels] for labels in distinct]
    return label_table(ids, map(columns.__getitem__, samples), classes)


def _label_position(
    path: FilePath, header: list[str], label_column: str | None, id_at: int
) -> int:
    if label_column is None and len(header) > 2:
        problem = f"name the column of the labels by label_column=, one of {short_repr(header)}."
        raise misread(path, problem, line=1)
    name = header[1 - id_at] if label_column is None else label_column
    position = column_position(path, header, name, "label_column")
    if position == id_at:
        problem = (
            f"the column {short_repr(name)} cannot hold both the ids and the labels; pass "
            f"id_column=."
        )
        raise misread(path, problem, line=1)
    return position


def _check_header(path: FilePath, cell: str, separator: str | None, found: set[str]) -> None:
    """Refuse a header that is a sample: its names are labels of others, or numbers as they are."""
    labels = {label.strip() for label in cell.split(separator)}
    if labels <= found or (found and as_class_names([*labels, *found]).dtype != object):
        problem = (
            f"the header {short_repr(cell)} looks like a sample; add a line with the columns' "
            f"names above it."
        )
        raise misread(path, problem, line=1)


def _warn_of_unused(
    path: FilePath, cells: Iterable[str], separator: str | None, none_value: str | None
) -> None:
    cells = [cell.strip() for cell in cells]
    if none_value is not None and none_value not in cells:
        warnings.warn(f"{path}: no cell is none_value={none_value!r}.", UserWarning, stacklevel=3)
    marks = [mark for mark in "|;" if any(mark in cell for cell in cells)]
    if separator is not None and marks and not any(separator in cell for cell in cells):
        warnings.warn(
            f"{path}: no cell has the separator {separator!r}, but some have {marks[0]!r}.",
            UserWarning,
            stacklevel=3,
        )


def _split(
    cell: str, separator: str | None, none_value: str | None, allowed: set[str] | None
) -> list[str]:
    """Split a cell into its labels, which must be distinct."""
    cell = cell.strip()
    if cell == none_value:
        return []
    if not cell or (cell in ("nan", "NaN") and allowed is None):
        way_out = f"pass none_value={cell!r}" if none_value is None else f"write {none_value!r}"
        raise ValueError(f"the cell is {cell or 'empty'}; {way_out} if that means no class.")
    if cell[0] == "[" and cell[-1] == "]":
        raise ValueError(
            f"{short_repr(cell)} is a list as Python or JSON writes it; write only its labels, "
            f"with a separator between them."
        )
    if separator is None:
        marks = [mark for mark in "|;," if mark in cell]
        if marks:
            raise ValueError(
                f"{short_repr(cell)} contains {marks[0]!r}; pass separator={marks[0]!r} if that "
                f"separates labels, or separator=' ' if it belongs to one."
            )
    labels = [label.strip() for label in cell.split(separator)]
    if "" in labels:
        raise ValueError(
            f"{short_repr(cell)} has an empty label; a separator must stand between two labels."
        )
    mark = separator or " "
    if none_value and f"{mark}{none_value}{mark}" in f"{mark}{mark.join(labels)}{mark}":
        raise ValueError(
            f"{short_repr(cell)} has none_value={none_value!r} beside other labels; keep one or "
            f"the other."
        )
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ValueError(
            f"{short_repr(cell)} has the label {short_repr(twice)} twice; write it once."
        )
    unknown = [label for label in labels if allowed is not None and label not in allowed]
    if unknown:
        raise ValueError(
            f"the label {short_repr(unknown[0])} is not one of class_names; add it or correct the "
            f"cell."
        )
    return labels
