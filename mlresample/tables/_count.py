"""Count the classes of a table, batch by batch."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlresample._rule.counts import ClassCounts
from mlresample._target.read import label_lists
from mlresample.readers._cells import looks_like_a_list, mark_between_labels
from mlresample.readers._lines import short_repr
from mlresample.tables._labels import LabelLayout, is_list
from mlresample.tables._sources import TableSource, record_batches


def count_classes(
    source: TableSource,
    labels: str | Sequence[str],
    *,
    separator: str | None = None,
    null_is_background: bool = False,
) -> ClassCounts:
    """Count how many rows of a table carry each class.

    The table is read batch by batch and may be larger than memory. Counts of parts add up, so each
    part may be counted by another process.

    Parameters
    ----------
    source : path, list of paths, table or iterable of pyarrow.RecordBatch
        Parquet files: a path, a pattern such as ``"train/*.parquet"``, a folder, or a list of
        these. Or a pyarrow Table, Dataset, Scanner or RecordBatchReader; whatever has
        ``__arrow_c_stream__``, such as data frames of pandas and Polars and relations of DuckDB;
        or an iterable of record batches.
    labels : str or list of str
        Column of labels, strings or integers: a list in each row, one label in each row, or cells
        with a `separator`. Or the columns of the classes, which hold 0 and 1.
    separator : str, default=None
        What separates the labels in a cell. Spaces around labels are removed.
    null_is_background : bool, default=False
        Whether a null in place of labels means that a row has no class; by default an error.

    Returns
    -------
    counts : ClassCounts
        The counts, with the number of rows and of rows without a class; classes are sorted. A
        label that a row has twice counts once.

    Raises
    ------
    ValueError
        If a column is missing, has another type, has nulls, empty labels or rows of an indicator
        matrix in lists, or files cannot be read.
    FileNotFoundError
        If no file is at the path.

    Warns
    -----
    UserWarning
        If a label looks like a list of labels, such as ``"a,b"`` or ``"['a', 'b']"``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from mlresample import ResamplingRule
    >>> from mlresample.tables import count_classes
    >>> table = pa.table({"id": [7, 8, 9], "labels": [["cat"], ["cat", "lynx"], ["cat"]]})
    >>> counts = count_classes(table, "labels")
    >>> dict(zip(counts.classes.tolist(), counts.class_counts.tolist()))
    {'cat': 3, 'lynx': 1}
    >>> ResamplingRule.from_counts(counts).class_multipliers
    array([1., 2.])
    """
    layout = LabelLayout(labels, separator, null_is_background)
    n_rows = n_without_class = 0
    counts: Counter[Any] = Counter()
    if not isinstance(labels, str):
        counts.update(dict.fromkeys(labels, 0))
    schema, batches = record_batches(source, layout.columns)
    for batch in batches:
        found = layout.read(batch, n_rows)
        by_code = found.count()
        counts.update({found.name(code): int(by_code[code]) for code in by_code.nonzero()[0]})
        n_rows += found.n_rows
        n_without_class += int(np.count_nonzero(np.diff(found.entries[0]) == 0))
    kinds = {isinstance(name, str): name for name in counts}
    if len(kinds) > 1:
        raise ValueError(
            f"column {labels!r} has text in some batches and numbers in others, such as "
            f"{kinds[True]!r} and {kinds[False]!r}: cast it to one type."
        )
    names = list(counts) if not isinstance(labels, str) else sorted(counts)
    if isinstance(labels, str) and names:
        is_text = separator is None and not is_list(schema.field(labels).type)
        if problem := _cell_of_several(names, is_text):
            warnings.warn(
                f"each distinct label of column {labels!r} is a class, but {problem}.",
                UserWarning,
                stacklevel=2,
            )
    return ClassCounts.from_numbers(
        [counts[name] for name in names],
        class_names=names,
        n_samples=n_rows,
        n_without_class=n_without_class,
    )


def _cell_of_several(names: list[Any], is_text: bool) -> str | None:
    """Describe the first class that seems to list several labels, of cells or within lists."""
    if is_text:
        for name in filter(lambda name: isinstance(name, str), names):
            if looks_like_a_list(name):
                return f"{short_repr(name)} looks like a list; make a column of lists of it"
            if (contains_mark := mark_between_labels(name)) is not None:
                return contains_mark
    lists = label_lists(names)
    return f"{short_repr(lists[0])} seems to list several; pass separator=" if lists else None
