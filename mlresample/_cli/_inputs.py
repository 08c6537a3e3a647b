"""Label files, read as the arguments say."""

import ast
import csv
import glob
import mmap
import os
import shlex
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._utils.names import joined
from mlresample.readers import LabelTable, read_coco, read_labels
from mlresample.readers._class_names import read_class_names
from mlresample.readers._groups import GroupColumn
from mlresample.readers._label_table import as_class_names
from mlresample.readers._labels import rows_of
from mlresample.readers._layout import known_column
from mlresample.readers._rows import Rows
from mlresample.readers._yolo import read_with_images
from mlresample.readers._yolo_images import Image

_SEVERAL = "several are separated by commas"
# The parameters of each format's reader, with what the help of their options says.
_TABLE: dict[str, str] = {
    "id_column": "column of the ids (the first)",
    "row_numbers": "number the rows; there is no column of ids",
    "label_columns": f"column of the lists of labels; {_SEVERAL}",
    "class_columns": f"columns of 0 and 1, one per class (all but the ids); {_SEVERAL}",
    "skip_columns": f"columns that are neither ids nor labels; {_SEVERAL}",
    "separator": "text between the labels of a list (any whitespace)",
    "label_key": "key of the label, if cells list objects",
    "none_value": "cell of a sample without a class; may be repeated",
    "positive_values": "value that means 1, besides 1, true and yes; may be repeated",
    "negative_values": "value that means 0, besides 0, false and no; may be repeated",
    "merge_rows": "rows with the same id are one sample, such as one row per box",
    "where": "labels count only in rows with this value of a column; may be repeated",
    "delimiter": "character between columns (,); tab for a tab, ' ' for any spaces",
    "header": "the first line is a sample; columns are named 1, 2 and so on",
    "comment": "prefix of lines to leave out, such as #",
    "skip_initial_space": "ignore spaces after a delimiter",
    "encoding": "encoding of the file (utf-8)",
}
_NAMES = {
    "class_names": "file with one class name per line, or a data.yaml: the classes of the lists; "
    "the names of class 0, 1 and so on if the labels are numbers; or the columns to read",
}
_INSTANCES = {"instances": "count the objects of each class; for --instance-aware"}
_COCO = {"ids": "what identifies images (file_name); id for files without names"} | _INSTANCES
_LABELS = {
    "labels": "for Parquet, the column of labels; for YOLO, the folder of the label files, if "
    "other than labels/ beside images/"
}
_YOLO = (
    _LABELS
    | {
        "split": "split of a data.yaml: train, val or test (train)",
    }
    | _INSTANCES
)
_PARQUET = _LABELS | {
    "class_columns": _TABLE["class_columns"],
    "separator": _TABLE["separator"],
    "key": "for Parquet, the column of integers or strings that identifies a row",
    "null_is_background": "for Parquet, rows with a null instead of labels have no class",
}
_USED = {
    "table": _TABLE | _NAMES,
    "coco": _COCO,
    "yolo": _YOLO | _NAMES,
    "parquet": _PARQUET,
}
FORMATS = list(_USED)
FILE_OPTIONS = {name: text for options in _USED.values() for name, text in options.items()}
_OF_ROWS = ["delimiter", "header", "comment", "skip_initial_space", "encoding"]
_SWITCHES = {
    "row_numbers": True,
    "merge_rows": True,
    "skip_initial_space": True,
    "header": False,
    "instances": True,
    "null_is_background": True,
}
_LISTS = ["label_columns", "class_columns", "skip_columns"]
_REPEATED = ["none_value", "positive_values", "negative_values", "where"]
_METAVARS = {
    "class_names": "FILE",
    "labels": "COLUMN or FOLDER",
    "key": "COLUMN",
    "delimiter": "CHARACTER",
    "where": "COLUMN=VALUE",
    "ids": "KEY",
    "label_key": "KEY",
    "split": "NAME",
}
_COCO_KEYS = b'"images"', b'"annotations"', b'"categories"'
_WHITE = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}  # as a shell writes it between $' and '
_MOMENT = 1.0  # seconds


def read_file(file: str, arguments: Namespace, rows: Rows | None = None) -> LabelTable:
    """Read one label file, or the rows that were taken from it, or a folder of images."""
    kind = format_of(file, arguments)
    if kind == "yolo":
        return read_images(file, arguments)[0]
    options = options_for(kind, arguments)
    with _progress(f"reading {file}"):
        table = _READERS[kind](file if rows is None else rows, **options)
    _check_classes(file, table)
    return table


