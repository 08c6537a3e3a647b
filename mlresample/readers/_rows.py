"""Delimited files row by row, with the checks that all of them need."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator

from mlresample.readers._lines import FilePath, misread, short_repr, text_lines, without_gaps


def read_table(
    path: FilePath, delimiter: str
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the header of a delimited file, and its rows by the line where each starts."""
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise ValueError(
            f"delimiter must be one character other than a quote or line end, got {delimiter!r}."
        )
    rows = without_gaps(path, _parsed(path, delimiter))
    line, cells = next(rows, (1, []))
    if not cells:
        raise misread(path, "the file is empty; it must have a header and one row per sample.")
    header = [cell.strip() for cell in cells]
    if len(header) == 1:
        others = [other for other in ",;\t|" if other != delimiter and other in header[0]]
        way_out = (
            f"pass delimiter={others[0]!r}" if others else "ids and labels need one column each"
        )
        problem = f"the header has a single column, {short_repr(header[0])}; {way_out}."
        raise misread(path, problem, line=line)
    name, times = Counter(filter(None, header)).most_common(1)[0] if any(header) else ("", 0)
    if times > 1:
        problem = f"the header has the column {short_repr(name)} {times} times; names must differ."
        raise misread(path, problem, line=line)
    return header, _complete(path, rows, len(header))


def _parsed(path: FilePath, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text_lines(path), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [] if len(cells) == 1 and not cells[0].strip() else cells
            line = reader.line_num + 1  # a quoted cell may go over several lines
    except csv.Error as error:
        problem = f"{error}; look for a quote that is not closed, or not doubled within quotes."
        raise misread(path, problem, line=line) from None


def _complete(
    path: FilePath, rows: Iterable[tuple[int, list[str]]], n_columns: int
) -> Iterator[tuple[int, list[str]]]:
    line = None
    for line, cells in rows:
        if len(cells) != n_columns:
            problem = (
                f"the row must have {n_columns} cells, one per column of the header, but it has "
                f"{len(cells)}; quote cells that contain the delimiter, and leave none out."
            )
            raise misread(path, problem, line=line)
        yield line, cells
    if line is None:
        raise misread(path, "there is no row below the header; each sample needs one.")


def id_position(path: FilePath, header: list[str], id_column: str | None) -> int:
    """Find the column of the ids: the first if none is named."""
    name = header[0] if id_column is None else id_column
    return column_position(path, header, name, "id_column")


def column_position(path: FilePath, header: list[str], name: str, parameter: str) -> int:
    """Find a column by its name."""
    if name not in header:
        problem = (
            f"there is no {parameter} {short_repr(name)} among the columns {short_repr(header)}."
        )
        raise misread(path, problem, line=1)
    position = header.index(name)
    if name == "":
        problem = (
            f"column {position + 1} needs a name; write it in the header, or pass {parameter}=."
        )
        raise misread(path, problem, line=1)
    return position


def add_id(path: FilePath, ids: dict[str, int], name: str, line: int, column: str) -> None:
    """Add a row's id, which must be unique, with its line."""
    if not name.strip():
        raise misread(path, "the id is empty; each sample needs one.", line=line, column=column)
    first = ids.setdefault(name, line)
    if first != line:
        problem = f"the id {short_repr(name)} is also on line {first}; ids must differ."
        raise misread(path, problem, line=line, column=column)
