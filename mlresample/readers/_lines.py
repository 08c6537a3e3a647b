"""Text files line by line; what is wrong with one is told by file and line."""

import os
import reprlib
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

FilePath = str | os.PathLike[str]
Row = TypeVar("Row", bound=Sized)

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = 12


def short(value: object) -> str:
    """Show a value from a file on one line, in the middle of a sentence."""
    return _repr.repr(value)


def misread(
    path: FilePath, problem: str, *, line: int | None = None, column: str | None = None
) -> ValueError:
    """Make the error that names the file, the line and the column."""
    place = os.fsdecode(path)
    place += "" if line is None else f", line {line}"
    place += "" if column is None else f", column {short(column)}"
    return ValueError(f"{place}: {problem}")


def text_lines(path: FilePath) -> Iterator[str]:
    """Give the lines of a UTF-8 file with their ends, as the csv module wants them."""
    # Bytes that are no UTF-8 come through as surrogates: so their line is known.
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
                problem = "there is a NUL byte; the file is damaged, or not text in UTF-8."
                raise misread(path, problem, line=number)
            yield line


def filled_lines(path: FilePath) -> Iterator[tuple[int, str]]:
    """Give the lines without their ends, by number; blank ones may stand only at the end."""
    bare = (line.rstrip("\r\n") for line in text_lines(path))
    lines = enumerate((line if line.strip() else "" for line in bare), 1)
    return without_gaps(path, lines)


def without_gaps(path: FilePath, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """Give rows by the line where each starts; empty ones may stand only at the end."""
    blank = None
    for line, row in rows:
        if len(row) == 0:
            blank = blank or line
        elif blank is not None:
            problem = "the line is blank, and more lines follow; fill or remove it."
            raise misread(path, problem, line=blank)
        else:
            yield line, row