def read_images(file: str, arguments: Namespace) -> tuple[LabelTable, list[Image]]:
    """Read a YOLO data set, and where the image of each sample is."""
    options = options_for("yolo", arguments)
    with _progress(f"reading {file}"):
        table, images = read_with_images(file, **options)
    _check_classes(file, table)
    for source in {os.fsdecode(image.source) for image in images}:  # lists that data.yaml names
        check_not_input(arguments.output, source)
    return table, images


def _check_classes(file: str, table: LabelTable) -> None:
    if len(table.class_names) == 1:
        only = table.class_names.tolist()[0]
        raise ValueError(f"{file} has only one class, {only!r}: there is nothing to balance.")
    if table.y.nnz == 0:
        raise ValueError(f"{file} has no sample with a class: there is nothing to balance.")


def read_with_groups(
    file: str, arguments: Namespace
) -> tuple[LabelTable, NDArray[Any] | None, NDArray[np.int64] | None]:
    """Read one label file, the names of its groups, and the number of each sample's group."""
    column = arguments.groups
    if column is None:
        return read_file(file, arguments), None, None
    kind = format_of(file, arguments)
    if kind != "table":
        raise ValueError(
            f"--groups names a column, but a file of format {kind!r} has none: leave it out."
        )
    arguments.skip_columns = [*(arguments.skip_columns or []), column]
    options = {name: getattr(arguments, name) for name in _OF_ROWS}
    options = {name: value for name, value in options.items() if value is not None}
    rows, merge_rows = rows_of(file, **options), bool(arguments.merge_rows)
    groups = GroupColumn(rows, known_column(rows, column, "--groups"), merge_rows=merge_rows)
    table = read_file(file, arguments, groups.rows)
    return table, *groups.of_samples()


def add_input_options(command: ArgumentParser) -> None:
    """Add the options that say how the label files are read."""
    group = command.add_argument_group("input")
    group.add_argument(
        "--format", choices=FORMATS, help="format of the files, if other than below"
    )
    for name, text in FILE_OPTIONS.items():
        if name in _SWITCHES:
            action = "store_true" if _SWITCHES[name] else "store_false"
            group.add_argument(option_of(name), dest=name, action=action, default=None, help=text)
            continue
        action = "append" if name in _REPEATED else "store"
        metavar = _METAVARS.get(name, "NAME,..." if name in _LISTS else "TEXT")
        kind = {"delimiter": _delimiter, **dict.fromkeys(_LISTS, column_list)}.get(name, str)
        group.add_argument(option_of(name), action=action, type=kind, metavar=metavar, help=text)


def option_of(name: str) -> str:
    """Return the option of the command line that sets a parameter."""
    return "--no-header" if name == "header" else "--" + name.replace("_", "-")


def option_with_value(name: str, value: str) -> str:
    """Write a parameter with the value that a message names, as on the command line."""
    if name in _SWITCHES or value == "True":
        return option_of(name)
    meant = ast.literal_eval(value) if value[0] in "'\"{" else value
    if name == "delimiter" and meant == "\t":
        meant = "tab"
    if isinstance(meant, dict):
        meant = "=".join(map(str, *meant.items()))
    if name in _LISTS and set(',"') & set(meant):  # as in a CSV file
        meant = '"' + meant.replace('"', '""') + '"'
    mark = "=" if meant.startswith("-") else " "  # else it would be an option
    return f"{option_of(name)}{mark}{value if meant == value else _shell_word(meant)}"


def options_given(arguments: Namespace) -> list[str]:
    """Return the options that say how the files are read, as on the command line."""
    options = [] if arguments.format is None else [f"--format {arguments.format}"]
    for name in FILE_OPTIONS:
        value = getattr(arguments, name)
        if value is None:
            continue
        if name in _SWITCHES:
            options.append(option_of(name))
            continue
        values = value if name in _REPEATED else [joined(value) if name in _LISTS else value]
        for text in values:
            # A word of its own, unless it begins as an option does.
            mark = "=" if text.startswith("-") else " "
            options.append(f"{option_of(name)}{mark}{shlex.quote(text)}")
    return options


