"""Text files line by line, and the error that names the file and line of a fault."""

import os
import reprlib
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

FilePath = str | os.PathLike[str]
Row = TypeVar("Row", bound=Sized)

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = 12


def short_repr(value: object) -> str:
    """Return the repr of a value from a file, short enough for an error message."""
    return _repr.repr(value)


def misread(
    path: FilePath, problem: str, *, line: int | None = None, column: str | None = None
) -> ValueError:
    """Make the error that names the file, the line and the column."""
    place = os.fsdecode(path)
    place += "" if line is None else f", line {line}"
    place += "" if column is None else f", column {short_repr(column)}"
    return ValueError(f"{place}: {problem}")


def text_lines(path: FilePath) -> Iterator[str]:
    """Yield the lines of a UTF-8 file with their ends, as the csv module expects them."""
    # Bytes that are not UTF-8 come through as surrogates, so that their line is known.
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        for number, line in enumerate(file, 1):
            if not line.isascii():
                try:
                    line.encode()
                except UnicodeEncodeError as error:
                    byte = ord(line[error.start]) - 0xDC00
                    problem = f"the byte 0x{byte:02x} is not UTF-8; save the file as UTF-8."
                    raise misread(path, problem, line=number) from None
            if "\0" in line:
                problem = "the line has a NUL byte; the file is damaged, or is not UTF-8 text."
                raise misread(path, problem, line=number)
            yield line


def filled_lines(path: FilePath) -> Iterator[tuple[int, str]]:
    """Yield the lines, without their ends, by number; only the last ones may be blank."""
    bare = (line.rstrip("\r\n") for line in text_lines(path))
    lines = enumerate((line if line.strip() else "" for line in bare), 1)
    return without_gaps(path, lines)


def without_gaps(path: FilePath, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """Yield rows by the line where each starts; only the last ones may be empty."""
    blank = None
    for line, row in rows:
        if len(row) == 0:
            blank = blank or line
        elif blank is not None:
            problem = "the line is blank, but more lines follow; fill or remove it."
            raise misread(path, problem, line=blank)
        else:
            yield line, row
