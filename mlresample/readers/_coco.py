"""COCO's JSON: images, annotations and categories."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

from mlresample._utils.sklearn import StrOptions, validate_params
from mlresample.readers._label_table import LabelTable, as_class_names, object_table
from mlresample.readers._lines import SURROGATE, FilePath, misread, short_repr, text_lines

_LISTS = "images", "annotations", "categories"
_KEYS = {*_LISTS, "id", "file_name", "name", "image_id", "category_id"}


@validate_params(
    {
        "path": [str, os.PathLike],
        "ids": [StrOptions({"file_name", "id"})],
        "instances": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def read_coco(path: FilePath, *, ids: str = "file_name", instances: bool = False) -> LabelTable:
    r"""Read a COCO JSON file: an image carries the categories of its annotations.

    Parameters
    ----------
    path : str or path-like
        The file, UTF-8.
    ids : {"file_name", "id"}, default="file_name"
        Which key identifies the samples; "id" for files without file names, such as those of LVIS.
    instances : bool, default=False
        Whether to count the annotations of each category, for ``plan_resampling(table.y,
        class_names=table.class_names, instances=True)``.

    Returns
    -------
    table : LabelTable
        Ids of the images, indicator matrix (or counts) and names of the categories, in the
        file's order.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If something in the file cannot be read; the message names the place, such as
        ``annotations[17].category_id``.

    Notes
    -----
    Images without annotations are samples without a class, categories without annotations are
    classes that never occur, and crowds count as single objects do. A category without
    annotations is ignored if another category has its name, as placeholders of exports do.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mlresample.readers import read_coco
    >>> content = {
    ...     "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
    ...     "annotations": [{"image_id": 7, "category_id": 3}],
    ...     "categories": [{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}],
    ... }
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "train.json")
    ...     _ = path.write_text(json.dumps(content))
    ...     table = read_coco(path)
    >>> table.y.toarray()
    array([[0, 1],
           [0, 0]], dtype=uint8)
    """
    content = _load(path)
    try:
        images, annotations, categories = (_list(content, key) for key in _LISTS)
        names = _distinct("images", images, ids)
        rows = _distinct("images", images, "id")
        columns = _distinct("categories", categories, "id")
        samples: list[Counter[int]] = [Counter() for _ in images]
        for i, annotation in enumerate(annotations):
            row = _look_up(rows, annotation, "image_id", i)
            samples[row][_look_up(columns, annotation, "category_id", i)] += 1
        class_names, samples = _without_unused_twins(categories, samples)
    except ValueError as error:
        raise misread(path, str(error)) from None
    return object_table(map(str, names), samples, as_class_names(class_names), instances)


def _without_unused_twins(
    categories: list[Any], samples: list[Counter[int]]
) -> tuple[list[str], list[Counter[int]]]:
    """Return the names, and the samples' columns, without categories that another one replaces."""
    names = [
        str(_value(category, "name", f"categories[{i}]", names=True))
        for i, category in enumerate(categories)
    ]
    if len(set(names)) == len(names):
        return names, samples
    used: set[int] = set().union(*samples)
    kept: dict[str, int] = {}
    for i, name in enumerate(names):
        first = kept.setdefault(name, i)
        if first != i and first in used and i in used:
            raise ValueError(
                f"categories[{i}].name is {short_repr(name)}, as is categories[{first}].name, and "
                f"both have annotations; give them different names in the file."
            )
        if i in used:
            kept[name] = i
    columns = {i: column for column, i in enumerate(sorted(kept.values()))}
    renumbered = [Counter({columns[i]: n for i, n in sample.items()}) for sample in samples]
    return [names[i] for i in columns], renumbered


def _load(path: FilePath) -> Any:
    text = "".join(text_lines(path))
    try:
        return json.loads(text, object_pairs_hook=_needed)
    except json.JSONDecodeError as error:
        problem = f"the file is not JSON at character {error.colno}: {error.msg}"
        if error.msg == "Extra data":
            problem += "; read_labels reads files with one JSON object per line"
        raise misread(path, f"{problem}.", line=error.lineno) from None
    except RecursionError:
        raise misread(path, "the JSON is nested too deeply.") from None
    except ValueError as error:
        raise misread(path, str(error)) from None


def _needed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep only the keys that are read; outlines make up most of a file and would fill memory."""
    kept = [pair for pair in pairs if pair[0] in _KEYS]
    entry = dict(kept)
    if len(entry) < len(kept):
        keys = [key for key, _ in kept]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"an object has the key {twice!r} twice.")
    return entry


def _list(content: Any, key: str) -> list[Any]:
    if not isinstance(content, dict):
        way_out = "; read_labels reads a list of records" if isinstance(content, list) else ""
        raise ValueError(f"the top level must be an object, got {_kind(content)}{way_out}.")
    if not any(name in content for name in _LISTS):
        raise ValueError(
            f"the file is not COCO, since it has none of {', '.join(_LISTS)}; read_labels reads "
            f"other JSON, such as a mapping of ids to labels."
        )
    if key not in content:
        raise ValueError(f"{key} is missing; the file must have {', '.join(_LISTS)}.")
    entries = content[key]
    if not isinstance(entries, list):
        raise ValueError(f"{key} must be a list, got {_kind(entries)}.")
    if not entries and key != "annotations":
        raise ValueError(f"{key} is empty; there must be at least one.")
    return entries


def _distinct(place: str, entries: list[Any], key: str) -> dict[str | int, int]:
    """Map the values of a key to entry numbers; no two may be the same, even as text."""
    numbers: dict[str | int, int] = {}
    as_text: dict[str, int] = {}
    for i, entry in enumerate(entries):
        value = _value(entry, key, f"{place}[{i}]", names=key == "file_name")
        first = as_text.setdefault(str(value), i)
        if first != i:
            raise ValueError(
                f"{place}[{i}].{key} is {short_repr(value)}, as is {place}[{first}].{key}; they "
                f"must differ{_way_out(key)}."
            )
        numbers[value] = i
    return numbers


def _look_up(numbers: dict[str | int, int], annotation: Any, key: str, i: int) -> int:
    """Return the number of the image or category that an annotation names."""
    value = _value(annotation, key, f"annotations[{i}]")
    number = numbers.get(value)
    if number is None:
        kind = "image" if key == "image_id" else "category"
        raise ValueError(
            f"annotations[{i}].{key} is {short_repr(value)}, which is the id of no {kind}."
        )
    return number


def _value(entry: Any, key: str, place: str, *, names: bool = False) -> str | int:
    if not isinstance(entry, dict):
        raise ValueError(f"{place} must be an object, got {_kind(entry)}.")
    if key not in entry:
        raise ValueError(f"{place}.{key} is missing{_way_out(key)}.")
    value = entry[key]
    if type(value) is str and value.strip() and not SURROGATE.search(value):
        return value
    if type(value) is int and not names:
        return value
    accepted = "a non-empty string" if names else "an integer or a non-empty string"
    raise ValueError(f"{place}.{key} must be {accepted}, got {short_repr(value)}.")


def _way_out(key: str) -> str:
    return "; pass ids='id' to use the ids instead" if key == "file_name" else ""


def _kind(value: Any) -> str:
    """Return the name that JSON has for a value's type."""
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return kinds.get(type(value), "null" if value is None else "a number")
