"""Rows of named cells: what a delimited file, JSON and a data frame have in common."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from mlresample.readers._lines import SURROGATE, short_repr

# The place of each row in its source, and its cells column by column.
Batch = tuple[Sequence[int], list[Sequence[str]]]


@dataclass(frozen=True)
class Rows:
    """Rows that are read in batches, only the columns that are asked for."""

    source: str
    unit: str
    columns: list[str]
    batches: Callable[[list[int]], Iterator[Batch]]
    has_header: bool = False

    def error(
        self, problem: str, place: int | None = None, column: str | None = None
    ) -> ValueError:
        """Make the error that names the source, the row and the column."""
        where = self.source + ("" if place is None else f", {self.unit} {place}")
        where += "" if column is None else f", column {short_repr(column)}"
        return ValueError(f"{where}: {problem}")

    def read(self, names: list[str]) -> Iterator[Batch]:
        """Yield batches of the columns of these names."""
        return self.batches([self.columns.index(name) for name in names])


def cells_of(rows: Rows, values: Iterator[Any], places: Sequence[int], i: int) -> list[str]:
    """Write the values of a column as cells."""
    cells: list[str] = []
    for value in values:
        try:
            cells.append(value if type(value) is str and value.isascii() else cell_of(value))
        except ValueError as error:
            raise rows.error(str(error), places[len(cells)], rows.columns[i]) from None
    return cells


def cell_of(value: Any) -> str:
    """Write a value as the cell of a delimited file; lists and objects as JSON."""
    if isinstance(value, str):
        if SURROGATE.search(value):
            raise ValueError(f"{short_repr(value)} has half a character, which has no meaning.")
        return value
    if value is None:
        return ""
    if isinstance(value, np.ndarray | np.generic):
        return cell_of(value.tolist())
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes):
        raise ValueError(f"{short_repr(value)} is bytes; decode them to text.")
    if isinstance(value, dict | list | tuple | set | frozenset):
        listed = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        try:
            return json.dumps(listed, ensure_ascii=False, default=_plain)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{short_repr(value)} cannot be read: {error}.") from None
    if nw.dependencies.is_into_series(value):  # a list in a cell of Polars or Arrow
        return cell_of(nw.from_native(value, series_only=True).to_list())
    return str(value)


def _plain(value: Any) -> Any:
    """Convert what json cannot write: arrays, NumPy scalars, sets."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    raise TypeError(f"{type(value).__name__} is neither text, a number nor a list")
