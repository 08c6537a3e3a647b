"""Label files, read as the arguments say."""

import csv
import os
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mlresample.readers import (
    LabelTable,
    read_coco,
    read_indicators,
    read_label_lists,
    read_yolo,
)
from mlresample.readers._label_table import as_class_names
from mlresample.readers._lines import filled_lines

FORMATS = ["lists", "indicators", "coco", "yolo"]
_MOMENT = 1.0  # seconds


def read_labels(file: str, arguments: Namespace) -> LabelTable:
    """Read one label file."""
    if os.path.exists(file) and not (os.path.isfile(file) or os.path.isdir(file)):
        raise ValueError(f"{file} is not a regular file: save its contents to one first.")
    with _progress(f"reading {file}"):
        table = _read(file, arguments)
    if len(table.class_names) == 1:
        only = table.class_names.tolist()[0]
        raise ValueError(f"{file} has only one class, {only!r}: there is nothing to balance.")
    if table.y.nnz == 0:
        raise ValueError(f"{file} has no sample with a class: there is nothing to balance.")
    return table


def _read(file: str, arguments: Namespace) -> LabelTable:
    kind = arguments.format or _guess_format(file, arguments)
    try:
        return _read_as(kind, file, arguments)
    except ValueError as error:
        if kind != "indicators" or arguments.format is not None:
            raise
        raise ValueError(
            f"{error} (The file was read as columns of 0 and 1, since it has more than two; if "
            f"one column lists the classes, name it by --label-column.)"
        ) from error


def _read_as(kind: str, file: str, arguments: Namespace) -> LabelTable:
    _refuse_unused(kind, arguments)
    names = _class_names(arguments.class_names)
    if kind == "coco":
        return read_coco(file)
    if kind == "yolo":
        if arguments.labels is None:
            raise ValueError("--format yolo needs --labels FOLDER, the folder of the label files.")
        return read_yolo(arguments.labels, file, class_names=names)
    columns = {"id_column": arguments.id_column, "delimiter": arguments.delimiter}
    if kind == "indicators":
        return read_indicators(file, class_columns=names, **columns)
    read = partial(
        read_label_lists,
        file,
        label_column=arguments.label_column,
        separator=arguments.separator,
        none_value=arguments.none_value,
        **columns,
    )
    if names is None:
        return read()
    classes = as_class_names(names)
    if classes.dtype != object or read().class_names.dtype == object:
        return read(class_names=classes)
    # The lists hold numbers, so the names are those of class 0, 1 and so on.
    return read(class_names=range(len(names)))._replace(class_names=classes)


_USED = {
    "lists": ["id_column", "label_column", "separator", "none_value", "delimiter", "class_names"],
    "indicators": ["id_column", "delimiter", "class_names"],
    "coco": [],
    "yolo": ["labels", "class_names"],
}
FILE_OPTIONS = list(dict.fromkeys(name for names in _USED.values() for name in names))
_DEFAULTS = {"delimiter": ","}


def option_of(name: str) -> str:
    """Return the option of the command line that sets a parameter."""
    return "--" + name.replace("_", "-")


def _refuse_unused(kind: str, arguments: Namespace) -> None:
    for name in set(FILE_OPTIONS) - set(_USED[kind]):
        if getattr(arguments, name) != _DEFAULTS.get(name):
            raise ValueError(
                f"{option_of(name)} has no effect on a file of format {kind!r}: leave it out."
            )


def _guess_format(file: str, arguments: Namespace) -> str:
    if arguments.labels is not None:
        return "yolo"
    if Path(file).suffix.lower() == ".json":
        return "coco"
    list_options = (arguments.label_column, arguments.separator, arguments.none_value)
    if any(option is not None for option in list_options):
        return "lists"
    with open(file, encoding="utf-8-sig", errors="replace", newline="") as lines:
        first = lines.readline()
    try:
        header = next(csv.reader([first], delimiter=arguments.delimiter), [])
    except (TypeError, csv.Error):
        return "lists"  # its reader says what is wrong
    return "indicators" if len(header) > 2 else "lists"


def _class_names(file: str | None) -> list[str] | None:
    if file is None:
        return None
    names = [line.strip() for _, line in filled_lines(file)]
    if not names:
        raise ValueError(f"{file} is empty; it must have one class name per line.")
    return names


def same_file(first: str, second: str) -> bool:
    """Return whether two paths lead to the same file."""
    return os.path.exists(first) and os.path.exists(second) and os.path.samefile(first, second)


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
