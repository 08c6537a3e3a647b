"""Rows of a data frame."""

from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw

from mlresample.readers._rows import Batch, Rows, cells_of

_BATCH_SIZE = 65_536


def frame_rows(frame: Any) -> Rows:
    """Take rows from a data frame; a row's place is its position."""
    table = nw.from_native(frame, eager_only=True)
    columns = [str(name) for name in table.columns]
    if len(table) == 0:
        raise ValueError("the data frame has no row; each sample needs one.")

    def batches(needed: list[int]) -> Iterator[Batch]:
        for start in range(0, len(table), _BATCH_SIZE):
            part = table[start : start + _BATCH_SIZE]
            places = range(start, start + len(part))
            cells: list[Sequence[str]] = []
            for i in needed:
                column = part[:, i]
                values = zip(column.to_list(), column.is_null().to_list(), strict=True)
                present = (None if null else value for value, null in values)
                cells.append(cells_of(rows, present, places, i))
            yield places, cells

    rows = Rows("the data frame", "row", columns, batches)
    return rows
