"""Rows of JSON: a list of records, one record per line, or an object from ids to labels."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from mlresample.readers._lines import FilePath, misread, short_repr, text_lines
from mlresample.readers._rows import Batch, Rows, cells_of
from mlresample.readers._suspicion import is_column_of_labels

_JSON_ENDINGS = re.compile(r"\.(json|jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
_LINES_ENDINGS = re.compile(r"\.(jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
_BATCH_SIZE = 65_536


def is_json(path: FilePath) -> bool:
    """Return whether a file is JSON: by its ending, as a CSV file may begin with a bracket."""
    return _JSON_ENDINGS.search(os.fsdecode(path)) is not None


def json_rows(path: FilePath, encoding: str) -> Rows:
    """Read an array of objects, JSON lines, or one object from ids to labels."""
    source = os.fsdecode(path)
    text = "".join(text_lines(path, encoding))
    if not text.strip():
        raise misread(path, "the file is empty; it must have one object per sample.")
    if _LINES_ENDINGS.search(source) and text.lstrip()[:1] != "[":
        return _json_lines(path, text)
    try:
        content = json.loads(text, object_pairs_hook=_with_distinct_keys)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text[: error.pos].count("\n") == 1:
            return _json_lines(path, text)
        problem = f"the file is not JSON at character {error.colno}: {error.msg}."
        raise misread(path, problem, line=error.lineno) from None
    except RecursionError:
        raise misread(path, "the JSON is nested too deeply.") from None
    except ValueError as error:
        raise misread(path, str(error)) from None
    return record_rows(content, source)


def _json_lines(path: FilePath, text: str) -> Rows:
    records, places = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            records.append(json.loads(line, object_pairs_hook=_with_distinct_keys))
        except json.JSONDecodeError as error:
            problem = f"the line is not JSON at character {error.colno}: {error.msg}."
            raise misread(path, problem, line=number) from None
        except (RecursionError, ValueError) as error:
            raise misread(path, str(error), line=number) from None
        places.append(number)
    return _records(os.fsdecode(path), "line", records, places)


def _with_distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"an object has the key {twice!r} twice.")
    return entry


def record_rows(content: Any, source: str) -> Rows:
    """Take rows from what JSON holds: a list of records, or a mapping from ids to labels."""
    if isinstance(content, list):
        return _records(source, "record", content, range(1, len(content) + 1))
    if not isinstance(content, dict):
        raise ValueError(f"{source}: there must be a list of records, got {short_repr(content)}.")
    if {"images", "annotations", "categories"} <= content.keys():
        raise ValueError(f"{source}: this is COCO; read it by read_coco.")
    if _has_columns(content):
        raise ValueError(
            f"{source}: the object holds columns, not rows; write one object per sample, as "
            f"pandas does by to_json(orient='records'), or pass a data frame to read_labels."
        )
    values = list(content.values())
    only = values[0] if len(values) == 1 else None
    if isinstance(only, list) and only and isinstance(only[0], dict):
        key = short_repr(next(iter(content)))
        raise ValueError(f"{source}: the records stand under the key {key}; keep only that list.")
    if all(isinstance(value, dict) for value in values):
        name = "key" if any("id" in value for value in values) else "id"
        records = [{name: key, **value} for key, value in content.items()]
    elif all(isinstance(value, list) for value in values) or all(
        isinstance(value, str) for value in values
    ):
        records = [{"id": key, "labels": value} for key, value in content.items()]
    else:
        raise ValueError(
            f"{source}: an object must map each id to its labels or to one record; for a single "
            f"record, write a list around it."
        )
    return _records(source, "record", records, range(1, len(records) + 1))


def _has_columns(content: dict[str, Any]) -> bool:
    """Return whether an object is a table column by column, as pandas and datasets write it."""
    values = list(content.values())
    if {"columns", "data"} <= content.keys() or {"schema", "data"} <= content.keys():
        return True
    if values and all(isinstance(value, dict) for value in values):
        return all(list(value) == list(map(str, range(len(value)))) for value in values) and any(
            values
        )
    return (
        len(values) > 1
        and all(isinstance(value, list) for value in values)
        and len(set(map(len, values))) == 1
        and any(map(is_column_of_labels, content))
    )


def _records(source: str, unit: str, records: list[Any], places: Sequence[int]) -> Rows:
    for place, record in zip(places, records, strict=True):
        if not isinstance(record, dict):
            raise ValueError(
                f"{source}, {unit} {place}: a record must be an object of named values, got "
                f"{short_repr(record)}."
            )
    keys = list(dict.fromkeys(chain.from_iterable(records)))
    if not keys:
        raise ValueError(f"{source}: there is no record; each sample needs one.")
    columns = list(map(str, keys))

    def batches(needed: list[int]) -> Iterator[Batch]:
        for start in range(0, len(records), _BATCH_SIZE):
            part = slice(start, start + _BATCH_SIZE)
            values = ((record.get(keys[i]) for record in records[part]) for i in needed)
            yield (
                places[part],
                [
                    cells_of(rows, column, places[part], i)
                    for i, column in zip(needed, values, strict=True)
                ],
            )

    rows = Rows(source, unit, columns, batches)
    return rows
