"""Delimited files with one column of 0 and 1 per class."""

import os
from itertools import compress

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

_VALUES = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}
_MISSING = {"", "nan", "na", "n/a", "null", "none", "<na>"}


@validate_params(
    {
        "path": [str, os.PathLike],
        "id_column": [str, None],
        "class_columns": ["array-like", None],
        "delimiter": [str],
    },
    prefer_skip_nested_validation=True,
)
def read_indicators(
    path: FilePath,
    *,
    id_column: str | None = None,
    class_columns: ArrayLike | None = None,
    delimiter: str = ",",
) -> LabelTable:
    r"""Read a delimited file with one column of 0 and 1 per class.

    The file is UTF-8 and has a header with the class names, and one row per sample.

    Parameters
    ----------
    path : str or path-like
        The file.
    id_column : str, default=None
        Column of the ids, which must be unique. None is the first column.
    class_columns : array-like of str of shape (n_classes,), default=None
        Columns of the classes, in the order of the columns of `y`; None for all but the ids.
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
    No row is ever left out, and no value is converted: cells must be ``0``, ``1``, ``0.0`` or
    ``1.0``; missing values, CheXpert's -1 and counts are errors.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mlresample.readers import read_indicators
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "train.csv")
    ...     _ = path.write_text("image,cat,dog\na.png,1,1\nb.png,0,1\n")
    ...     table = read_indicators(path)
    >>> table.class_names
    array(['cat', 'dog'], dtype=object)
    >>> table.y.toarray()
    array([[1, 1],
           [0, 1]], dtype=uint8)
    """
    chosen = (
        None
        if class_columns is None
        else check_class_names(class_columns, "class_columns").tolist()
    )
    header, rows = read_table(path, delimiter)
    id_at = id_position(path, header, id_column)
    if chosen is None:
        chosen = [name for i, name in enumerate(header) if i != id_at]
    positions = [column_position(path, header, name, "class_columns") for name in chosen]
    if id_at in positions:
        problem = f"the column {short_repr(header[id_at])} cannot hold both the ids and a class."
        raise misread(path, problem, line=1)
    if all(name in _VALUES for name in chosen):
        problem = (
            "the header holds only 0 and 1; add a line with the columns' names above the samples."
        )
        raise misread(path, problem, line=1)
    ids: dict[str, int] = {}
    samples = []
    for line, cells in rows:
        add_id(path, ids, cells[id_at], line, header[id_at])
        values = [_VALUES.get(cells[i].strip()) for i in positions]
        if None in values:
            wrong = positions[values.index(None)]
            problem = _not_an_indicator(cells[wrong].strip())
            raise misread(path, problem, line=line, column=header[wrong])
        samples.append(tuple(compress(range(len(values)), values)))
    return label_table(ids, samples, as_class_names(chosen))


def _not_an_indicator(cell: str) -> str:
    """Describe a cell that is neither 0 nor 1, and the way out."""
    if cell.lower() in _MISSING:
        way_out = "fill in whether the sample carries the class"
    elif cell in ("-1", "-1.0"):
        way_out = "if it means uncertain, decide between 0 and 1 first"
    elif cell.removesuffix(".0").isdecimal():
        way_out = "if it is a count, write 1 for every count above 0"
    else:
        way_out = "write 1 if the sample carries the class and 0 if not"
    return (
        f"{short_repr(cell)} is neither 0 nor 1; {way_out}. If the column is not a class, "
        f"name the class columns by class_columns=."
    )
