"""Tables of Parquet files, read with progress and written; needs pyarrow."""

import fnmatch
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before pyarrow itself: its error says what to install.
from mlresample.tables import TableTarget, add_repeats

# isort: split
import pyarrow as pa
import pyarrow.parquet as pq

from mlresample._cli._inputs import check_not_input, options_for
from mlresample.tables._repeats import check_keys
from mlresample.tables._sources import parquet_files, record_batches

_MOMENT = 1.0  # seconds
_GROUP_BYTES = 1 << 25  # of a row group, in memory


class ParquetTable:
    """A table of Parquet files and its target, as the arguments say."""

    def __init__(self, paths: list[str], arguments: Namespace) -> None:
        self._paths = parquet_files(paths)
        self._task = f"reading {paths[0] if len(paths) == 1 else f'{len(paths)} files'}"
        self._options = options_for("parquet", arguments)
        self._key = self._options.pop("key", None)
        labels, columns = (self._options.pop(k, None) for k in ("labels", "class_columns"))
        if (labels is None) == (columns is None):
            names = pq.read_schema(self._paths[0]).names
            raise ValueError(
                f"name either the column of labels by --labels, or those of the classes by "
                f"--class-columns: {self._paths[0]} has the columns {', '.join(names)}."
            )
        self._labels = labels if columns is None else columns
        self._columns = columns or [labels]
        if arguments.command == "resample":
            if self._key is None:
                raise ValueError(
                    "name the column that identifies a row by --key: an epoch is drawn from it."
                )
            for path in self._paths:
                check_not_input(arguments.output, path)
            for path in paths:
                _check_not_among(arguments.output, path)
        if self._key is not None:
            copies_rows = arguments.command == "resample" and not arguments.keys
            schema = record_batches(
                self._paths, self._columns, self._key, all_columns=copies_rows
            ).schema
            check_keys(schema.field(self._key).type)
        self.target = TableTarget(
            _Files(self._paths, self._columns, task=self._task), self._labels, **self._options
        )

    def resampled(self, rule: Any, arguments: Namespace) -> pa.RecordBatchReader:
        """Return the batches of an epoch."""
        output = "repeats" if arguments.repeats else "keys" if arguments.keys else "rows"
        whole = output != "keys"
        return add_repeats(
            _Files(self._paths, self._columns, self._key, whole=whole, task=self._task),
            rule,
            self._labels,
            key=self._key,
            seed=arguments.random_state,
            epoch=arguments.epoch or 0,
            output=output,
            **self._options,
        )


def _check_not_among(output: str, path: str) -> None:
    """Check that the output would not be a file of an input's folder or pattern from then on."""
    place, pattern = os.path.realpath(output), os.path.realpath(path)
    if os.path.isdir(path):
        is_among = place.startswith(os.path.join(pattern, ""))
    else:
        is_as_deep = "**" in pattern or place.count(os.sep) == pattern.count(os.sep)
        is_among = is_as_deep and fnmatch.fnmatchcase(place, pattern.replace("**/", "*"))
    if is_among:
        raise ValueError(
            f"--output {output} would be one of the files of {path} from then on: write to "
            f"another folder."
        )


class _Files:
    """Record batches of Parquet files; each pass shows how far it has come."""

    def __init__(
        self,
        paths: list[str],
        columns: list[str],
        key: str | None = None,
        *,
        whole: bool = False,
        task: str,
    ) -> None:
        self._paths, self._columns, self._key, self._whole = paths, columns, key, whole
        self._task = task

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        batches = record_batches(
            self._paths, self._columns, self._key, all_columns=self._whole
        ).batches
        if sys.stderr is None or not sys.stderr.isatty():
            return batches
        n_rows = sum(pq.read_metadata(path).num_rows for path in self._paths)
        return _with_progress(batches, n_rows, self._task)


def _with_progress(
    batches: Iterator[pa.RecordBatch], n_rows: int, task: str
) -> Iterator[pa.RecordBatch]:
    """Write how many rows were read in a line that is written over, if it takes a while."""
    start = shown = time.monotonic()
    n_read, line = 0, ""
    for batch in batches:
        yield batch
        n_read += batch.num_rows
        now = time.monotonic()
        if now - shown > _MOMENT or (line and n_read == n_rows):
            shown = now
            line = f"{task}: {n_read:,} of {n_rows:,} rows, {n_read / (now - start):,.0f} rows/s"
            end = "\n" if n_read == n_rows else "\r"
            print(line, end=end, file=sys.stderr, flush=True)


def write_parquet(batches: pa.RecordBatchReader, path: Path) -> None:
    """Write batches in row groups of a size that readers like."""
    with pq.ParquetWriter(path, batches.schema) as writer:
        gathered: list[pa.RecordBatch] = []
        for batch in batches:
            gathered.append(batch)
            if sum(part.nbytes for part in gathered) > _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(gathered))
                gathered = []
        if gathered:
            writer.write_table(pa.Table.from_batches(gathered))
