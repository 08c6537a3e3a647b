"""Text files line by line, and the error that names the file and line of a fault."""

import gzip
import io
import os
import re
import reprlib
import zlib
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

FilePath = str | os.PathLike[str]
Row = TypeVar("Row", bound=Sized)

SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which cannot be encoded

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = 12

_GZIP = b"\x1f\x8b"
_UTF_16 = b"\xff\xfe", b"\xfe\xff"
_FRAME = "open it with pandas, and pass the data frame to read_labels or save it as CSV."
_UNPACK = "unpack it first."
_TOO_MUCH = "labels are read from text: CSV, JSON, COCO or YOLO."
# What the first bytes of a file say that is no text of labels.
_BINARY_KINDS = {
    b"PK\x03\x04": ("an Excel workbook or a zip archive", _FRAME),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook", _FRAME),
    b"PAR1": ("a Parquet file", "give its name the ending .parquet."),
    b"ARROW1": ("an Arrow file", _FRAME),
    b"FEA1": ("a Feather file", _FRAME),
    b"\x89HDF": ("an HDF5 file", _FRAME),
    b"SQLite format 3\0": ("a SQLite database", _FRAME),
    b"BZh": ("packed by bzip2", _UNPACK),
    b"\xfd7zXZ": ("packed by xz", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("packed by zstd", _UNPACK),
    b"7z\xbc\xaf": ("packed by 7-Zip", _UNPACK),
    b"\x93NUMPY": ("a NumPy array", "pass it to plan_resampling as y; no file needs to be read."),
    b"\x89PNG": ("a picture", _TOO_MUCH),
    b"\xff\xd8\xff": ("a picture", _TOO_MUCH),
    b"%PDF": ("a PDF file", _TOO_MUCH),
}
_XML = (
    "XML, as Pascal VOC and CVAT write it",
    "convert it to COCO, by datumaro (datum convert) or by exporting it from CVAT as COCO.",
)
_TEXT_KINDS = {
    b"<?xml": _XML,
    b"<annotation": _XML,
    b"<!doctype html": ("a web page", "download the file itself."),
    b"<html": ("a web page", "download the file itself."),
    b"version https://git-lfs": ("a Git LFS pointer", "fetch the file by git lfs pull."),
    b"@relation": (
        "an ARFF file",
        "read it by scipy.io.arff, and pass the matrix of labels to plan_resampling as y.",
    ),
}


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


def text_lines(path: FilePath, encoding: str | None = None) -> Iterator[str]:
    """Yield the lines of a file with their ends, as the csv module expects them.

    The encoding is that of the caller's users, or None if they cannot choose one. A mark of
    UTF-16 at the beginning overrides it, and what gzip packed is unpacked.
    """
    with open(path, "rb") as raw:
        file: io.BufferedReader = raw
        head = file.peek(512)
        if head.startswith(_GZIP):
            file = io.BufferedReader(gzip.GzipFile(fileobj=raw))
            try:
                head = file.peek(512)
            except (EOFError, OSError, zlib.error) as error:
                raise _damaged(path, error) from None
        _check_kind(path, head)
        marked = head.startswith(_UTF_16)
        codec = "utf-16" if marked else encoding or "utf-8"
        if codec.lower().replace("_", "-") in ("utf-8", "utf8"):
            codec = "utf-8-sig"
        # Bytes of another encoding come through as surrogates, so that their line is known.
        text = io.TextIOWrapper(file, encoding=codec, errors="surrogateescape", newline="")
        number = 0
        try:
            for number, line in enumerate(text, 1):
                if not line.isascii() or "\0" in line:
                    _check_characters(path, line, number, encoding)
                yield line
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _damaged(path, error) from None
        except UnicodeDecodeError as error:
            problem = f"the file is not {error.encoding}: {error.reason}."
            raise misread(path, problem, line=number + 1) from None


def check_encoding(encoding: str) -> None:
    """Check that Python knows an encoding."""
    try:
        "".encode(encoding)
    except LookupError:
        raise ValueError(
            f"encoding must be one that Python knows, such as 'utf-8' or 'cp1252', got "
            f"{encoding!r}."
        ) from None


def _check_kind(path: FilePath, head: bytes) -> None:
    """Refuse a file that is no text of labels, by its first bytes."""
    for mark, (kind, way_out) in _BINARY_KINDS.items():
        if head.startswith(mark):
            raise misread(path, f"the file is {kind}; {way_out}")
    if head.startswith(_UTF_16):
        head = head.decode("utf-16", "replace").encode()
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%"):  # comments of ARFF
        start = b"@relation" if b"@relation" in start else start
    for mark, (kind, way_out) in _TEXT_KINDS.items():
        if start.startswith(mark):
            raise misread(path, f"the file is {kind}; {way_out}")


def _check_characters(path: FilePath, line: str, number: int, encoding: str | None) -> None:
    way_out = "" if encoding is None else "pass encoding=, such as encoding='cp1252', or "
    try:
        line.encode()
    except UnicodeEncodeError as error:
        byte = ord(line[error.start]) - 0xDC00
        name = "UTF-8" if encoding in (None, "utf-8") else encoding
        problem = f"the byte 0x{byte:02x} is not {name}; {way_out}save the file as UTF-8."
        raise misread(path, problem, line=number) from None
    if "\0" in line:
        way_out = "" if encoding is None else "; if it is UTF-16, pass encoding='utf-16-le'"
        problem = f"the line has a NUL byte; the file is damaged, or is not UTF-8 text{way_out}."
        raise misread(path, problem, line=number)


def _damaged(path: FilePath, error: Exception) -> ValueError:
    return misread(path, f"the compressed file is damaged or was cut off ({error}).")


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
