"""YOLO's labels: one text file per image, with one line per object."""

from __future__ import annotations

import os
import re
from collections import Counter
from functools import cache, partial
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._utils.sklearn import StrOptions, validate_params
from mlresample.readers._class_names import is_yaml, read_class_names
from mlresample.readers._label_table import (
    LabelTable,
    as_class_names,
    check_class_names,
    object_table,
)
from mlresample.readers._lines import FilePath, filled_lines, misread, short_repr
from mlresample.readers._yolo_images import Image, images_at, images_of_data, names_of_data

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_LARGEST_UNNAMED = 9_999


@validate_params(
    {
        "images": [str, os.PathLike],
        "labels": [str, os.PathLike, None],
        "class_names": ["array-like", str, os.PathLike, None],
        "split": [StrOptions({"train", "val", "test"})],
        "instances": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def read_yolo(
    images: FilePath,
    *,
    labels: FilePath | None = None,
    class_names: ArrayLike | FilePath | None = None,
    split: str = "train",
    instances: bool = False,
) -> LabelTable:
    r"""Read YOLO labels: an image carries the classes of its objects.

    The objects of an image are in a text file, one per line: the class number, then a box
    (``x y w h``), an oriented box or a polygon (``x1 y1 x2 y2 x3 y3 ...``) in shares of the image,
    from 0 to 1. The images themselves are not read.

    Parameters
    ----------
    images : str or path-like
        A folder of images, searched with all folders below it; or a text file with one image path
        per line; or a ``data.yaml``, which names folders or text files and the classes. A
        ``data.yaml`` in a folder of images names its classes.
    labels : str or path-like, default=None
        Folder of the label files. It may mirror the folders of the images: the label file of
        ``images/train/a.jpg`` is its ``train/a.txt``, or else its ``a.txt``. None is the rule of
        the format: the last folder ``images`` of the path is replaced by ``labels``; without one,
        the label file is beside the image. Relative paths in a text file begin at the folder of
        that file.
    class_names : array-like of shape (n_classes,), str or path-like, default=None
        Names of the classes in the order of their numbers; or a file of them, with one name per
        line or, in YAML, as ``names``. None is the names of ``data.yaml``, or else the numbers
        from 0 to the largest that occurs; pass names if the largest may be absent.
    split : {"train", "val", "test"}, default="train"
        Which images of a ``data.yaml`` are read.
    instances : bool, default=False
        Whether to count the objects of each class, for ``plan_resampling(table.y,
        class_names=table.class_names, instances=True)``.

    Returns
    -------
    table : LabelTable
        Paths of the images as ids, indicator matrix (or counts) and class names. The lines of a
        text file stay as they are; images of a folder are sorted by path.

    Raises
    ------
    OSError
        If a file or a folder cannot be opened.
    ValueError
        If something in a file cannot be read (the message names its line), if two images have one
        label file, or if no image has any, as happens with a wrong folder.
    ImportError
        If a file is YAML and PyYAML is missing, the extra ``yaml``.

    Warns
    -----
    UserWarning
        If the ``path`` of a ``data.yaml`` does not exist. The folder of the file is taken instead.

    Notes
    -----
    By the rules of the format, an image without a label file, or with an empty one, has no
    objects.
    Label files of other images are not read, because splits may share the folder.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mlresample.readers import read_yolo
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "train.txt").write_text("images/a.jpg\nimages/b.jpg\n")
    ...     Path(folder, "labels").mkdir()
    ...     _ = Path(folder, "labels", "a.txt").write_text("1 0.5 0.5 0.2 0.2\n")
    ...     table = read_yolo(Path(folder, "train.txt"), class_names=["cat", "dog"])
    >>> table.y.toarray()
    array([[0, 1],
           [0, 0]], dtype=uint8)
    """
    table, _ = read_with_images(
        images, labels=labels, class_names=class_names, split=split, instances=instances
    )
    return table


def read_with_images(
    images: FilePath,
    *,
    labels: FilePath | None = None,
    class_names: ArrayLike | FilePath | None = None,
    split: str = "train",
    instances: bool = False,
) -> tuple[LabelTable, list[Image]]:
    """Read YOLO labels, and where the image of each sample is; parameters are `read_yolo`'s."""
    names = None if class_names is None else _class_names(class_names)
    data_file: FilePath | None = images if is_yaml(images) else None
    if os.path.isdir(images):  # its data.yaml, if any, names the classes
        inside = os.path.join(os.fsdecode(images), "data.yaml")
        data_file = inside if names is None and os.path.exists(inside) else None
    if data_file is not None:
        from mlresample.readers._yaml import read_yaml

        data = read_yaml(data_file)
        names = names_of_data(data_file, data) if names is None else names
    if data_file is images:
        found = list(images_of_data(images, data, split))
    elif split == "train":
        found = list(images_at(images))
    else:
        raise ValueError(f"split={split!r} needs a data.yaml as images, got {str(images)!r}.")
    objects = _objects(found, labels, None if names is None else len(names))
    if all(classes is None for classes in objects):
        raise _no_label_file(images, labels, found[0])
    columns = [classes or Counter() for classes in objects]
    if names is None:
        largest = max((number for sample in columns for number in sample), default=None)
        if largest is None:
            raise misread(labels or images, "no image has an object; pass class_names=.")
        names = np.arange(largest + 1, dtype=np.int64)
    return object_table((image.id for image in found), columns, names, instances), found


def check_labels_by_path(table: LabelTable, images: list[Image]) -> None:
    """Check that the format's rule, the path of the image alone, finds the same labels."""
    found = _objects(images, None, len(table.class_names))
    rows = np.split(table.y.indices, table.y.indptr[1:-1])
    for image, classes, row in zip(images, found, rows, strict=True):
        if set(classes or ()) != set(row.tolist()):
            folder, _, name = image.path.rpartition("/")
            file = f"{_label_folders(folder, None)[0]}/{os.path.splitext(name)[0]}.txt"
            problem = "there is none" if classes is None else "it holds other classes"
            raise image.misread(
                f"trainers look for the label file of {short_repr(image.id)} at {file!r}, and "
                f"{problem}: put the label files there."
            )


def _class_names(class_names: Any) -> NDArray[Any]:
    if isinstance(class_names, str | os.PathLike):
        return as_class_names(read_class_names(class_names))
    return check_class_names(class_names)


def _objects(
    images: list[Image], labels: FilePath | None, n_classes: int | None
) -> list[Counter[int] | None]:
    """Return how many objects of each class each image has, or None if it has no label file."""
    if labels is not None:
        with os.scandir(labels):  # a missing folder must not pass for one without labels
            pass
    label_folders = cache(partial(_label_folders, labels=labels))
    objects = []
    by_id: dict[str, Image] = {}
    by_file: dict[str, Image] = {}
    for image in images:
        first = by_id.setdefault(image.id, image)
        if first is not image:
            raise image.misread(f"{short_repr(image.id)} is also {first.place()}; list it once.")
        folder, _, name = image.path.rpartition("/")
        stem = os.path.splitext(name)[0]
        files = [f"{label_folder}/{stem}.txt" for label_folder in label_folders(folder)]
        read = ((file, _classes_in(file, n_classes)) for file in files)
        file, classes = next((pair for pair in read if pair[1] is not None), (files[0], None))
        first = by_file.setdefault(file, image)
        if first is not image:
            raise image.misread(
                f"{short_repr(image.id)} would share the label file {file!r} with "
                f"{short_repr(first.id)} {first.place()}; their names must differ."
            )
        objects.append(classes)
    return objects


def _label_folders(folder: str, labels: FilePath | None) -> list[str]:
    """Return where the label files of a folder's images may be, the first choice first."""
    if labels is None:
        # The rule of the format: img2label_paths in ultralytics/data/utils.py.
        start, images, end = f"{folder}/".rpartition("/images/")
        return [f"{start}/labels/{end}".rstrip("/") if images else folder]
    # The folders below `labels` that mirror the longest end of the path, the next one, and so on
    # down to `labels` itself. The path's first part is the root or a drive.
    parts = folder.split("/")
    ends = ["/".join(parts[i:]) for i in range(1, len(parts))]
    below = [f"{os.fsdecode(labels)}/{end}" for end in ends]
    return [*filter(os.path.isdir, below), os.fsdecode(labels)]


def _no_label_file(images: FilePath, labels: FilePath | None, first: Image) -> ValueError:
    if labels is not None:
        problem = f"no image of {os.fsdecode(images)} has a label file in this folder."
        return misread(labels, problem)
    folder, _, name = first.path.rpartition("/")
    place = f"{_label_folders(folder, None)[0]}/{os.path.splitext(name)[0]}.txt"
    problem = f"no image has a label file; for {short_repr(first.id)} there is no {place!r}"
    return misread(images, f"{problem}. Pass labels=, the folder of the label files.")


def _classes_in(path: str, n_classes: int | None) -> Counter[int] | None:
    """Count the objects of each class in a label file; None if there is no such file."""
    classes: Counter[int] = Counter()
    try:
        for line, text in filled_lines(path):
            try:
                classes[_class_of(text.split(), n_classes)] += 1
            except ValueError as error:
                raise misread(path, str(error), line=line) from None
    except FileNotFoundError:
        if os.path.islink(path):  # data that was not fetched
            raise
        return None
    return classes


def _class_of(cells: list[str], n_classes: int | None) -> int:
    """Check the line of an object and return its class."""
    if not _NUMBER.fullmatch(cells[0]):
        raise ValueError(f"the class must be an integer >= 0, got {short_repr(cells[0])}.")
    number = int(cells[0])
    if n_classes is None and number > _LARGEST_UNNAMED:
        raise ValueError(f"the class {number} is above {_LARGEST_UNNAMED}; pass class_names=.")
    if n_classes is not None and number >= n_classes:
        raise ValueError(
            f"the class {number} has no name: the last of the class names is that of "
            f"{n_classes - 1}."
        )
    n_coordinates = len(cells) - 1
    if n_coordinates != 4 and (n_coordinates < 6 or n_coordinates % 2):
        raise ValueError(
            f"a line must have a class and 4 numbers (a box) or 6, 8, 10, ... (a polygon), got "
            f"{n_coordinates} numbers after the class"
            + ("; drop the confidence of a predicted box." if n_coordinates == 5 else ".")
        )
    for cell in cells[1:]:
        if not 0 <= _float(cell) <= 1:  # nor is NaN
            raise ValueError(f"coordinates must be numbers from 0 to 1, got {short_repr(cell)}.")
    return number


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return nan
