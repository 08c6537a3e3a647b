"""Rows of a delimited file."""

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from operator import itemgetter

from mlresample.readers._lines import FilePath, misread, short_repr, text_lines
from mlresample.readers._rows import Batch, Rows
from mlresample.readers._suspicion import comment_mark

_BATCH_SIZE = 256  # rows; more would be traversed again and again by garbage collection
_JSON_START = re.compile(r'\s*(\{\s*("|$)|\[\s*(\{|$))')
_BLANK = "the line is blank, but more lines follow; fill or remove it."


def delimited_rows(
    path: FilePath,
    *,
    delimiter: str = ",",
    header: bool = True,
    comment: str | None,
    skip_initial_space: bool = False,
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
