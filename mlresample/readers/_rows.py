"""Rows of named cells: what a delimited file, JSON and a data frame have in common."""

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any

import narwhals as nw
import numpy as np

from mlresample.readers._lines import FilePath, misread, short_repr, text_lines
from mlresample.readers._suspicion import comment_mark, is_column_of_labels

# The place of each row in its source, and its cells column by column.
Batch = tuple[Sequence[int], list[Sequence[str]]]
_BATCH_SIZE = 256  # rows; more would be traversed again and again by garbage collection
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which cannot be encoded
_JSON_ENDINGS = re.compile(r"\.(json|jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
_LINES_ENDINGS = re.compile(r"\.(jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
_JSON_START = re.compile(r'\s*(\{\s*("|$)|\[\s*(\{|$))')
_BLANK = "the line is blank, but more lines follow; fill or remove it."


@dataclass(frozen=True)
class Rows:
    """Rows that are read in batches, only the columns that are asked for."""

    source: str
    unit: str
    columns: list[str]
    batches: Callable[[list[int]], Iterator[Batch]]
    has_header: bool = False

    def error(
        self, problem: str, place: int | None = None, column: str | None = None
    ) -> ValueError:
        """Make the error that names the source, the row and the column."""
        where = self.source + ("" if place is None else f", {self.unit} {place}")
        where += "" if column is None else f", column {short_repr(column)}"
        return ValueError(f"{where}: {problem}")

    def read(self, names: list[str]) -> Iterator[Batch]:
        """Yield batches of the columns of these names."""
        return self.batches([self.columns.index(name) for name in names])


def is_json(path: FilePath) -> bool:
    """Return whether a file is JSON: by its ending, as a CSV file may begin with a bracket."""
    return _JSON_ENDINGS.search(os.fsdecode(path)) is not None


# -- delimited files ---------------------------------------------------------------------------


def delimited_rows(
    path: FilePath,
    *,
    delimiter: str,
    header: bool,
    comment: str | None,
    skip_initial_space: bool,
    encoding: str,
) -> Rows:
    """Read the header of a delimited file; without one, columns are named by their numbers."""
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise ValueError(
            f"delimiter must be one character other than a quote or line end, got {delimiter!r}."
        )
    if _JSON_START.match(next(text_lines(path, encoding), "")):
        raise misread(
            path, "the file is JSON; name it .json, or .jsonl if it has one object per line."
        )
    parser = _Parser(path, delimiter, comment, skip_initial_space, encoding)
    lines, rows = parser.take(1)
    if not rows:
        above = "a header and " if header else ""
        raise misread(path, f"the file is empty; it must have {above}one row per sample.")
    if header:
        columns = [cell.strip() for cell in rows[0]]
        _check_header(path, columns, lines[0])
        lines, rows = [], []
    else:
        columns = [str(number) for number in range(1, len(rows[0]) + 1)]
    batches = partial(_in_batches, path, parser, (lines, rows), columns)
    return Rows(os.fsdecode(path), "line", columns, batches, has_header=header)


class _Parser:
    """The rows of a delimited file by the lines where they start; only the last may be blank."""

    def __init__(
        self,
        path: FilePath,
        delimiter: str,
        comment: str | None,
        skip_initial_space: bool,
        encoding: str,
    ) -> None:
        self.path = path
        self.lines = _Lines(path, encoding, comment)
        self.reader = csv.reader(
            iter(self.lines),
            delimiter=delimiter,
            strict=True,
            skipinitialspace=skip_initial_space or delimiter == " ",
        )
        self.spaces = delimiter == " "  # of which any number separates cells
        self.line = 1
        self.blank: int | None = None

    def take(self, n_rows: int) -> tuple[list[int], list[list[str]]]:
        """Return the next rows and their lines: none only at the end of the file."""
        lines: list[int] = []
        rows: list[list[str]] = []
        try:
            with _long_cells():
                for cells in self.reader:
                    self.lines.between_rows = True
                    if self.spaces and cells and not cells[-1]:
                        del cells[-1]
                    if not cells or (len(cells) == 1 and not cells[0].strip()):
                        if self.line not in self.lines.comments:
                            self.blank = self.blank or self.line
                    elif self.blank is not None:
                        raise misread(self.path, _BLANK, line=self.blank)
                    else:
                        lines.append(self.line)
                        rows.append(cells)
                    self.line = self.reader.line_num + 1  # quoted cells may go over several
                    if len(rows) == n_rows:
                        break
        except csv.Error as error:
            problem = (
                f"{error}; look for a quote that is not closed, or not doubled within quotes."
            )
            raise misread(self.path, problem, line=self.line) from None
        return lines, rows


class _Lines:
    """The lines of a file for csv.reader; comments become empty lines, whose numbers are kept.

    A line is a comment only between rows: within a quoted cell it belongs to the cell.
    """

    def __init__(self, path: FilePath, encoding: str, comment: str | None) -> None:
        self.lines = text_lines(path, encoding)
        self.comment = comment
        self.comments: set[int] = set()
        self.between_rows = True

    def __iter__(self) -> Iterator[str]:
        if self.comment is None:
            return self.lines
        return self._without_comments(self.comment)

    def _without_comments(self, comment: str) -> Iterator[str]:
        for number, line in enumerate(self.lines, 1):
            if self.between_rows and line.startswith(comment):
                self.comments.add(number)
                yield "\n"
            else:
                self.between_rows = False
                yield line


def _check_header(path: FilePath, columns: list[str], line: int) -> None:
    name, times = Counter(filter(None, columns)).most_common(1)[0] if any(columns) else ("", 0)
    if times > 1:
        problem = (
            f"the header has the column {short_repr(name)} {times} times; names must differ. If "
            f"the line is a sample, pass header=False."
        )
        raise misread(path, problem, line=line)


def _in_batches(
    path: FilePath,
    parser: _Parser,
    first: tuple[list[int], list[list[str]]],
    columns: list[str],
    needed: list[int],
) -> Iterator[Batch]:
    n_columns = len(columns)
    lines, rows = first if first[1] else parser.take(_BATCH_SIZE)
    if not rows:
        raise misread(path, "there is no row below the header; each sample needs one.")
    if columns[-1] == "" and columns[0] != "" and all(row[-1].strip() for row in rows):
        problem = (
            "the last column has values, but no name; write a name for every column, also for the "
            "ids."
        )
        raise misread(path, problem, line=lines[0])
    while rows:
        if set(map(len, rows)) != {n_columns}:
            i = next(i for i, row in enumerate(rows) if len(row) != n_columns)
            problem = (
                f"the row must have {n_columns} cells, one per column of the first line, but it "
                f"has {len(rows[i])}; {_why_cells_differ(columns, rows[i])}."
            )
            raise misread(path, problem, line=lines[i])
        yield lines, [list(map(itemgetter(column), rows)) for column in needed]
        lines, rows = parser.take(_BATCH_SIZE)


def _why_cells_differ(columns: list[str], cells: list[str]) -> str:
    mark = comment_mark(columns[0]) or comment_mark(cells[0])
    if mark is not None:
        return f"pass comment={mark!r} if that begins a comment"
    if len(cells) == len(columns) + 1 and cells[-1].strip():
        return (
            "quote cells that contain the delimiter, or write a name for the ids, too, if the "
            "header names only the classes"
        )
    if any(re.match(' +"', cell) for cell in cells):
        return "pass skip_initial_space=True if spaces stand between delimiters and quotes"
    return "quote cells that contain the delimiter, and leave none out"


@contextmanager
def _long_cells() -> Iterator[None]:
    """Allow cells of any length, such as outlines, while the csv module reads."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


# -- JSON --------------------------------------------------------------------------------------


def json_rows(path: FilePath, encoding: str) -> Rows:
    """Read an array of objects, JSON lines, or one object from ids to labels."""
    source = os.fsdecode(path)
    text = "".join(text_lines(path, encoding))
    if not text.strip():
        raise misread(path, "the file is empty; it must have one object per sample.")
    if _LINES_ENDINGS.search(source) and text.lstrip()[:1] != "[":
        return _json_lines(path, text)
    try:
        content = json.loads(text, object_pairs_hook=_with_distinct_keys)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text[: error.pos].count("\n") == 1:
            return _json_lines(path, text)
        problem = f"the file is not JSON at character {error.colno}: {error.msg}."
        raise misread(path, problem, line=error.lineno) from None
    except RecursionError:
        raise misread(path, "the JSON is nested too deeply.") from None
    except ValueError as error:
        raise misread(path, str(error)) from None
    return record_rows(content, source)


def _json_lines(path: FilePath, text: str) -> Rows:
    records, places = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            records.append(json.loads(line, object_pairs_hook=_with_distinct_keys))
        except json.JSONDecodeError as error:
            problem = f"the line is not JSON at character {error.colno}: {error.msg}."
            raise misread(path, problem, line=number) from None
        except (RecursionError, ValueError) as error:
            raise misread(path, str(error), line=number) from None
        places.append(number)
    return _records(os.fsdecode(path), "line", records, places)


def _with_distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"an object has the key {twice!r} twice.")
    return entry


def record_rows(content: Any, source: str) -> Rows:
    """Take rows from what JSON holds: a list of records, or a mapping from ids to labels."""
    if isinstance(content, list):
        return _records(source, "record", content, range(1, len(content) + 1))
    if not isinstance(content, dict):
        raise ValueError(f"{source}: there must be a list of records, got {short_repr(content)}.")
    if {"images", "annotations", "categories"} <= content.keys():
        raise ValueError(f"{source}: this is COCO; read it by read_coco.")
    if _has_columns(content):
        raise ValueError(
            f"{source}: the object holds columns, not rows; write one object per sample, as "
            f"pandas does by to_json(orient='records'), or pass a data frame to read_labels."
        )
    values = list(content.values())
    only = values[0] if len(values) == 1 else None
    if isinstance(only, list) and only and isinstance(only[0], dict):
        key = short_repr(next(iter(content)))
        raise ValueError(f"{source}: the records stand under the key {key}; keep only that list.")
    if all(isinstance(value, dict) for value in values):
        name = "key" if any("id" in value for value in values) else "id"
        records = [{name: key, **value} for key, value in content.items()]
    elif all(isinstance(value, list) for value in values) or all(
        isinstance(value, str) for value in values
    ):
        records = [{"id": key, "labels": value} for key, value in content.items()]
    else:
        raise ValueError(
            f"{source}: an object must map each id to its labels or to one record; for a single "
            f"record, write a list around it."
        )
    return _records(source, "record", records, range(1, len(records) + 1))


def _has_columns(content: dict[str, Any]) -> bool:
    """Return whether an object is a table column by column, as pandas and datasets write it."""
    values = list(content.values())
    if {"columns", "data"} <= content.keys() or {"schema", "data"} <= content.keys():
        return True
    if values and all(isinstance(value, dict) for value in values):
        return all(list(value) == list(map(str, range(len(value)))) for value in values) and any(
            values
        )
    return (
        len(values) > 1
        and all(isinstance(value, list) for value in values)
        and len(set(map(len, values))) == 1
        and any(map(is_column_of_labels, content))
    )


def _records(source: str, unit: str, records: list[Any], places: Sequence[int]) -> Rows:
    for place, record in zip(places, records, strict=True):
        if not isinstance(record, dict):
            raise ValueError(
                f"{source}, {unit} {place}: a record must be an object of named values, got "
                f"{short_repr(record)}."
            )
    keys = list(dict.fromkeys(chain.from_iterable(records)))
    if not keys:
        raise ValueError(f"{source}: there is no record; each sample needs one.")
    columns = list(map(str, keys))

    def batches(needed: list[int]) -> Iterator[Batch]:
        for start in range(0, len(records), _BATCH_SIZE):
            part = slice(start, start + _BATCH_SIZE)
            values = ((record.get(keys[i]) for record in records[part]) for i in needed)
            yield (
                places[part],
                [
                    _cells(rows, column, places[part], i)
                    for i, column in zip(needed, values, strict=True)
                ],
            )

    rows = Rows(source, unit, columns, batches)
    return rows


# -- data frames -------------------------------------------------------------------------------


def frame_rows(frame: Any) -> Rows:
    """Take rows from a data frame; a row's place is its position."""
    table = nw.from_native(frame, eager_only=True)
    columns = [str(name) for name in table.columns]
    if len(table) == 0:
        raise ValueError("the data frame has no row; each sample needs one.")

    def batches(needed: list[int]) -> Iterator[Batch]:
        for start in range(0, len(table), _BATCH_SIZE):
            part = table[start : start + _BATCH_SIZE]
            places = range(start, start + len(part))
            cells: list[Sequence[str]] = []
            for i in needed:
                column = part[:, i]
                values = zip(column.to_list(), column.is_null().to_list(), strict=True)
                cells.append(_cells(rows, (None if null else v for v, null in values), places, i))
            yield places, cells

    rows = Rows("the data frame", "row", columns, batches)
    return rows


def _cells(rows: Rows, values: Iterator[Any], places: Sequence[int], i: int) -> list[str]:
    cells: list[str] = []
    for value in values:
        try:
            cells.append(value if type(value) is str and value.isascii() else cell_of(value))
        except ValueError as error:
            raise rows.error(str(error), places[len(cells)], rows.columns[i]) from None
    return cells


def cell_of(value: Any) -> str:
    """Write a value as the cell of a delimited file; lists and objects as JSON."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ValueError(f"{short_repr(value)} has half a character, which has no meaning.")
        return value
    if value is None:
        return ""
    if isinstance(value, np.ndarray | np.generic):
        return cell_of(value.tolist())
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes):
        raise ValueError(f"{short_repr(value)} is bytes; decode them to text.")
    if isinstance(value, dict | list | tuple | set | frozenset):
        listed = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        try:
            return json.dumps(listed, ensure_ascii=False, default=_plain)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{short_repr(value)} cannot be read: {error}.") from None
    if nw.dependencies.is_into_series(value):  # a list in a cell of Polars or Arrow
        return cell_of(nw.from_native(value, series_only=True).to_list())
    return str(value)


def _plain(value: Any) -> Any:
    """Convert what json cannot write: arrays, NumPy scalars, sets."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    raise TypeError(f"{type(value).__name__} is neither text, a number nor a list")
