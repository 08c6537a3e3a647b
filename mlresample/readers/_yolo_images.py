"""The images of a YOLO data set: a text file, a folder, or what data.yaml says."""

import os
import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlresample.readers._class_names import IMAGE_ENDINGS, names_in_yaml
from mlresample.readers._label_table import as_class_names
from mlresample.readers._lines import FilePath, filled_lines, misread, short_repr

_SPLITS = "train", "val", "validation", "test"
_NOTHING = None, "", "~", "null"
_POSITIVE = re.compile(r"[1-9][0-9]{0,4}")


class Image(NamedTuple):
    """An image, and what names it: a line of a text file, or a folder, then without a line."""

    id: str
    path: str  # absolute, with "/" between folders
    source: FilePath
    line: int | None

    def place(self) -> str:
        """Return where the image is named, for a message."""
        source = os.fsdecode(self.source)
        return f"in {source}" if self.line is None else f"on line {self.line} of {source}"

    def misread(self, problem: str) -> ValueError:
        """Make the error that names the place of the image."""
        return misread(self.source, problem, line=self.line)


def images_at(path: FilePath) -> Iterator[Image]:
    """Yield the images in a folder, or those that a text file lists."""
    return _from_folder(path) if os.path.isdir(path) else _from_list(path)


def images_of_data(path: FilePath, data: Any, split: str) -> Iterator[Image]:
    """Yield the images of a split of data.yaml: of a folder, a text file, or several of them."""
    root = _root(path, data)
    key = "validation" if split == "val" and "val" not in data else split
    places = data.get(key)
    if places in _NOTHING or places == []:
        splits = [name for name in _SPLITS if data.get(name) not in _NOTHING]
        raise misread(path, f"there is no split {split!r}; the file has {splits}.")
    for place in places if isinstance(places, list) else [places]:
        if not isinstance(place, str):
            found = short_repr(place)
            raise misread(path, f"{key} must be a path or a list of paths, got {found}.")
        found = os.path.normpath(os.path.join(root, place))
        if not os.path.exists(found) and place.startswith("../"):
            found = os.path.normpath(os.path.join(root, place[3:]))  # as Ultralytics does
        if not os.path.exists(found):
            where = os.path.abspath(os.path.join(root, place))
            raise misread(path, f"{key} is {short_repr(place)}, but there is no {where!r}.")
        yield from images_at(found)


def names_of_data(path: FilePath, data: Any) -> NDArray[Any] | None:
    """Return the class names of data.yaml, or the numbers below its nc, or None."""
    names = names_in_yaml(path, data)
    n_classes = data.get("nc")
    if n_classes in _NOTHING:
        return None if names is None else as_class_names(names)
    if not isinstance(n_classes, str) or not _POSITIVE.fullmatch(n_classes):
        raise misread(path, f"nc must be an integer from 1 to 99999, got {short_repr(n_classes)}.")
    if names is None:
        return np.arange(int(n_classes), dtype=np.int64)
    if int(n_classes) != len(names):
        raise misread(path, f"nc is {n_classes}, but there are {len(names)} names.")
    return as_class_names(names)


def _root(path: FilePath, data: Any) -> str:
    """Return the folder where the paths of data.yaml begin."""
    folder = os.path.dirname(os.fsdecode(path))
    place = data.get("path")
    if place in _NOTHING:
        return folder
    if not isinstance(place, str):
        raise misread(path, f"path must be a path, got {short_repr(place)}.")
    root = os.path.join(folder, place)
    if os.path.isdir(root):
        return root
    warnings.warn(
        f"{os.fsdecode(path)}: path is {short_repr(place)}, but there is no folder "
        f"{os.path.abspath(root)!r}; the folder of the file is taken.",
        UserWarning,
        stacklevel=6,  # the caller of read_yolo
    )
    return folder


def _from_list(path: FilePath) -> Iterator[Image]:
    """Yield the images that a text file lists; relative paths begin at the file's folder."""
    base = os.path.abspath(os.path.dirname(os.fsdecode(path)))
    number = 0
    for number, image in filled_lines(path):
        place = image.strip().replace("\\", "/")
        if place.endswith("/"):
            raise misread(path, f"{short_repr(image)} has no file name at its end.", line=number)
        yield Image(image, _posix(os.path.normpath(os.path.join(base, place))), path, number)
    if not number:
        raise misread(path, "the file is empty; it must have one image path per line.")


def _from_folder(folder: FilePath) -> Iterator[Image]:
    """Yield the images below a folder, in the order of their relative paths."""
    paths = sorted(files_below(os.fsdecode(folder)))
    if not paths:
        raise misread(folder, f"no image is in this folder ({', '.join(sorted(IMAGE_ENDINGS))}).")
    base = _posix(os.path.abspath(folder))
    for path in paths:
        yield Image(os.path.join(os.fsdecode(folder), path), f"{base}/{path}", folder, None)


def files_below(folder: str, below: str = "", above: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the relative paths of images; links to folders are followed, but not in circles."""
    real = os.path.realpath(folder)
    if real in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):  # hidden, such as a Mac's ._a.jpg
                continue
            if entry.is_dir():
                yield from files_below(entry.path, f"{below}{entry.name}/", (*above, real))
            elif os.path.splitext(entry.name)[1].lower() in IMAGE_ENDINGS:
                yield below + entry.name


def _posix(path: str) -> str:
    return path.replace(os.sep, "/")
