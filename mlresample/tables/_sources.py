"""Any source of a table as record batches, one after the other."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet

from mlresample._utils.names import listed

TableSource: TypeAlias = Any  # a path, or whatever holds or yields record batches

_BATCH_SIZE = 1 << 16  # rows


class Batches(NamedTuple):
    """Record batches, and their schema, which is empty if there is no batch to tell it."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def record_batches(
    source: TableSource, labels: list[str], key: str | None = None, *, all_columns: bool = False
) -> Batches:
    """Return a source's batches, without other columns if they are not asked for.

    Streams may have them still. Columns of labels alone may come as dictionaries.
    """
    columns = labels if key is None else list(dict.fromkeys([*labels, key]))
    if isinstance(source, str | os.PathLike):
        return _of_files(parquet_files([source]), columns, key, all_columns)
    if isinstance(source, list | tuple) and all(isinstance(p, str | os.PathLike) for p in source):
        return _of_files(parquet_files(source), columns, key, all_columns)
    if isinstance(source, pa.dataset.Dataset):
        _check_columns(source.schema, columns, "the data set")
        chosen = None if all_columns else columns
        scanner = source.scanner(columns=chosen, batch_size=_BATCH_SIZE, batch_readahead=4)
        return Batches(scanner.projected_schema, scanner.to_batches())
    if isinstance(source, pa.dataset.Scanner):
        source = source.to_reader()
    if isinstance(source, pa.RecordBatch):
        source = pa.Table.from_batches([source])
    if isinstance(source, pa.Table):
        _check_columns(source.schema, columns, "the table")
        table = source if all_columns else source.select(columns)
        return Batches(table.schema, iter(table.to_batches(max_chunksize=_BATCH_SIZE)))
    if hasattr(source, "__arrow_c_stream__"):
        reader = pa.RecordBatchReader.from_stream(source)
        _check_columns(reader.schema, columns, "the table")
        return Batches(reader.schema, iter(reader))
    if isinstance(source, Iterable) and not isinstance(source, dict | bytes):
        return _of_iterable(iter(source), columns)
    raise TypeError(
        f"source must be a path of Parquet files, a table with __arrow_c_stream__ or an iterable "
        f"of record batches, got {type(source).__name__}."
    )


def _of_iterable(batches: Iterator[Any], columns: list[str]) -> Batches:
    first = next(batches, None)
    if first is None:
        return Batches(pa.schema([]), iter(()))
    if not isinstance(first, pa.RecordBatch):
        raise TypeError(f"source must yield pyarrow.RecordBatch, got {type(first).__name__}.")
    _check_columns(first.schema, columns, "the batches")

    def checked() -> Iterator[pa.RecordBatch]:
        for batch in chain([first], batches):
            if batch.schema.names != first.schema.names:
                raise ValueError(
                    f"the batches have different columns: {listed(first.schema.names)} and "
                    f"{listed(batch.schema.names)}."
                )
            yield batch

    return Batches(first.schema, checked())


def parquet_files(paths: Iterable[Any]) -> list[str]:
    """Return the files of paths, patterns and folders, each of which may be there only once."""
    files = [file for path in paths for file in _files(path)]
    seen: set[str] = set()
    for file in files:
        if (place := os.path.realpath(file)) in seen:
            raise ValueError(f"source has the file {file} twice.")
        seen.add(place)
    if not files:
        raise ValueError("source is an empty list of paths.")
    return files


def _files(path: Any) -> list[str]:
    """Return a file, the files of a pattern, or the Parquet files in a folder and below."""
    path = os.fspath(path)
    if os.path.isfile(path):
        return [path]
    pattern = os.path.join(glob.escape(path), "**", "*.parquet") if os.path.isdir(path) else path
    files = [name for name in glob.glob(pattern, recursive=True) if os.path.isfile(name)]
    if not files:
        raise FileNotFoundError(f"there is no Parquet file {path}")
    return sorted(files)


def _of_files(files: list[str], columns: list[str], key: str | None, all_columns: bool) -> Batches:
    def schema_of(path: str) -> pa.Schema:
        whole = _opened(path).schema_arrow
        _check_columns(whole, columns, path)
        return whole if all_columns else pa.schema([whole.field(name) for name in columns])

    schema = schema_of(files[0])
    for path in files[1:]:
        of_file = schema_of(path)
        if not of_file.equals(schema):
            differing = [f.name for f in {*schema} ^ {*of_file}]
            raise ValueError(
                f"{path} does not have the columns and types of {files[0]}: they differ in "
                f"{listed(sorted({*differing})) or 'their order'}."
            )

    def batches() -> Iterator[pa.RecordBatch]:
        for path in files:
            try:
                file = _opened(path)
                if all_columns:
                    yield from file.iter_batches(_BATCH_SIZE)
                    continue
                # A dictionary of strings is read in half the time; each row group has its own.
                file = _opened(path, _strings(file, {*columns} - {key}))
                for group in range(file.num_row_groups):
                    for batch in file.iter_batches(_BATCH_SIZE, [group], columns):
                        yield batch.select(columns)  # whatever their order in the file
            except (pa.ArrowInvalid, OSError) as error:
                raise ValueError(f"{path} cannot be read: {error}") from error

    return Batches(schema, batches())


def _strings(file: pa.parquet.ParquetFile, columns: set[str]) -> list[str]:
    """Return the paths of the strings in some columns of a file."""
    leaves = [file.schema.column(i) for i in range(len(file.schema))]
    return [
        leaf.path
        for leaf in leaves
        if leaf.path.split(".")[0] in columns and leaf.physical_type == "BYTE_ARRAY"
    ]


def _opened(path: str, encoded: Sequence[str] = ()) -> pa.parquet.ParquetFile:
    try:
        return pa.parquet.ParquetFile(path, memory_map=True, read_dictionary=encoded)
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"{path} cannot be read as a Parquet file: {error}") from error


def _check_columns(schema: pa.Schema, columns: list[str], where: str) -> None:
    for name in columns:
        if (n := schema.names.count(name)) != 1:
            problem = "no column" if n == 0 else f"{n} columns"
            raise ValueError(
                f"{where} has {problem} {name!r}; its columns are {listed(schema.names)}."
            )
