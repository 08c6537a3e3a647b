"""Rows of a data frame, or of a Parquet file."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import narwhals as nw

from mlresample.readers._lines import FilePath, misread
from mlresample.readers._rows import Batch, Rows, cells_of

_BATCH_SIZE = 65_536


def frame_rows(frame: Any) -> Rows:
    """Take rows from a data frame; a row's place is its position."""
    table = nw.from_native(frame, eager_only=True)

    def parts(needed: list[int]) -> Iterator[Any]:
        for start in range(0, len(table), _BATCH_SIZE):
            yield table[start : start + _BATCH_SIZE, needed]

    return _rows_of_parts("the data frame", list(map(str, table.columns)), len(table), parts)


def is_parquet(path: FilePath) -> bool:
    """Return whether a file is Parquet: by its ending."""
    return os.fsdecode(path).lower().endswith(".parquet")


def parquet_rows(path: FilePath) -> Rows:
    """Take rows from a Parquet file, of which only the columns that are needed are read."""
    source = os.fsdecode(path)
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        problem = 'Parquet needs pyarrow, which is not installed: pip install "mlresample[tables]"'
        raise ImportError(f"{source}: {problem}") from error
    with open(path, "rb"):  # what is missing or a folder is said as of any other file
        pass
    try:
        file = pq.ParquetFile(source)
    except (pa.ArrowException, OSError) as error:
        raise misread(path, f"the file cannot be read as Parquet: {error}") from error
    names = file.schema_arrow.names
    if len({*names}) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise misread(path, f"the file has {names.count(twice)} columns {twice!r}.")
    columns = _columns_of(file.schema_arrow)

    def parts(needed: list[int]) -> Iterator[Any]:
        names = [columns[i] for i in needed]
        try:
            for batch in file.iter_batches(_BATCH_SIZE, columns=names):
                yield nw.from_native(pa.Table.from_batches([batch]).select(names))
        except (pa.ArrowException, OSError) as error:
            raise misread(path, f"the file cannot be read as Parquet: {error}") from error

    return _rows_of_parts(source, columns, file.metadata.num_rows, parts)


def _columns_of(schema: Any) -> list[str]:
    """Return the columns, first those of an index of pandas, as its reset_index has them.

    An index of integers without a name is no column: these are numbers of rows.
    """
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    levels = [name for name in schema.names if name in index]
    first = [
        name
        for name in levels
        if not (name.startswith("__index_level_") and str(schema.field(name).type) == "int64")
    ]
    return first + [name for name in schema.names if name not in levels]


def _rows_of_parts(
    source: str, columns: list[str], n_rows: int, parts: Callable[[list[int]], Iterator[Any]]
) -> Rows:
    if n_rows == 0:
        raise ValueError(f"{source} has no row; each sample needs one.")

    def batches(needed: list[int]) -> Iterator[Batch]:
        start = 0
        for part in parts(needed):
            places = range(start, start + len(part))
            cells: list[Sequence[str]] = []
            for k, i in enumerate(needed):
                column = part[:, k]
                values = zip(column.to_list(), column.is_null().to_list(), strict=True)
                present = (None if null else value for value, null in values)
                cells.append(cells_of(rows, present, places, i))
            yield places, cells
            start += len(part)

    rows = Rows(source, "row", columns, batches)
    return rows
