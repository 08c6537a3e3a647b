"""Rows of named cells, from a file or a data frame, as a table of labels."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from narwhals.dependencies import is_into_dataframe
from numpy.typing import ArrayLike

from mlresample._utils.sklearn import validate_params
from mlresample._utils.typing import HasShape
from mlresample.readers import _suspicion as suspicion
from mlresample.readers._cells import indicator_values
from mlresample.readers._class_columns import read_class_columns
from mlresample.readers._delimited import delimited_rows
from mlresample.readers._frames import frame_rows, is_parquet, parquet_rows
from mlresample.readers._label_lists import ListOptions, read_label_lists
from mlresample.readers._label_table import LabelTable, as_class_names, check_class_names
from mlresample.readers._layout import choose_layout, known_column
from mlresample.readers._lines import FilePath, check_encoding
from mlresample.readers._records import is_json, json_rows, record_rows
from mlresample.readers._rows import Rows, cell_of
from mlresample.readers._samples import Filters, Samples

_TEXT: list[Any] = [str, None]
_TEXTS: list[Any] = ["array-like", str, None]


@validate_params(
    {
        "id_column": _TEXT,
        "row_numbers": ["boolean"],
        "label_columns": _TEXTS,
        "class_columns": _TEXTS,
        "skip_columns": _TEXTS,
        "class_names": ["array-like", None],
        "separator": _TEXT,
        "label_key": _TEXT,
        "none_value": _TEXTS,
        "positive_values": _TEXTS,
        "negative_values": _TEXTS,
        "merge_rows": ["boolean"],
        "where": [Mapping, None],
        "delimiter": [str],
        "header": ["boolean"],
        "comment": _TEXT,
        "skip_initial_space": ["boolean"],
        "encoding": [str],
    },
    prefer_skip_nested_validation=True,
)
def read_labels(
    source: FilePath | HasShape | Sequence[Mapping[str, Any]] | Mapping[str, Any],
    *,
    id_column: str | None = None,
    row_numbers: bool = False,
    label_columns: str | Sequence[str] | None = None,
    class_columns: str | Sequence[str] | None = None,
    skip_columns: str | Sequence[str] | None = None,
    class_names: ArrayLike | None = None,
    separator: str | None = None,
    label_key: str | None = None,
    none_value: str | Sequence[str] | None = None,
    positive_values: str | Sequence[str] | None = None,
    negative_values: str | Sequence[str] | None = None,
    merge_rows: bool = False,
    where: Mapping[str, Any] | None = None,
    delimiter: str = ",",
    header: bool = True,
    comment: str | None = None,
    skip_initial_space: bool = False,
    encoding: str = "utf-8",
) -> LabelTable:
    r"""Read labels from a delimited file, JSON, Parquet or a data frame: rows of named cells.

    A file with two columns holds an id and the list of its labels, such as ``a.png,16 0``; a
    file with more holds an id and one column of 0 and 1 per class. For anything else, there
    are options.

    Parameters
    ----------
    source : str, path-like, data frame, list of dict, or dict
        A CSV file; a JSON file (``.json``, ``.jsonl``, ``.ndjson``) with an array of objects,
        one object per line, or an object from ids to labels; what :func:`json.load` makes of
        one; a Parquet file (``.parquet``; needs pyarrow); or a data frame of pandas, Polars or
        Arrow. CSV and JSON may be compressed with gzip.
    id_column : str, default=None
        Column of the ids. None is the first column.
    row_numbers : bool, default=False
        Number the rows from 0 instead of reading ids.
    label_columns : str or array-like of str, default=None
        Column whose cells list labels, or several: a sample then has the labels of all of them,
        and empty cells have none.
    class_columns : str or array-like of str, default=None
        Columns of 0 and 1, one per class, in the order of the columns of `y`.
    skip_columns : str or array-like of str, default=None
        Columns that are neither ids nor labels.
    class_names : array-like of shape (n_classes,), default=None
        Classes, in the order of the columns of `y`; any other label is an error, and of
        columns of 0 and 1, these are read. Names of classes that the source numbers from 0
        replace the numbers. None is the labels that occur, sorted, as integers if all are. Pass
        the classes of the training set for a file in which some may be absent.
    separator : str, default=None
        Text between labels. None is any whitespace, and a cell with one of ``|;,`` is then an
        error. Lists as Python, JSON or NumPy write them, ``{a,b}`` and ``<a><b>`` need none. If
        all lists are equally long and hold only 0 and 1, they hold one number per class.
    label_key : str, default=None
        Key of the label, or of a list of labels, if cells list objects such as ``{"id": 18,
        "name": "Drama"}``. It may stand in objects within them; keys that lead to it are
        joined by dots, such as ``"region_attributes.name"``, if it stands in several.
    none_value : str or array-like of str, default=None
        Cell of a sample without a class, such as ``"No Finding"`` or ``""``. If None, every
        cell must hold labels, but for an empty list.
    positive_values, negative_values : str or array-like of str, default=None
        Values of class columns that mean 1 and 0, beside numbers equal to 1 and 0, true and
        false, yes and no, in any case: ``negative_values=["", "-1"]`` for blank and -1.
    merge_rows : bool, default=False
        Whether rows with the same id are one sample with all of their labels, such as one row per
        box. If False, ids must be unique.
    where : dict, default=None
        Values that other columns must have, such as ``{"Confidence": 1}``: in rows with other
        values, labels do not count, but the samples stay. A list means any of its values.
    delimiter : str, default=","
        Character between cells; a space stands for one or several.
    header : bool, default=True
        Whether the first line holds the names of the columns. If not, they are named "1", "2"
        and so on.
    comment : str, default=None
        Prefix of lines to leave out.
    skip_initial_space : bool, default=False
        Whether to ignore spaces after a delimiter, as in ``a, "x y"``.
    encoding : str, default="utf-8"
        Encoding of the file. A byte order mark of UTF-16 takes precedence.

    Returns
    -------
    table : LabelTable
        Ids, indicator matrix and class names.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If something cannot be read; the message names the line and the column.

    Warns
    -----
    UserWarning
        If the labels look misread, such as names of several words that were split.

    See Also
    --------
    read_coco : Read COCO's JSON.
    read_yolo : Read YOLO's label files.

    Notes
    -----
    No row is ever left out. Whitespace around column names and labels is removed; ids stay as
    they are.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mlresample.readers import read_labels
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "train.csv")
    ...     _ = path.write_text("Id,Target\na,16 0\nb,0\n")
    ...     table = read_labels(path)
    >>> table.class_names
    array([ 0, 16])
    >>> table.y.toarray()
    array([[1, 1],
           [1, 0]], dtype=uint8)

    One row per box, as a list of records:

    >>> boxes = [
    ...     {"file": "a.png", "class": "cat", "x": 3},
    ...     {"file": "a.png", "class": "dog", "x": 5},
    ...     {"file": "b.png", "class": "dog", "x": 1},
    ... ]
    >>> read_labels(boxes, label_columns="class", merge_rows=True)
    LabelTable: 2 samples, 2 classes, 0 without a class
    """
    if separator == "":
        raise ValueError("separator must not be empty; leave it out for any whitespace.")
    if row_numbers and (id_column is not None or merge_rows):
        other = "merge_rows" if merge_rows else "id_column"
        raise ValueError(f"row_numbers and {other} exclude each other; leave one out.")
    labels = _columns(label_columns, "label_columns")
    classes = _columns(class_columns, "class_columns")
    if labels and classes:
        raise ValueError("label_columns and class_columns exclude each other; leave one out.")
    names = None if class_names is None else check_class_names(class_names)
    if names is not None and classes not in (None, list(map(str, names.tolist()))):
        raise ValueError("class_columns and class_names must be the same; leave one out.")
    none_values = _texts(none_value)
    none_values = none_values and [value.strip() for value in none_values]
    taken = set() if names is None else {str(name) for name in names.tolist()}
    if taken.intersection(none_values or ()):
        raise ValueError(f"none_value={none_value!r} must not be one of class_names.")
    values = indicator_values(_texts(positive_values), _texts(negative_values))

    rows = rows_of(
        source,
        delimiter=delimiter,
        header=header,
        comment=comment,
        skip_initial_space=skip_initial_space,
        encoding=encoding,
    )
    skipped = _texts(skip_columns) or []
    layout = choose_layout(
        rows,
        id_column=id_column,
        row_numbers=row_numbers,
        label_columns=labels,
        class_columns=classes,
        skip_columns=skipped,
        class_names=names,
        as_indicators=positive_values is not None or negative_values is not None,
    )
    wanted = {
        known_column(rows, column, "where"): _values(value)
        for column, value in (where or {}).items()
    }
    others = set(rows.columns).difference(
        [layout.id_column or "", *layout.label_columns, *skipped, *wanted]
    )
    watched = sorted(filter(suspicion.is_verdict, others)) if layout.label_columns else []
    samples = Samples(rows, layout.id_column, merge_rows)
    filters = Filters(rows, wanted, watched)
    odd: list[str] = []
    if layout.class_columns:
        odd = suspicion.odd_class_columns(layout.class_columns) if classes is None else []
        y = read_class_columns(rows, layout, samples, filters, values)
        names = as_class_names(layout.class_columns) if names is None else names
    else:
        options = ListOptions(separator, label_key, none_values, len(layout.label_columns) > 1)
        y, names, odd = read_label_lists(rows, layout, samples, filters, options, names)
    odd = [*samples.odd_ids(chosen=id_column is not None), *odd, *filters.odd_columns()]
    for message in odd:
        warnings.warn(f"{rows.source}: {message}", UserWarning, stacklevel=3)
    return LabelTable(np.array(samples.ids(), dtype=object), y, names)


def _values(value: Any) -> list[str]:
    """Write one value, or several, as the cells of a column."""
    if isinstance(value, str) or not np.iterable(value):
        return [cell_of(value)]
    return [cell_of(item) for item in value]


def _texts(value: Any) -> Any:
    """Return one text, or several, as a list."""
    if value is None:
        return None
    if isinstance(value, str):
        return [value]
    return [str(item) for item in np.asarray(value, dtype=object).ravel().tolist()]


def _columns(value: Any, parameter: str) -> list[str] | None:
    """Return the names of columns as a list; they must differ."""
    if value is None or isinstance(value, str):
        return value if value is None else [value]
    return list(map(str, check_class_names(value, parameter).tolist()))


def rows_of(
    source: Any, *, comment: str | None = None, encoding: str = "utf-8", **options: Any
) -> Rows:
    """Take the rows of any source; options are for delimited files, `encoding` also for JSON."""
    if comment == "":
        raise ValueError("comment must not be empty; leave it out if there are no comments.")
    check_encoding(encoding)
    if isinstance(source, Rows):
        return source
    if isinstance(source, str | os.PathLike):
        if is_json(source):
            return json_rows(source, encoding)
        if is_parquet(source):
            return parquet_rows(source)
        return delimited_rows(source, comment=comment, encoding=encoding, **options)
    if is_into_dataframe(source):
        return frame_rows(source)
    if isinstance(source, list | dict):
        return record_rows(source, "the records")
    if hasattr(source, "collect"):  # a lazy frame
        raise ValueError("source must be a data frame, got a lazy one; pass source.collect().")
    raise ValueError(
        f"source must be a path, a data frame, a list of dict or a dict, got "
        f"{type(source).__name__}."
    )
