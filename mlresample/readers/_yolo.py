"""YOLO's labels: one text file per image, with one line per object."""

import os
import re
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._utils.sklearn import validate_params
from mlresample.readers._label_table import (
    LabelTable,
    as_class_names,
    check_class_names,
    label_table,
)
from mlresample.readers._lines import FilePath, filled_lines, misread, short_repr

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_LARGEST_UNNAMED = 9_999


@validate_params(
    {
        "label_folder": [str, os.PathLike],
        "image_list": [str, os.PathLike],
        "class_names": ["array-like", str, os.PathLike, None],
    },
    prefer_skip_nested_validation=True,
)
def read_yolo(
    label_folder: FilePath,
    image_list: FilePath,
    *,
    class_names: ArrayLike | FilePath | None = None,
) -> LabelTable:
    r"""Read YOLO labels: an image carries the classes of its objects.

    The objects of the image ``some/where/a.jpg`` are in the folder's ``a.txt``, one per line:
    the class number, then a box (``x y w h``) or a polygon (``x1 y1 x2 y2 x3 y3 ...``) in shares
    of the image, from 0 to 1.

    Parameters
    ----------
    label_folder : str or path-like
        Folder of the label files.
    image_list : str or path-like
        Text file with one image path per line. The images themselves are not read.
    class_names : array-like of shape (n_classes,), str or path-like, default=None
        Names of the classes in the order of their numbers, or a text file with one name per
        line. None is the numbers from 0 to the largest that occurs; pass names if the largest
        may be absent.

    Returns
    -------
    table : LabelTable
        Lines of `image_list` as ids, indicator matrix and class names.

    Raises
    ------
    OSError
        If a file or the folder cannot be opened.
    ValueError
        If something in a file cannot be read (the message names its line), or no image has a
        label file, as happens with a wrong folder.

    Notes
    -----
    By the rules of the format, an image without a label file, or with an empty one, has no
    objects.
    Label files of images outside the list are not read, because splits may share the folder.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mlresample.readers import read_yolo
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "train.txt").write_text("images/a.jpg\nimages/b.jpg\n")
    ...     _ = Path(folder, "a.txt").write_text("1 0.5 0.5 0.2 0.2\n")
    ...     table = read_yolo(folder, Path(folder, "train.txt"), class_names=["cat", "dog"])
    >>> table.y.toarray()
    array([[0, 1],
           [0, 0]], dtype=uint8)
    """
    names = None if class_names is None else _class_names(class_names)
    images = _images(image_list)
    os.listdir(label_folder)  # a missing folder must not pass for one without labels
    n_classes = None if names is None else len(names)
    objects = [_classes_in(Path(label_folder, f"{stem}.txt"), n_classes) for stem in images]
    if all(classes is None for classes in objects):
        problem = f"no image of {os.fsdecode(image_list)} has a label file in this folder."
        raise misread(label_folder, problem)
    columns = [classes or set() for classes in objects]
    if names is None:
        largest = max(set().union(*columns), default=None)
        if largest is None:
            raise misread(label_folder, "no image has an object; pass class_names=.")
        names = np.arange(largest + 1, dtype=np.int64)
    return label_table(images.values(), columns, names)


def _class_names(class_names: Any) -> NDArray[Any]:
    if not isinstance(class_names, str | os.PathLike):
        return check_class_names(class_names)
    lines: dict[str, int] = {}
    for line, name in filled_lines(class_names):
        first = lines.setdefault(name.strip(), line)
        if first != line:
            problem = (
                f"the class name {short_repr(name)} is also on line {first}; names must differ."
            )
            raise misread(class_names, problem, line=line)
    if not lines:
        raise misread(class_names, "the file is empty; it must have one class name per line.")
    return as_class_names(list(lines))


def _images(path: FilePath) -> dict[str, str]:
    """Read the image paths, by the stems that name their label files."""
    images: dict[str, str] = {}
    lines: dict[str, int] = {}
    for line, image in filled_lines(path):
        stem = os.path.splitext(re.split(r"[/\\]", image.strip())[-1])[0]
        if not stem:
            raise misread(path, f"{short_repr(image)} has no file name at its end.", line=line)
        first = lines.setdefault(stem, line)
        if first != line:
            problem = (
                f"{short_repr(image)} would share the label file {short_repr(stem + '.txt')} with "
                f"the image on line {first}; file names must differ."
            )
            raise misread(path, problem, line=line)
        images[stem] = image
    if not images:
        raise misread(path, "the file is empty; it must have one image path per line.")
    return images


def _classes_in(path: Path, n_classes: int | None) -> set[int] | None:
    """Return the classes of the objects in a label file, or None if there is no such file."""
    classes = set()
    try:
        for line, text in filled_lines(path):
            try:
                classes.add(_class_of(text.split(), n_classes))
            except ValueError as error:
                raise misread(path, str(error), line=line) from None
    except FileNotFoundError:
        if path.is_symlink():  # data that was not fetched
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
            f"the class {number} is not one of class_names, whose last number is {n_classes - 1}."
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
