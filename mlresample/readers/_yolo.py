"""YOLO's labels: a text file for each image, with a line for each object."""

import os
import re
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._utils.sklearn import validate_params
from mlresample.readers._label_table import LabelTable, given, label_table, named
from mlresample.readers._lines import FilePath, filled_lines, misread, short

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
    r"""Read YOLO labels: an image carries the classes that it has objects of.

    The image ``some/where/a.jpg`` has its objects in ``a.txt`` in the folder, one a line: the
    class number, then a box (``x y w h``) or a polygon (``x1 y1 x2 y2 x3 y3 ...``) in shares of
    the image, from 0 to 1.

    Parameters
    ----------
    label_folder : str or path-like
        Folder of the label files.
    image_list : str or path-like
        Text file with the path of an image a line. The images themselves are not looked at.
    class_names : array-like of shape (n_classes,), str or path-like, default=None
        Names of the classes by their number, or a text file of a name a line. None is the
        numbers from 0 to the largest that occurs; pass names if the largest may be absent.

    Returns
    -------
    table : LabelTable
        Lines of `image_list` as ids, indicator matrix and class names.

    Raises
    ------
    OSError
        If a file or the folder cannot be opened.
    ValueError
        If something in a file cannot be read, the message names its line; or if no image has a
        label file, as in a wrong folder.

    Notes
    -----
    An image without a label file, or with an empty one, has no objects: so the format has it.
    Label files of images outside the list are not read, as other splits may share the folder.

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
    os.listdir(label_folder)  # a folder that is missing must not pass for one without labels
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
        return given(class_names)
    lines: dict[str, int] = {}
    for line, name in filled_lines(class_names):
        first = lines.setdefault(name.strip(), line)
        if first != line:
            problem = f"the class name {short(name)} is also on line {first}; names must differ."
            raise misread(class_names, problem, line=line)
    if not lines:
        raise misread(class_names, "the file is empty; it must have a class name a line.")
    return named(list(lines))


def _images(path: FilePath) -> dict[str, str]:
    """Give the image paths by their stems, which name the label files."""
    images: dict[str, str] = {}
    lines: dict[str, int] = {}
    for line, image in filled_lines(path):
        stem = os.path.splitext(re.split(r"[/\\]", image.strip())[-1])[0]
        if not stem:
            raise misread(path, f"{short(image)} ends without a file name.", line=line)
        first = lines.setdefault(stem, line)
        if first != line:
            problem = (
                f"{short(image)} would share the label file {short(stem + '.txt')} with the image "
                f"on line {first}; file names must differ."
            )
            raise misread(path, problem, line=line)
        images[stem] = image
    if not images:
        raise misread(path, "the file is empty; it must have the path of an image a line.")
    return images


def _classes_in(path: Path, n_classes: int | None) -> set[int] | None:
    """Give the classes of the objects in a label file, or None if there is no such file."""
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
    """Give the class of an object after a look at its whole line."""
    if not _NUMBER.fullmatch(cells[0]):
        raise ValueError(f"the class must be a whole number from 0, got {short(cells[0])}.")
    number = int(cells[0])
    if n_classes is None and number > _LARGEST_UNNAMED:
        raise ValueError(f"the class {number} is above {_LARGEST_UNNAMED}; pass class_names=.")
    if n_classes is not None and number >= n_classes:
        raise ValueError(
            f"the class {number} is not one of class_names, which end with number {n_classes - 1}."
        )
    n_coordinates = len(cells) - 1
    if n_coordinates != 4 and (n_coordinates < 6 or n_coordinates % 2):
        raise ValueError(
            f"a class and 4 numbers (a box), or 6, 8, 10, ... (a polygon), must stand here, got "
            f"{n_coordinates} numbers after the class"
            + ("; drop the confidence of a predicted box." if n_coordinates == 5 else ".")
        )
    for cell in cells[1:]:
        if not 0 <= _float(cell) <= 1:  # nor is NaN
            raise ValueError(f"coordinates must be numbers from 0 to 1, got {short(cell)}.")
    return number


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return nan
