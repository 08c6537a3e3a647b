"""Rows with one column of 0 and 1 per class."""

from collections import defaultdict

import numpy as np
from scipy.sparse import csr_array

from mlresample.readers._cells import comparable, not_an_indicator
from mlresample.readers._layout import Layout
from mlresample.readers._lines import short_repr
from mlresample.readers._rows import Rows
from mlresample.readers._samples import Filters, Samples, indicator_of


def read_class_columns(
    rows: Rows,
    layout: Layout,
    samples: Samples,
    filters: Filters,
    meanings: dict[str | float, int],
) -> csr_array:
    """Read all rows and return the indicator matrix."""
    columns = layout.class_columns
    n_ids, n_before = len(samples.columns()), len(samples.columns()) + len(filters.columns)
    codes: defaultdict[str, int] = defaultdict()
    codes.default_factory = codes.__len__  # the next number, for a new value
    values: list[int] = []  # what each code means; -1 for neither
    sample_numbers, class_numbers = [], []
    for places, cells in rows.read([*samples.columns(), *filters.columns, *columns]):
        numbers = samples.add(places, cells[:n_ids])
        kept = filters.kept(cells[n_ids:n_before])
        indicators = cells[n_before:]
        found = np.empty((len(places), len(columns)), dtype=np.intp)
        for i, column in enumerate(indicators):
            found[:, i] = np.fromiter(map(codes.__getitem__, column), np.intp, len(places))
        if len(codes) > len(values):
            new = list(codes)[len(values) :]
            values += [meanings.get(comparable(cell), -1) for cell in new]
        flags = np.array(values, dtype=np.int8)[found]
        if kept is not None:
            flags[~kept] = 0
        if flags.min() < 0:
            row, i = np.argwhere(flags < 0)[0].tolist()
            problem = not_an_indicator(indicators[i][row], guessed=layout.guessed)
            if layout.guessed:
                problem += (
                    f" If one column lists the labels, name it by label_columns=, one of "
                    f"{short_repr(columns)}."
                )
            if rows.has_header and isinstance(comparable(columns[i]), float):
                problem += " If the first line is a sample, pass header=False."
            raise rows.error(problem, places[row], columns[i])
        at, classes = np.nonzero(flags)
        sample_numbers.append(numbers[at])
        class_numbers.append(classes)
    filters.check()
    shape = len(samples), len(columns)
    return indicator_of(np.concatenate(sample_numbers), np.concatenate(class_numbers), shape)
