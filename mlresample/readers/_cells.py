"""What a cell says: the labels that it lists, or whether it means 0 or 1."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from mlresample.readers._lines import short_repr

_CLOSING = {"[": "]", "{": "}", "(": ")", "<": ">"}
_TAGS = re.compile(r"(?:<[^<>]+>)+")
_MARKS = "|;,"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?")  # as NumPy prints it
_INDICATORS: dict[str | float, int] = {0.0: 0, 1.0: 1, "false": 0, "true": 1, "no": 0, "yes": 1}
_VERDICTS = {"y", "n", "t", "f", "x", "+", "-", "pos", "neg", "positive", "negative"}
_VERDICTS |= {"present", "absent", "on", "off"}
_MISSING = {"", "nan", "na", "n/a", "null", "none", "<na>"}


# -- labels ------------------------------------------------------------------------------------


def split_labels(cell: str, separator: str | None, label_key: str | None) -> list[str]:
    """Split a cell into its labels, which may repeat."""
    cell = cell.strip()
    labels = _listed(cell, separator, label_key)
    if labels is None:
        if separator is None:
            contains_mark = mark_between_labels(cell)
            if contains_mark is not None:
                raise ValueError(f"{contains_mark}, or separator=' ' if it belongs to one.")
        labels = [label.strip() for label in cell.split(separator)]
    if "" in labels:
        raise ValueError(
            f"{short_repr(cell)} has an empty label; a separator must stand between two labels."
        )
    return labels


def mark_between_labels(cell: str) -> str | None:
    """Describe the mark that seems to separate labels in a cell, and the way out."""
    mark = next((mark for mark in _MARKS if mark in cell), None)
    if mark is None:
        return None
    return (
        f"{short_repr(cell)} contains {mark!r}; pass separator={mark!r} if that separates labels"
    )


def looks_like_a_list(cell: str) -> bool:
    """Return whether a cell is in the brackets of a list as Python or a database writes it."""
    cell = cell.strip()
    return cell[:1] in ("[", "{") and _CLOSING[cell[0]] == cell[-1]


def _listed(cell: str, separator: str | None, label_key: str | None) -> list[str] | None:
    """Return the labels of a list as Python, JSON, NumPy or a database writes it, or None."""
    if cell == "set()":
        return []
    if not cell or _CLOSING.get(cell[0]) != cell[-1]:
        return None
    if cell[0] == "<":
        return cell[1:-1].split("><") if _TAGS.fullmatch(cell) else None
    try:
        return _labels_in(json.loads(cell), cell, label_key)
    except (json.JSONDecodeError, RecursionError):
        pass
    quoted = _quoted_side_by_side(cell)
    if quoted is not None:
        return quoted
    try:
        return _labels_in(ast.literal_eval(cell), cell, label_key)
    except (SyntaxError, TypeError, RecursionError, MemoryError):
        pass
    except ValueError as error:
        if not str(error).startswith("malformed"):
            raise
    if cell[0] == "(":
        return None
    return _bare_words(cell, separator)


def _bare_words(cell: str, separator: str | None) -> list[str]:
    """Split a list without quotes, such as {Drama,Comedy} or [16 0]."""
    inside = cell[1:-1].strip()
    if separator is None and "," not in inside and len(inside.split()) > 1:
        words = inside.split()
        if not all(map(_NUMBER.fullmatch, words)):
            raise ValueError(f"{short_repr(cell)} looks like a list, but has no comma.")
        return [_label(float(word), cell) if "." in word else word for word in words]
    labels = [label.strip() for label in inside.split(separator or ",")] if inside else []
    if any(set('[]{}"') & set(label) for label in labels):
        raise ValueError(f"{short_repr(cell)} looks like a list, but cannot be read as one.")
    return labels


def _quoted_side_by_side(cell: str) -> list[str] | None:
    """Return the strings of an array as NumPy prints it, which Python would join into one."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(cell[1:-1].strip()).readline))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return None
    blank = tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT
    tokens = [token for token in tokens if token.type not in blank]
    kinds = [token.type for token in tokens]
    if (tokenize.STRING, tokenize.STRING) not in pairwise(kinds):
        return None
    if set(kinds) != {tokenize.STRING}:
        raise ValueError(f"{short_repr(cell)} looks like a list, but misses a comma.")
    return [str(ast.literal_eval(token.string)).strip() for token in tokens]


