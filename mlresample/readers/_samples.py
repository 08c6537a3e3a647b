"""The samples that rows belong to, and the filters that take labels away from rows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mlresample.readers import _suspicion as suspicion
from mlresample.readers._cells import comparable
from mlresample.readers._lines import short_repr
from mlresample.readers._rows import Rows
from mlresample.readers._suspicion import comment_mark


@dataclass
class Samples:
    """The ids of the samples, and the sample that each row belongs to."""

    rows: Rows
    id_column: str | None
    merge_rows: bool
    numbers: defaultdict[str, int] = field(default_factory=defaultdict)
    places: list[NDArray[np.int64]] = field(default_factory=list)
    n_rows: int = 0

    def __post_init__(self) -> None:
        self.numbers.default_factory = self.numbers.__len__  # the next number, for a new id

    def __len__(self) -> int:
        return self.n_rows if self.id_column is None else len(self.numbers)

    def columns(self) -> list[str]:
        """Return the column to read, if there is one."""
        return [] if self.id_column is None else [self.id_column]

    def add(self, places: Sequence[int], cells: list[Sequence[str]]) -> NDArray[np.int64]:
        """Add a batch of rows and return the numbers of their samples."""
        start, self.n_rows = self.n_rows, self.n_rows + len(places)
        if self.id_column is None:
            return np.arange(start, self.n_rows)
        ids = cells[0]
        if not all(map(str.strip, ids)):
            place = next(
                place for place, name in zip(places, ids, strict=True) if not name.strip()
            )
            raise self.rows.error("the id is empty; each sample needs one.", place, self.id_column)
        if self.merge_rows:
            return np.fromiter(map(self.numbers.__getitem__, ids), np.int64, len(ids))
        expected = range(start, self.n_rows)
        numbers = np.fromiter(map(self.numbers.setdefault, ids, expected), np.int64, len(ids))
        self.places.append(np.asarray(places))
        if len(self.numbers) != self.n_rows:
            self._refuse_duplicate(numbers, start)
        return numbers

    def _refuse_duplicate(self, numbers: NDArray[np.int64], start: int) -> None:
        """Raise the error that names the first id that is a duplicate, and both of its rows."""
        at = int(np.argmax(numbers != np.arange(start, start + len(numbers))))
        places = np.concatenate(self.places)
        name = list(self.numbers)[numbers[at]]
        raise self.rows.error(
            f"the id {short_repr(name)} is also on {self.rows.unit} {places[numbers[at]]}; ids "
            f"must differ. Pass merge_rows=True if rows of one id are one sample, or "
            f"row_numbers=True if the column holds no ids.",
            int(places[start + at]),
            self.id_column,
        )

    def ids(self) -> list[str]:
        """Return the ids in the order of their first rows."""
        return list(map(str, range(self.n_rows))) if self.id_column is None else list(self.numbers)

    def odd_ids(self, *, chosen: bool) -> list[str]:
        """Return what is odd about the ids, whose column the caller may have chosen."""
        column, found = self.id_column, []
        if column is not None and not chosen and suspicion.is_index(column):
            found.append(
                f"the ids are the column {short_repr(column)}, which is named as an index is; "
                f"pass skip_columns={column!r} or id_column=."
            )
        first = list(islice(self.numbers, 1000))
        if column is not None and self.rows.unit == "line":
            comments = suspicion.comments_among(self.rows.columns[0], first)
            if comments:
                mark = comment_mark(comments[0])
                found.append(
                    f"{short_repr(comments[0])} begins as a comment does; pass comment={mark!r} "
                    f"if lines that begin so are comments."
                )
        listed = next((name for name in first if name[0] + name[-1] in ("[]", "{}")), None)
        if listed is not None:
            found.append(f"the id {short_repr(listed)} is a list; pass id_column=.")
        if self.merge_rows and not chosen and {0.0, 1.0}.issuperset(map(comparable, first)):
            found.append(
                f"the ids in the column {short_repr(column)} are only 0 and 1; pass "
                f"row_numbers=True in place of merge_rows=True if it holds no ids."
            )
        header = column if self.rows.has_header else None
        if header is not None and suspicion.header_like_ids(header, first):
            found.append(
                f"the header {short_repr(header)} looks like an id; pass header=False if the "
                f"first line is a sample."
            )
        return found


class Filters:
    """Values that columns must have for the labels of a row to count."""

    def __init__(
        self, rows: Rows, values: Mapping[str, Iterable[str]], watched: Sequence[str] = ()
    ) -> None:
        self.rows = rows
        self.allowed = {name: set(map(comparable, texts)) for name, texts in values.items()}
        self.columns = [*self.allowed, *watched]  # of those watched, any value is allowed
        self.seen: list[set[str]] = [set() for _ in self.columns]
        self.n_kept = 0

    def kept(self, cells: list[Sequence[str]]) -> NDArray[np.bool_] | None:
        """Return which rows of a batch count, or None for all of them."""
        for column, seen in zip(cells, self.seen, strict=True):
            if len(seen) < 10:
                seen.update(column)
        if not self.allowed:
            return None
        kept = np.ones(len(cells[0]), dtype=bool)
        for allowed, column in zip(self.allowed.values(), cells, strict=False):
            kept &= [comparable(cell) in allowed for cell in column]
        self.n_kept += int(kept.sum())
        return kept

    def check(self) -> None:
        """Refuse values that no row has."""
        if self.allowed and not self.n_kept:
            columns = ", ".join(
                f"{short_repr(name)} has {short_repr(sorted(seen))}"
                for name, seen in zip(self.columns, self.seen, strict=True)
            )
            raise self.rows.error(f"no row has the values of where=; {columns}.")

    def odd_columns(self) -> list[str]:
        """Return what is odd about the columns that are watched: they may want a filter."""
        return [
            f"the column {short_repr(name)} holds only 0 and 1; pass where={{{name!r}: 1}} if "
            f"labels count only in rows with 1, or skip_columns={name!r} if in all."
            for name, seen in zip(self.columns, self.seen, strict=True)
            if name not in self.allowed and set(map(comparable, seen)) == {0.0, 1.0}
        ]


def indicator_of(
    samples: NDArray[np.int64], classes: NDArray[np.int64], shape: tuple[int, int]
) -> csr_array:
    """Make the matrix with a 1 at each pair of a sample and a class; pairs may repeat."""
    y = csr_array((np.ones(len(samples), dtype=np.int64), (samples, classes)), shape=shape)
    y.sum_duplicates()
    y.data = np.ones(y.nnz, dtype=np.uint8)
    return y
