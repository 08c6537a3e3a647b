"""The image files that ids name."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._utils.names import count_of
from mlresample._utils.sklearn import validate_params
from mlresample.readers._class_names import IMAGE_ENDINGS
from mlresample.readers._lines import FilePath, short_repr
from mlresample.readers._yolo_images import files_below


@validate_params(
    {"ids": ["array-like"], "folder": [str, os.PathLike]}, prefer_skip_nested_validation=True
)
def find_images(ids: ArrayLike, folder: FilePath) -> NDArray[np.object_]:
    """Find the image file of each id.

    Parameters
    ----------
    ids : array-like of shape (n_ids,)
        Strings, such as the ids of a :class:`LabelTable`: the path of an image, with or without
        its suffix, that begins in `folder` or in any folder below it.
    folder : str or path-like
        Folder of the images.

    Returns
    -------
    paths : ndarray of shape (n_ids,)
        Path of each image: an object array of str, which begin with `folder`.

    Raises
    ------
    OSError
        If the folder cannot be opened.
    ValueError
        If an id is not a string, has no image or several, or if two ids have the same.

    Notes
    -----
    Of several matches, a path that begins in `folder` itself comes before one that begins below
    it, then one with its suffix before one without. Links to folders are followed, and hidden
    files are not searched. If each id is a path with its suffix, nothing is searched.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mlresample.readers import find_images
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "part-1").mkdir()
    ...     Path(folder, "part-1", "a.jpg").touch()
    ...     Path(folder, "b.png").touch()
    ...     paths = find_images(["a", "b.png"], folder)
    >>> [Path(path).name for path in paths]
    ['a.jpg', 'b.png']
    """
    names = np.asarray(ids, dtype=object).tolist()
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"ids must be strings, got {short_repr(name)}.")
    with os.scandir(folder):  # a missing folder must not pass for an empty one
        pass
    place = os.fsdecode(folder)
    found = {name: [os.path.join(place, name)] for name in names if _is_image(place, name)}
    if len(found) < len(set(names)):
        found |= _search({*names} - found.keys(), place)
    missing = [name for name in names if not found.get(name)]
    if missing:
        some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else ".")
        raise ValueError(
            f"{place} has no image for {len(missing):,} of {count_of(len(names), 'id')}: {some}"
        )
    ids_of: dict[str, str] = {}
    for name, paths in found.items():
        if len(paths) > 1:
            raise ValueError(
                f"id {short_repr(name)} is {paths[0]} or {paths[1]}: ids need their suffixes, or "
                f"the folders that hold them."
            )
        first = ids_of.setdefault(os.path.normpath(paths[0]), name)
        if first != name:
            raise ValueError(
                f"ids {short_repr(first)} and {short_repr(name)} are the same image, {paths[0]}."
            )
    return np.array([found[name][0] for name in names], dtype=object)


def _is_image(folder: str, name: str) -> bool:
    is_named = os.path.splitext(name)[1].lower() in IMAGE_ENDINGS
    return is_named and os.path.isfile(os.path.join(folder, name))


def _search(ids: Iterable[str], folder: str) -> dict[str, list[str]]:
    """Return the best matches of each id among all images below a folder."""
    matches: dict[str, list[tuple[bool, bool, str]]] = {name: [] for name in ids}
    for path in sorted(files_below(folder)):
        stem = os.path.splitext(path)[0]
        starts = [0, *(i + 1 for i, character in enumerate(path) if character == "/")]
        for start in starts:
            for is_stem, end in enumerate((path[start:], stem[start:])):
                if end in matches:
                    matches[end].append((start > 0, bool(is_stem), os.path.join(folder, path)))
    return {
        name: [path for *rank, path in found if rank == [*min(found)[:2]]]
        for name, found in matches.items()
    }