def _labels_in(value: Any, cell: str, label_key: str | None) -> list[str]:
    """Return the labels of a list, an object, or a single label."""
    if isinstance(value, dict):
        if value.keys() == {"choices"} and label_key is None:  # Label Studio
            return _labels_in(value["choices"], cell, label_key)
        return _labels_under(value, cell, label_key) if value else []
    if not isinstance(value, list | tuple | set):
        return [_label(value, cell)]
    labels = []
    for item in value:
        labels += (
            _labels_in(item, cell, label_key) if isinstance(item, dict) else [_label(item, cell)]
        )
    return labels


def _labels_under(entry: dict[str, Any], cell: str, label_key: str | None) -> list[str]:
    """Return the labels under a key of an object, or of the objects within it."""
    if label_key is None:
        texts = [key for key, value in entry.items() if isinstance(value, str)]
        example = f", such as label_key={texts[0]!r}" if texts else " by label_key="
        raise ValueError(
            f"{short_repr(cell)} holds objects with the keys {_list_of_keys(entry)}; name "
            f"the one of the label{example}."
        )
    found = list(_values_of(entry, label_key, ""))
    if not found:
        raise ValueError(
            f"{short_repr(cell)} holds an object without label_key={label_key!r}; its keys are "
            f"{_list_of_keys(entry)}."
        )
    paths = list(dict.fromkeys(path for path, _ in found))
    if len(paths) > 1:
        raise ValueError(
            f"{short_repr(cell)} has the key {label_key!r} in several places; name one, such as "
            f"label_key={paths[-1]!r} or label_key={paths[0]!r}."
        )
    return [label for _, value in found for label in _labels_in(value, cell, label_key)]


def _values_of(value: Any, key: str, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the values of a key, the outermost of nested ones, and the keys that lead there."""
    if isinstance(value, list):
        for item in value:
            yield from _values_of(item, key, path)
    if not isinstance(value, dict):
        return
    head, _, rest = key.partition(".")
    if key in value:
        yield path + key, value[key]
    elif rest and head in value:
        yield from _values_of(value[head], rest, f"{path}{head}.")
    else:
        for name, item in value.items():  # numbers stand for places in a list
            yield from _values_of(item, key, path if name.isdecimal() else f"{path}{name}.")


def _list_of_keys(entry: dict[str, Any]) -> str:
    return ", ".join(map(repr, dict.fromkeys(_keys(entry))))


def _keys(value: Any) -> Iterator[str]:
    """Yield the keys of an object, and of the objects within it."""
    if isinstance(value, dict):
        yield from value
        value = value.values()
    elif not isinstance(value, list):
        return
    for item in value:
        yield from _keys(item)


def _label(item: Any, cell: str) -> str:
    if isinstance(item, str):
        return item.strip()
    if isinstance(item, float) and item.is_integer():
        return str(int(item))
    if isinstance(item, int | float) and not isinstance(item, bool) and item == item:
        return str(item)
    raise ValueError(
        f"{short_repr(cell)} lists {short_repr(item)}; labels must be text or numbers."
    )


# -- indicators --------------------------------------------------------------------------------


def comparable(text: str) -> str | float:
    """Return a cell as a number if it is one, else as text without regard to case."""
    text = text.strip()
    if text and text[0] in "+-.0123456789" and "_" not in text:
        try:
            return float(text)
        except ValueError:
            pass
    return text.casefold()


def indicator_values(
    positive: Iterable[str] | None, negative: Iterable[str] | None
) -> dict[str | float, int]:
    """Return what cells mean: numbers equal to 0 and 1, true, false, yes, no, and the caller's."""
    ones = set(map(comparable, positive or ()))
    zeros = set(map(comparable, negative or ()))
    if ones & zeros:
        twice = short_repr(min(map(str, ones & zeros)))
        raise ValueError(f"positive_values and negative_values must differ, both have {twice}.")
    return _INDICATORS | dict.fromkeys(ones, 1) | dict.fromkeys(zeros, 0)


def not_an_indicator(cell: str, *, guessed: bool) -> str:
    """Describe a cell that is neither 0 nor 1, and the way out."""
    value = comparable(cell)
    shown = repr(cell.strip())
    if value in _MISSING or value == -1:
        means = "a missing value" if value in _MISSING else "-1"
        way_out = (
            f"pass negative_values={shown} if {means} means that the sample does not carry the "
            f"class, or positive_values={shown} if it does"
        )
    elif isinstance(value, float):
        way_out = "if it is a count, write 1 for every count above 0"
    elif guessed and value not in _VERDICTS:  # more likely, it is no class
        way_out = "write 1 if the sample carries the class and 0 if not"
    else:
        way_out = (
            f"pass positive_values={shown} or negative_values={shown} if it means one of them"
        )
    return (
        f"{short_repr(cell.strip())} is neither 0 nor 1; {way_out}. If the column is not a class, "
        f"pass class_columns= or skip_columns=."
    )
