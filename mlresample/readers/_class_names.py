"""Files of class names: one name per line, or YAML with ``names``."""

import csv
import json
import os
import re
from collections import Counter
from pathlib import PurePath
from typing import Any

from mlresample.readers._lines import SURROGATE, FilePath, filled_lines, misread, short_repr

# fmt: off
IMAGE_ENDINGS = {
    ".avif", ".bmp", ".dng", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".mpo", ".pfm",
    ".png", ".tif", ".tiff", ".webp",
}
# fmt: on
_WANTED = "give a file with one class name per line, or a YAML file with names"
_CELL_END = re.compile(r"[\s,;]+")
_DELIMITER = re.compile(r"[,;\t]")
_BARE_DELIMITER = re.compile(r"[,;](?! )")
_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?", re.IGNORECASE)
_NUMBERED = re.compile(r"([0-9]{1,9})\s*[:,;\t]")
_SETTING = re.compile(r"(names|path|train|val|valid|test|nc|classes)\s*[:=]")


def read_class_names(path: FilePath) -> list[str]:
    """Return the class names that a file lists, without whitespace around them.

    A file that is something else, such as a label file, is an error: its lines would make a class
    each. Names may have spaces and, as ImageNet's do, commas with a space behind them.
    """
    if is_yaml(path):
        from mlresample.readers._yaml import read_yaml

        names = names_in_yaml(path, read_yaml(path))
        if names is None:
            raise misread(path, f"there is no key names; {_WANTED}.")
        return names
    names = [name.strip() for _, name in filled_lines(path)]
    if not names:
        raise misread(path, "the file is empty; it must have one class name per line.")
    found = _other_kind(names)
    if found is not None:
        number, problem = found
        raise misread(path, f"{problem}; {_WANTED}.", line=number)
    lines: dict[str, int] = {}
    for line, name in enumerate(names, 1):
        first = lines.setdefault(name, line)
        if first != line:
            problem = (
                f"the class name {short_repr(name)} is also on line {first}; names must differ."
            )
            raise misread(path, problem, line=line)
    return names


def is_yaml(path: FilePath) -> bool:
    """Return whether a file is YAML by its name."""
    return PurePath(os.fsdecode(path)).suffix.lower() in (".yaml", ".yml")


def names_in_yaml(path: FilePath, content: Any) -> list[str] | None:
    """Return the names of a YAML file, a list or a mapping of numbers, or None if it has none."""
    if not isinstance(content, dict):
        raise misread(
            path, f"the file must be a mapping with the key names, got {_kind(content)}."
        )
    if "names" not in content:
        return None
    names = content["names"]
    if isinstance(names, dict):
        numbers = [str(number) for number in range(len(names))]
        missing = next((number for number in numbers if number not in names), None)
        if missing is not None:
            problem = f"names must have the numbers 0 to {len(names) - 1} as keys; {missing} is"
            raise misread(path, f"{problem} missing among {short_repr(list(names))}.")
        names = [names[number] for number in numbers]
    if not isinstance(names, list):
        found = short_repr(names)
        raise misread(
            path, f"names must be a list, or a mapping of numbers to names, got {found}."
        )
    if not names:
        raise misread(path, "names is empty; it must have one name per class.")
    numbers_of: dict[str, int] = {}
    for number, name in enumerate(names):
        if not isinstance(name, str) or not name.strip() or SURROGATE.search(name):
            problem = f"names[{number}] must be text that is not empty, got {short_repr(name)}."
            raise misread(path, problem)
        first = numbers_of.setdefault(name.strip(), number)
        if first != number:
            problem = f"names[{number}] is {short_repr(name)}, as is names[{first}]; they must"
            raise misread(path, f"{problem} differ.")
    return list(numbers_of)


def _other_kind(lines: list[str]) -> tuple[int, str] | None:
    """Return where and why a file is no list of names, or None if it may be one."""
    if _is_json(lines):
        return 1, "the file is JSON, not a list of class names"
    settings = set()
    for number, line in enumerate(lines, 1):
        cells = _CELL_END.split(line)
        shown = short_repr(line)
        if any(os.path.splitext(cell)[1].lower() in IMAGE_ENDINGS for cell in cells):
            return number, f"{shown} names an image, not a class"
        if len(cells) >= 5 and all(map(_NUMBER.fullmatch, cells)):
            return number, f"{shown} is an object of a label file, not a class name"
        setting = _SETTING.match(line)
        if setting:
            settings.add(setting[1])
        if "names" in settings or len(settings) > 1:
            return number, f"{shown} is a setting (the name of a YAML file must end in .yaml)"
    if len(lines) == 1 and _DELIMITER.search(lines[0]):
        return 1, f"{short_repr(lines[0])} is several names in one line"
    if _is_numbered(lines):
        return 1, f"{short_repr(lines[0])} is a number and a name, as are the other lines"
    if _is_delimited(lines):
        return 1, (
            f"{short_repr(lines[0])} is a row of a table, as are the other lines (names with "
            f"such commas, semicolons or tabs can be given in YAML)"
        )
    return None


def _is_numbered(lines: list[str]) -> bool:
    """Return whether every line begins with its number, counted from 0 or 1."""
    numbers = [match and int(match[1]) for match in map(_NUMBERED.match, lines)]
    return len(lines) > 1 and numbers in (
        list(range(len(lines))),
        list(range(1, len(lines) + 1)),
    )


def _is_delimited(lines: list[str]) -> bool:
    """Return whether nearly all lines are rows of a table.

    Rows have delimiters without a space behind them, or a column of numbers.
    """
    lines = [line for line in lines if not line.startswith("#")]
    if not lines:
        return False
    most = 0.9 * len(lines)
    if sum("\t" in line or bool(_BARE_DELIMITER.search(line)) for line in lines) >= most:
        return True
    try:
        rows = list(csv.reader(lines, skipinitialspace=True))
    except csv.Error:
        return False
    width, n_rows = Counter(map(len, rows)).most_common(1)[0]
    if width == 1 or n_rows < most:
        return False
    columns = zip(*[row for row in rows if len(row) == width][1:], strict=True)
    return any(all(map(_NUMBER.fullmatch, column)) for column in columns)


def _is_json(lines: list[str]) -> bool:
    """Return whether the lines are a JSON object or list, or the first of them is one."""
    if lines[0] in ("{", "["):
        return True
    if lines[0][0] not in "{[":
        return False
    for text in ("\n".join(lines), lines[0]):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            continue
        return True
    return False


def _kind(content: Any) -> str:
    return "a list" if isinstance(content, list) else short_repr(content)