def _shell_word(text: str) -> str:
    """Quote text for a shell, which reads escapes only after a dollar sign."""
    if not set(text) & set(_WHITE):
        return "'" + text.replace("'", r"'\''") + "'"
    text = text.replace("\\", r"\\").replace("'", r"\'")
    return "$'" + "".join(_WHITE.get(character, character) for character in text) + "'"


def column_list(text: str) -> list[str]:
    """Split names at commas; a name that contains one is quoted, as in a CSV file."""
    return next(csv.reader([text], skipinitialspace=True), None) or [""]


def _delimiter(text: str) -> str:
    return "\t" if text in ("\\t", "tab") else text


def options_for(kind: str, arguments: Namespace) -> dict[str, Any]:
    """Return the options that were set, which must be those of the format."""
    options = {}
    for name in FILE_OPTIONS:
        value = getattr(arguments, name)
        if value is None:
            continue
        if name not in _USED[kind]:
            raise ValueError(
                f"{option_of(name)} has no effect on a file of format {kind!r}: leave it out."
            )
        options[name] = value
    if "class_names" in options:
        options["class_names"] = as_class_names(read_class_names(options["class_names"]))
    if "where" in options:
        options["where"] = _filters(options["where"])
    return options


_READERS: dict[str, Callable[..., LabelTable]] = {
    "table": read_labels,
    "coco": read_coco,
}


def _filters(texts: list[str]) -> dict[str, list[str]]:
    filters: dict[str, list[str]] = {}
    for text in texts:
        column, equals, value = text.partition("=")
        if not equals:
            raise ValueError(
                f"--where {text!r} must be a column, '=' and a value, such as 'Confidence=1'."
            )
        filters.setdefault(column, []).append(value)
    return filters


def format_of(file: str, arguments: Namespace) -> str:
    """Return the format that was named, or else the one that the file seems to have."""
    if os.path.exists(file) and not (os.path.isfile(file) or os.path.isdir(file)):
        raise ValueError(f"{file} is not a regular file: save its contents to one first.")
    if arguments.format is not None:
        return str(arguments.format)
    suffix = Path(file).suffix.lower()
    if suffix == ".parquet" or any(glob.iglob(f"{glob.escape(file)}/*.parquet")):
        return "parquet"
    if arguments.labels is not None or suffix in (".yaml", ".yml") or os.path.isdir(file):
        return "yolo"
    return "coco" if suffix == ".json" and _is_coco(file) else "table"


def is_parquet(arguments: Namespace) -> bool:
    """Return whether the files are one table of Parquet; if not, there must be only one."""
    kinds = {format_of(file, arguments) for file in arguments.files}
    if kinds == {"parquet"}:
        return True
    if len(arguments.files) > 1:
        raise ValueError(
            f"mlresample {arguments.command} takes one label file, or several files of Parquet "
            f"that are one table, got {' '.join(arguments.files)}."
        )
    return False


def as_table(file: str, arguments: Namespace) -> None:
    """Have a Parquet file read into memory as other tables are; its options keep their names."""
    if not os.path.isfile(file):
        raise ValueError(f"mlresample {arguments.command} reads one Parquet file, got {file}.")
    arguments.format = "table"
    arguments.label_columns = arguments.label_columns or arguments.labels
    arguments.id_column = arguments.id_column or arguments.key
    if arguments.null_is_background:
        arguments.none_value = ["", *(arguments.none_value or [])]
    arguments.labels = arguments.key = arguments.null_is_background = None


def _is_coco(file: str) -> bool:
    """Return whether a JSON file has the keys of COCO, without parsing it."""
    with open(file, "rb") as opened:
        if os.path.getsize(file) == 0:
            return False
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            start = content[:16].lstrip(b"\xef\xbb\xbf \t\r\n")
            return start[:1] == b"{" and all(content.find(key) >= 0 for key in _COCO_KEYS)


def same_file(first: str, second: str) -> bool:
    """Return whether two paths lead to the same file."""
    return os.path.exists(first) and os.path.exists(second) and os.path.samefile(first, second)


def check_not_input(output: str | None, file: str) -> None:
    """Check that the output would not overwrite a file that is read."""
    if output is not None and same_file(output, file):
        raise ValueError(f"--output {output} is also an input: name another file.")


@contextmanager
def _progress(what: str) -> Iterator[None]:
    """Print what is being done if it takes longer than a moment."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(_MOMENT, lambda: print(f"{what} ...", file=sys.stderr))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
