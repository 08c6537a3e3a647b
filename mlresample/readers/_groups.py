"""A column with the group of each row, read in the same pass as the labels."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample.readers._label_table import as_class_names
from mlresample.readers._lines import short_repr
from mlresample.readers._rows import Batch, Rows


class GroupColumn:
    """The cells of a column, kept while `rows` are read, and the ids in the first column read."""

    def __init__(self, rows: Rows, column: str, *, merge_rows: bool) -> None:
        self.column = column
        self.rows = replace(rows, batches=self._batches)
        self._source, self._at = rows, rows.columns.index(column)
        self._merge_rows = merge_rows
        self._ids: list[str] = []
        self._groups: list[str] = []

    def _batches(self, wanted: list[int]) -> Iterator[Batch]:
        asked = wanted if self._at in wanted else [*wanted, self._at]
        for places, cells in self._source.batches(asked):
            groups = [cell.strip() for cell in cells[asked.index(self._at)]]
            if "" in groups:
                place = places[groups.index("")]
                problem = "the group is empty; each sample needs one."
                raise self.rows.error(problem, place, self.column)
            self._groups += groups
            if self._merge_rows:
                self._ids += cells[0]
            yield places, cells[: len(wanted)]

    def of_samples(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the names of the groups, and the number of each sample's group."""
        names = np.sort(as_class_names(list(set(self._groups))))
        number_of = {str(name): number for number, name in enumerate(names.tolist())}
        numbers = list(map(number_of.__getitem__, self._groups))
        if self._merge_rows:
            groups: dict[str, set[int]] = {}  # in the order of the samples
            for name, number in zip(self._ids, numbers, strict=True):
                groups.setdefault(name, set()).add(number)
            for name, found in groups.items():
                if len(found) > 1:
                    raise self.rows.error(
                        f"{short_repr(name)} is in {len(found)} groups of column "
                        f"{short_repr(self.column)}; each sample must be in one."
                    )
            numbers = [number for found in groups.values() for number in found]
        return names, np.array(numbers, dtype=np.int64)
